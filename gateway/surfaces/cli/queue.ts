import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { type LoadedConfig, loadConfig } from '#gateway/config/load.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { QueueAudit } from '#gateway/journal/api/queue.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import { isLaneKey } from '#gateway/model/lane.js'
import { configuredLanes } from '#gateway/outbound/lanes/configured-lanes.js'
import {
  LaneQueue,
  type ListedEntry,
  type QueueDetail,
  type QueuedThing,
  type QueueListing,
  queueCommands,
} from '#gateway/outbound/lanes/lane-queue.js'
import { systemClock } from '#gateway/platform/clock.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { durationWords } from '#gateway/wording/times.js'
import { verb } from './exit.js'
import { CONFIG_OPTION, loginName } from './options.js'
import { printJson } from './text.js'

interface Options {
  readonly config: string
  readonly json?: boolean
}

/** `homebeat queue …`: what the lanes still owe, what was refused for good, and mending it. */
export function queueCommand(): Command {
  const queue = new Command('queue').description('look into the lanes: what waits, what was refused for good; mend it')
  queue
    .command('list')
    .description('entries that were refused for good (they need somebody), then those that wait')
    .option('--lane <lane>', 'only this lane, e.g. fhir:care')
    .option('--state <state>', 'only: waiting, rejected')
    .option('--limit <n>', 'at most so many', '100')
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON object')
    .action(verb(list))
  queue
    .command('show')
    .argument('<id>', 'of the entry, as list shows it')
    .description('one entry: what it is, what the far end said, what was done to it')
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON object')
    .action(verb(show))
  queue
    .command('retry')
    .argument('[id]', 'of the entry')
    .description('put a refused entry back where it was in its lane: it goes at once. A waiting one is tried now')
    .option('--all', 'all refused entries of --lane')
    .option('--lane <lane>', 'with --all, e.g. fhir:care')
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON object')
    .action(verb(retry))
  queue
    .command('drop')
    .argument('<id>', 'of the entry')
    .description('give a refused entry up; who, when and why is kept')
    .requiredOption('--reason <text>', 'why')
    .option('--waiting', 'also one that was not refused, only waits')
    .option('--undelivered-alert', 'also an alert that this lane has told nobody')
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON object')
    .action(verb(drop))
  return queue
}

async function list(options: Options & { lane?: string; state?: string; limit: string }): Promise<void> {
  const { lane, state, limit } = options
  if (state !== undefined && state !== 'waiting' && state !== 'rejected')
    throw new HomebeatError('usage.queue', `--state is waiting or rejected, not "${state}".`)
  checkLane(lane)
  const input = { limit: wholeNumber(limit, '--limit', 500), ...(lane && { lane }), ...(state && { state }) }
  const listing = await run<QueueListing>(options.config, 'queue.list', input)
  if (options.json) return printJson(listing, 2)
  const now = Date.now()
  const rows = listing.entries.map((entry) => [
    String(entry.id),
    entry.lane,
    stateWords(entry, now),
    entry.what,
    ago(entry.createdAt, now),
    entry.reason ?? '',
  ])
  process.stdout.write(rows.length === 0 ? 'Nothing waits and nothing was refused.\n' : table(HEAD, rows))
  if (listing.more) process.stdout.write('There are more: give --lane, --state or --limit.\n')
}

const HEAD = ['ID', 'LANE', 'STATE', 'WHAT', 'QUEUED', 'THE FAR END SAID']

async function show(id: string, options: Options): Promise<void> {
  const detail = await run<QueueDetail>(options.config, 'queue.show', { id: wholeNumber(id, 'the id') })
  if (options.json) return printJson(detail, 2)
  const { entry, thing, audit } = detail
  const now = Date.now()
  const fields: [string, string][] = [
    ['entry', String(entry.id)],
    ['lane', entry.lane],
    ['state', stateWords(entry, now)],
    ['queued', `${time(entry.createdAt)} (${ago(entry.createdAt, now)})`],
    ['attempts', String(entry.attempts)],
    ...(entry.reason === null ? [] : [['far end said', entry.reason] as [string, string]]),
    ...thingFields(entry, thing),
    ...audit.map((one): [string, string] => ['by hand', auditWords(one)]),
  ]
  process.stdout.write(fields.map(([name, text]) => `${name.padEnd(14)} ${text}\n`).join(''))
}

async function retry(id: string | undefined, options: Options & { all?: boolean; lane?: string }): Promise<void> {
  const { all, lane } = options
  if ((id === undefined) !== (all === true) || (all === true) !== (lane !== undefined))
    throw new HomebeatError('usage.queue', 'Give the id of one entry, or --all with --lane LANE.')
  checkLane(lane)
  const what = id === undefined ? { all: true, lane } : { id: wholeNumber(id, 'the id') }
  const result = await run<{ entries: ListedEntry[] }>(options.config, 'queue.retry', { ...what, by: loginName() })
  if (options.json) return printJson(result, 2)
  process.stdout.write(
    result.entries.length === 0
      ? `Nothing of ${lane} was refused.\n`
      : result.entries
          .map((entry) => `${entry.id} ${entry.lane}: ${entry.what} goes again, before what was queued after it.\n`)
          .join(''),
  )
}

