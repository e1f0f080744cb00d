import { join } from 'node:path'
import { Argument, Command, InvalidArgumentError } from 'commander'
import { TERMINOLOGY } from '#fhir/terminology.js'
import { type AlarmListing, alarmListing } from '#gateway/alarms/actions/alarm-commands.js'
import { alarmLog, type LogEntry } from '#gateway/alarms/alarm-log.js'
import { recipientWords } from '#gateway/alarms/alert-status.js'
import { explainAlarm } from '#gateway/alarms/explain/explain.js'
import { changedLimit } from '#gateway/alarms/explain/limit-origin.js'
import { type RehearsalStanding, rehearsalsOf } from '#gateway/alarms/rehearsal/rehearsal.js'
import type { Inhibition } from '#gateway/clinical/evaluate/inhibition.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { observablesOf } from '#gateway/clinical/sensors/sensor-definition.js'
import { loadConfig } from '#gateway/config/load.js'
import type { JournalReader } from '#gateway/journal/api/journal.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import type { LiveAlert } from '#gateway/model/live.js'
import type { Told } from '#gateway/model/notification.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { printable } from '#gateway/platform/printable.js'
import { explainWords } from '#gateway/wording/alarm-words.js'
import { causeWords } from '#gateway/wording/cause-words.js'
import { conditionWords } from '#gateway/wording/explanations.js'
import { notMonitoredWords } from '#gateway/wording/monitoring-words.js'
import { rehearsalWords } from '#gateway/wording/rehearsal-words.js'
import { dateAndTime } from '#gateway/wording/times.js'
import { priorityMark } from '#gateway/wording/words.js'
import { verb } from './exit.js'
import { homeVerb, loginName, upTo } from './options.js'
import { printJson } from './text.js'

const REHEARSALS_SHOWN = 10
const NOT_SCHEDULED = 'No rehearsal is scheduled: alerts.rehearsal: { at: "0 11 * * 3" } has one each Wednesday at 11'

interface Options {
  readonly config: string
  readonly json?: boolean
}
interface Acting extends Options {
  readonly by: string
  readonly note?: string
  readonly all?: boolean
}

/** `homebeat alarms list|ack|silence|inhibit|release|escalate|rehearsal|log|explain`. */
export function alarmsCommand(): Command {
  const acting = (name: string, description: string) =>
    homeVerb(name, description)
      .option('--by <who>', 'who acts; the login name where left out', loginName())
      .option('--note <text>', 'in their own words, kept in the log')
  return new Command('alarms')
    .description('see alarms, act on them, and ask why there was one')
    .addCommand(
      homeVerb('list', 'alarms that are not over').option('--all', 'the latest that are over, too').action(verb(list)),
    )
    .addCommand(
      acting('ack', 'say that you know: reminders and escalation end')
        .argument('[id]', 'as `homebeat alarms list` shows it')
        .option('--all', 'all alarms that are open now')
        .action(verb(acknowledge)),
    )
    .addCommand(
      acting('silence', 'no sound and no reminders for a while; escalation goes on')
        .argument('[id]', 'as `homebeat alarms list` shows it')
        .option('--all', 'all alarms that are open now')
        .option('--minutes <n>', 'for how long, at most 60', minutes, 10)
        .action(verb(silence)),
    )
    .addCommand(
      acting('inhibit', 'raise no alarm of values for a while, e.g. during care, and say why with --note')
        .option('--all', 'of no value but a standstill of heart or breath, which nobody can inhibit')
        .option('--sensor <name>', 'of this sensor, e.g. spo2')
        .option('--condition <name>', 'of this condition, e.g. high-pulse-rate')
        .option('--minutes <n>', 'for how long, at most 60', minutes, 15)
        .action(verb(inhibit)),
    )
    .addCommand(acting('release', 'end what was inhibited').action(verb(release)))
    .addCommand(
      acting('escalate', 'tell the next in the chain now')
        .argument('<id>', 'as `homebeat alarms list` shows it')
        .action(verb(escalate)),
    )
    .addCommand(
      acting('rehearsal', 'what became of each rehearsal of the alarm, newest first; now: ask for one')
        .addArgument(new Argument('[now]').choices(['now']))
        .action(verb(rehearsal)),
    )
    .addCommand(
      homeVerb('log', 'what happened, who did what, who was told, oldest first')
        .option('--limit <n>', 'the latest so many', upTo(1000), 50)
        .action(verb(log)),
    )
    .addCommand(
      homeVerb('explain', 'why there was this alarm, what else was going on, who was told and who acted')
        .argument('<id>', 'as `homebeat alarms list --all` or `homebeat alarms log` shows it')
        .action(verb(explain)),
    )
}

