import { Command, InvalidArgumentError, Option } from 'commander'
import type { LimitChange, SettingChange } from '#gateway/clinical/settings/change.js'
import type { ListedLimit, Origin } from '#gateway/clinical/settings/patient-settings.js'
import { loadConfig } from '#gateway/config/load.js'
import { PRIORITIES } from '#gateway/model/alert.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { dateAndTime } from '#gateway/wording/times.js'
import { verb } from './exit.js'
import { type HomeOptions, homeVerb, number, type SignedOptions, signing } from './options.js'

interface Change extends SignedOptions {
  readonly value?: number
  readonly clearAt?: number
  readonly delay?: number
  readonly priority?: LimitChange['priority']
  readonly latching?: boolean
  readonly enabled?: boolean
}

/** `homebeat limits list|set|reset|log`: the patient's alarm limits, and who changed them and why. */
export function limitsCommand(): Command {
  return new Command('limits')
    .description("the patient's alarm limits: every change is kept, with who and why")
    .addCommand(homeVerb('list', 'the limits in force, and where each comes from').action(verb(list)))
    .addCommand(
      signing(homeVerb('set', 'change a limit; it holds at once'))
        .argument('<condition>', 'as `homebeat limits list` names it')
        .option('--value <number>', 'the limit, in its unit', number)
        .option('--clear-at <number>', 'where the alarm ends; moves along with the limit where left out', number)
        .option('--delay <seconds>', 'how long it must last', number)
        .addOption(new Option('--priority <priority>', 'how urgent').choices(PRIORITIES))
        .addOption(yesNo('--latching', 'stays until somebody acknowledges it'))
        .addOption(yesNo('--enabled', 'whether it is watched at all'))
        .action(verb(set)),
    )
    .addCommand(
      signing(homeVerb('reset', 'back to what the configuration says'))
        .argument('<condition>', 'as `homebeat limits list` names it')
        .action(verb(reset)),
    )
    .addCommand(homeVerb('log', 'who changed what, when and why; limits and settings').action(verb(log)))
}

async function list({ config, json }: HomeOptions): Promise<void> {
  const limits = await callGateway<ListedLimit[]>(loadConfig(config).dataDir, 'limits.list')
  process.stdout.write(json ? `${JSON.stringify(limits)}\n` : `${limits.map(limitLine).join('\n')}\n`)
}

async function set(condition: string, options: Change): Promise<void> {
  const { config, json, by, why, delay, value, clearAt, priority, latching, enabled } = options
  const change: LimitChange = {
    ...(value !== undefined && { value }),
    ...(clearAt !== undefined && { clearAt }),
    ...(delay !== undefined && { delaySeconds: delay }),
    ...(priority !== undefined && { priority }),
    ...(latching !== undefined && { latching }),
    ...(enabled !== undefined && { enabled }),
  }
  const input = { condition, change, by, why }
  answer(await callGateway<ListedLimit>(loadConfig(config).dataDir, 'limits.set', input), json)
}

async function reset(condition: string, { config, json, by, why }: SignedOptions): Promise<void> {
  answer(await callGateway<ListedLimit>(loadConfig(config).dataDir, 'limits.reset', { condition, by, why }), json)
}

async function log({ config, json }: HomeOptions): Promise<void> {
  const changes = await callGateway<SettingChange[]>(loadConfig(config).dataDir, 'limits.log')
  if (json) process.stdout.write(`${JSON.stringify(changes)}\n`)
  else process.stdout.write(changes.map((change) => `${changeLine(change)}\n`).join('') || 'nothing was changed\n')
}

function answer(limit: ListedLimit, json = false): void {
  process.stdout.write(json ? `${JSON.stringify(limit)}\n` : `${limitLine(limit)}\n`)
}

function limitLine(limit: ListedLimit): string {
  const { condition, comparator, value, clearAt, delaySeconds, priority, latching, enabled, origin } = limit
  const words = [
    ...(comparator === undefined ? [] : [`${comparator} ${value}`, `ends at ${clearAt}`]),
    `after ${delaySeconds} s`,
    priority,
    ...(latching ? ['stays until acknowledged'] : []),
  ]
  return `${condition.padEnd(36)} ${enabled ? words.join(', ') : 'off'} (${originWords(origin)})`
}

export function originWords({ from, source, by, at, why }: Origin): string {
  if (from === 'change') return `${by}, ${dateAndTime(at ?? 0)}: ${why}`
  return from === 'configuration' ? 'homebeat.yaml' : source
}

function changeLine({ at, name, change, actor, why }: SettingChange): string {
  const what =
    change === null
      ? 'reset'
      : typeof change === 'object'
        ? Object.entries(change)
            .map(([key, value]) => `${key} ${value}`)
            .join(', ')
        : String(change)
  return `${dateAndTime(at)} ${actor.by} (${actor.via}) ${name}: ${what}: ${why}`
}

function yesNo(flag: string, description: string): Option {
  return new Option(`${flag} <yes|no>`, description).argParser((text: string) => {
    if (text !== 'yes' && text !== 'no') throw new InvalidArgumentError('say yes or no')
    return text === 'yes'
  })
}