async function drop(
  id: string,
  options: Options & { reason: string; waiting?: boolean; undeliveredAlert?: boolean },
): Promise<void> {
  const { reason, waiting = false, undeliveredAlert = false } = options
  if (reason.trim() === '' || reason.length > 300)
    throw new HomebeatError('usage.queue', 'Say with --reason why it is dropped, in at most 300 characters.')
  const input = { id: wholeNumber(id, 'the id'), by: loginName(), reason, waiting, undeliveredAlert }
  const result = await run<{ entry: ListedEntry }>(options.config, 'queue.drop', input)
  if (options.json) return printJson(result, 2)
  process.stdout.write(`${result.entry.id} ${result.entry.lane}: ${result.entry.what} is dropped.\n`)
}

/** Runs a command in the running gateway, or, where none runs, on its journal and under its lock. */
async function run<Result>(configFile: string, name: string, input: object): Promise<Result> {
  const loaded = loadConfig(configFile)
  try {
    return await callGateway<Result>(loaded.dataDir, name, input)
  } catch (error) {
    if (!(error instanceof HomebeatError && error.code === 'control.not-running')) throw error
  }
  const journal = closedJournal(loaded)
  await journal.start()
  try {
    const command = queueCommands(new LaneQueue({ journal })).find((one) => one.name === name)
    return (await command?.run(command.input.parse(input) as never)) as Result
  } finally {
    await journal.stop()
  }
}

function closedJournal({ config, dataDir }: LoadedConfig): Journal {
  const path = join(dataDir, 'journal.db')
  if (!existsSync(path))
    throw new HomebeatError(
      'journal.not-found',
      `There is no journal ${path}: start the gateway once, or check dataDir.`,
    )
  return journalOf({
    path,
    lanes: configuredLanes(config),
    clock: systemClock,
    logger: silentLogger,
    commit: config.commit,
  })
}

function thingFields(entry: ListedEntry, thing: QueuedThing): [string, string][] {
  if (thing.type === 'unknown') return [['what', `${entry.what}, which the journal does not hold any more`]]
  if (thing.type === 'batch') {
    return [
      ['what', `batch ${thing.number} of ${thing.count} Observations`],
      ['period', `${time(thing.periodStart)} to ${time(thing.periodEnd)}`],
      ['closed', time(thing.closedAt)],
      ['on the chain', thing.anchored ? 'yes' : 'no'],
      ...(thing.purged ? [['content', 'purged: kept long enough'] as [string, string]] : []),
    ]
  }
  return [
    ['what', thingWords(thing)],
    ['condition', `${thing.condition} (${thing.kind}, ${thing.priority})`],
    ['alert state', `${thing.state} since ${time(thing.at)}`],
  ]
}

function thingWords({ type, channel, contact, reason }: Exclude<QueuedThing, { type: 'batch' | 'unknown' }>): string {
  if (type === 'alert') return 'an alert'
  if (type === 'flag') return 'the flag of a standing alert'
  const whom = contact === undefined ? channel : `${contact} by ${channel}`
  if (type === 'communication') return `that ${whom} was told of an alert`
  return type === 'undelivered'
    ? `that ${whom} could not be told of an alert`
    : `telling ${whom} of an alert (${reason})`
}

function stateWords({ state, nextAt }: ListedEntry, now: number): string {
  if (state !== 'failed') return state
  if (nextAt === null || nextAt <= now) return 'retrying'
  return `retry in ${durationWords(nextAt - now)}`
}

function auditWords({ action, actor, at, reason, refusal }: QueueAudit): string {
  const why = reason === null ? '' : `: ${reason}`
  const said = refusal === null ? '' : ` (the far end had said: ${refusal})`
  return `${action} by ${actor}, ${time(at)}${why}${said}`
}

function table(head: readonly string[], rows: readonly string[][]): string {
  const widths = head.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  return [head, ...rows]
    .map((row) => `${row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join('  ')}`.trimEnd())
    .map((line) => `${line}\n`)
    .join('')
}

const time = (at: number) => new Date(at).toISOString()
const ago = (at: number, now: number) => `${durationWords(now - at)} ago`

function checkLane(lane: string | undefined): void {
  if (lane !== undefined && !isLaneKey(lane))
    throw new HomebeatError(
      'usage.queue',
      `--lane names a lane as homebeat status does, e.g. fhir:care, not "${lane}".`,
    )
}

function wholeNumber(text: string, what: string, max = Number.MAX_SAFE_INTEGER): number {
  const number = /^[1-9]\d{0,15}$/.test(text) ? Number(text) : Number.NaN
  if (!(number <= max)) throw new HomebeatError('usage.queue', `${what} is a whole number, not "${text}".`)
  return number
}