async function explain(id: string, { config: file, json }: Options): Promise<void> {
  const { config, dataDir } = loadConfig(file)
  const overrides = config.alerts.limits
  const alarm = withReader(dataDir, (journal) =>
    explainAlarm(id, { journal, overrides, changed: changedLimit(journal.settings.all()) }),
  )
  if (json) return printJson(alarm, 2)
  const lines = explainWords(alarm, dateAndTime, Date.now()).split('\n')
  process.stdout.write(lines.map(printable).join('\n'))
}

async function list({ config, all = false, json }: Options & { all?: boolean }): Promise<void> {
  const { dataDir } = loadConfig(config)
  const listing = await listingOf(dataDir, all)
  if (json) return printJson(listing, 2)
  const { alerts, inhibitions, notMonitored } = listing
  const lines = [
    ...(notMonitored ? [printable(notMonitoredWords(notMonitored))] : []),
    ...inhibitions.map(({ scope, until }) => `Inhibited until ${dateAndTime(until)}: ${scopeWords(scope)}`),
    ...(alerts.length === 0 ? ['No open alarm'] : alerts.flatMap(alertLines)),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

async function listingOf(dataDir: string, all: boolean): Promise<AlarmListing> {
  try {
    return await callGateway<AlarmListing>(dataDir, 'alarms.list', { all })
  } catch (error) {
    if (!(error instanceof HomebeatError) || error.code !== 'control.not-running') throw error
  }
  return withReader(dataDir, (journal) => alarmListing(journal, Date.now(), all))
}

function alertLines(alert: LiveAlert): string[] {
  const { alertId, condition, state, raisedAt, at, acknowledged, silencedUntil, deliveredTo } = alert
  const standing =
    state === 'cleared'
      ? `over at ${dateAndTime(at)}`
      : state === 'latched'
        ? `over at ${dateAndTime(at)}, not acknowledged`
        : acknowledged
          ? 'acknowledged'
          : 'not acknowledged'
  const by = acknowledged ? ` by ${acknowledged.by} (${acknowledged.via}) at ${dateAndTime(acknowledged.at)}` : ''
  const silent = silencedUntil === undefined ? '' : `, silenced until ${dateAndTime(silencedUntil)}`
  return [
    `${priorityMark(alert).toUpperCase().padEnd(7)} ${conditionWords(condition)}  [${alertId}]`,
    `        since ${dateAndTime(raisedAt)}; ${standing}${by && state !== 'acknowledged' ? `, acknowledged${by}` : by}${silent}`,
    `        told: ${deliveredTo.join(', ') || 'nobody yet'}`,
  ]
}

async function acknowledge(id: string | undefined, options: Acting): Promise<void> {
  const alerts = chosen(id, options)
  const answer = await act<{ done: string[] }>('alarms.acknowledge', { alerts }, options)
  if (options.json) return printJson(answer, 2)
  process.stdout.write(
    answer.done.length === 0
      ? 'nothing to acknowledge: somebody has been quicker, or nothing is open\n'
      : answer.done.map((done) => `acknowledged ${done}\n`).join(''),
  )
}

async function silence(id: string | undefined, options: Acting & { minutes: number }): Promise<void> {
  const alerts = chosen(id, options)
  const answer = await act<{ done: string[] }>('alarms.silence', { alerts, minutes: options.minutes }, options)
  if (options.json) return printJson(answer, 2)
  process.stdout.write(
    answer.done.length === 0
      ? 'nothing to silence: what is open has been acknowledged\n'
      : answer.done.map((done) => `silenced ${done} for ${options.minutes} minutes; escalation goes on\n`).join(''),
  )
}

async function inhibit(options: Acting & { sensor?: string; condition?: string; minutes: number }): Promise<void> {
  const inhibitions: Inhibition[] = []
  for (const scope of scopesOf(options))
    inhibitions.push(await act<Inhibition>('alarms.inhibit', { scope, minutes: options.minutes }, options))
  if (options.json) return printJson(inhibitions, 2)
  process.stdout.write(
    inhibitions
      .map(
        ({ scope, until }) => `no alarms until ${dateAndTime(until)}: ${scopeWords(scope)} (homebeat alarms release)\n`,
      )
      .join(''),
  )
}

async function release(options: Acting): Promise<void> {
  const answer = await act<{ released: number }>('alarms.release', {}, options)
  if (options.json) return printJson(answer, 2)
  process.stdout.write(answer.released === 0 ? 'nothing was inhibited\n' : 'alarms are raised again\n')
}

async function escalate(alert: string, options: Acting): Promise<void> {
  const answer = await act<{ done: string[] }>('alarms.escalate', { alert }, options)
  if (options.json) return printJson(answer, 2)
  process.stdout.write(`${alert}: the next in the chain are told now\n`)
}

const STANDINGS: Readonly<Record<RehearsalStanding, string>> = {
  begins: 'a rehearsal of the alarm begins now: answer it as you would answer an alarm',
  waits: 'a rehearsal of the alarm begins when the high alarm that is open, or the quiet hours, are over',
  unanswered: 'nobody has answered the rehearsal that has begun: answer that one first',
}

async function rehearsal(now: 'now' | undefined, options: Acting): Promise<void> {
  if (now) {
    const answer = await act<{ standing: RehearsalStanding }>('alarms.rehearse', {}, options)
    if (options.json) return printJson(answer, 2)
    process.stdout.write(`${STANDINGS[answer.standing]}\n`)
    return
  }
  const { config, dataDir } = loadConfig(options.config)
  const results = withReader(dataDir, ({ alerts, notifications }) =>
    rehearsalsOf(alerts, REHEARSALS_SHOWN).map((result) => ({
      ...result,
      told: toldOnce(notifications.told(result.alertId)),
    })),
  )
  if (options.json) return printJson(results, 2)
  const { at } = config.alerts.rehearsal
  const lines = [
    at === undefined ? NOT_SCHEDULED : `Rehearsals at ${at} (alerts.rehearsal.at)`,
    ...(results.length === 0 ? [rehearsalWords(null, Date.now())] : []),
    ...results.flatMap((result) => [
      printable(rehearsalWords(result, Date.now())),
      `        told: ${result.told.join(', ') || 'nobody'}`,
    ]),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
}

const toldOnce = (told: readonly Told[]): string[] => [
  ...new Set(told.flatMap((one) => (one.deliveredAt === null ? [] : [recipientWords(one)]))),
]

async function log({ config, limit, json }: Options & { limit: number }): Promise<void> {
  const entries = withReader(loadConfig(config).dataDir, (journal) => alarmLog(journal, limit))
  if (json) return printJson(entries, 2)
  process.stdout.write(
    entries.map((entry) => `${dateAndTime(entry.at)}  ${entryWords(entry)}\n`).join('') || 'nothing yet\n',
  )
}

function entryWords(entry: LogEntry): string {
  if (entry.type === 'delivery')
    return `  told     ${conditionWords(entry.condition)}: ${recipientWords(entry)}, ${entry.reason}`
  if (entry.type === 'transition') {
    const cause = causeWords(entry)
    const by = entry.actor ? ` by ${entry.actor.by} (${entry.actor.via})` : ''
    return `${priorityMark(entry).padEnd(8)} ${conditionWords(entry.condition)}: ${entry.state}${by}${cause && ` (${cause})`}  [${entry.alertId}]`
  }
  const { by, via, note } = entry.actor
  const until = entry.until === undefined ? '' : ` until ${dateAndTime(entry.until)}`
  return `  ${entry.action} by ${by} (${via})${until}${note === undefined ? '' : `, "${printable(note)}"`}  ${entry.subjects.join(' ')}`
}

function act<Result>(name: string, input: object, { config, by, note }: Acting): Promise<Result> {
  return callGateway<Result>(loadConfig(config).dataDir, name, { ...input, by, ...(note !== undefined && { note }) })
}

export function withReader<Result>(dataDir: string, read: (journal: JournalReader) => Result): Result {
  const journal = openJournalReader(join(dataDir, 'journal.db'))
  try {
    return read(journal)
  } finally {
    journal.close()
  }
}

function chosen(id: string | undefined, { all }: Acting): 'all' | string[] {
  if (all && id === undefined) return 'all'
  if (id !== undefined && !all) return [id]
  throw new HomebeatError('usage.alarms', 'Name one alarm (homebeat alarms list shows their ids), or say --all.')
}

function scopesOf({
  all,
  sensor,
  condition,
}: {
  all?: boolean
  sensor?: string
  condition?: string
}): Inhibition['scope'][] {
  if (all && sensor === undefined && condition === undefined) return ['all']
  if (!all && sensor === undefined && condition !== undefined) return [{ condition }]
  if (all || condition !== undefined || sensor === undefined)
    throw new HomebeatError('usage.alarms', 'Say what to inhibit: one of --all, --sensor <name> or --condition <name>.')
  const definition = Object.entries(sensorDefinitions).find(([name]) => name === sensor)?.[1]
  if (!definition) {
    const known = Object.keys(sensorDefinitions).join(', ')
    throw new HomebeatError('usage.alarms', `There is no sensor ${sensor}: use one of ${known}.`)
  }
  return observablesOf(definition)
    .filter((observable) => TERMINOLOGY[observable].value !== 'waveform')
    .map((observable) => ({ observable }))
}

function scopeWords(scope: Inhibition['scope']): string {
  if (scope === 'all') return 'all values'
  return 'condition' in scope ? conditionWords(scope.condition) : scope.observable
}

function minutes(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value <= 60)) throw new InvalidArgumentError('Give up to 60 minutes.')
  return value
}
