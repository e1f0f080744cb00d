import { Argument, Command, InvalidArgumentError } from 'commander'
import { notMonitoredOf } from '#gateway/alarms/monitoring/monitoring.js'
import { loadConfig } from '#gateway/config/load.js'
import { type NotMonitored, PAUSE_REASONS, type PauseReason } from '#gateway/model/not-monitored.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { printable } from '#gateway/platform/printable.js'
import { notMonitoredWords } from '#gateway/wording/monitoring-words.js'
import { withReader } from './alarms.js'
import { verb } from './exit.js'
import { type HomeOptions, homeVerb, type SignedOptions, signing } from './options.js'
import { printJson } from './text.js'

/** `homebeat monitoring pause|resume|show`. */
export function monitoringCommand(): Command {
  return new Command('monitoring')
    .description('say that nobody is to be watched for a while: in the bath, away, in hospital, deceased')
    .addCommand(
      signing(
        homeVerb(
          'pause',
          'nobody is connected: probes off and silence are no alarm until then, or until signals return',
        ),
      )
        .addArgument(new Argument('<reason>').choices(PAUSE_REASONS))
        .requiredOption('--for <time>', 'its end, e.g. 45m, 6h or 7d', minutes)
        .addHelpText('after', HELP)
        .action(verb(pause)),
    )
    .addCommand(signing(homeVerb('resume', 'the person is watched again')).action(verb(resume)))
    .addCommand(homeVerb('show', 'whether somebody is monitored').action(verb(show)))
}

const HELP = `
Values that still come are judged as always, and a standstill of heart or breath is always an alarm: switch the kit off,
or electrodes that lie about may look like one.`

async function pause(reason: PauseReason, options: SignedOptions & { for: number }): Promise<void> {
  const input = { reason, minutes: options.for, by: options.by, note: options.why }
  const paused = await callGateway<NotMonitored>(loadConfig(options.config).dataDir, 'monitoring.pause', input)
  if (options.json) return printJson(paused, 2)
  process.stdout.write(`${printable(notMonitoredWords(paused))}\n`)
}

async function resume(options: SignedOptions): Promise<void> {
  const input = { by: options.by, note: options.why }
  const answer = await callGateway<{ resumed: boolean }>(loadConfig(options.config).dataDir, 'monitoring.resume', input)
  if (options.json) return printJson(answer, 2)
  process.stdout.write(answer.resumed ? 'the person is watched again\n' : 'monitoring was not paused\n')
}

async function show({ config, json }: HomeOptions): Promise<void> {
  const { dataDir } = loadConfig(config)
  const paused = withReader(dataDir, (journal) => notMonitoredOf(journal.alarmActions, Date.now()))
  if (json) return printJson({ notMonitored: paused }, 2)
  process.stdout.write(`${paused ? printable(notMonitoredWords(paused)) : 'monitored'}\n`)
}

/** `45m`, `6h`, `7d` → minutes */
function minutes(text: string): number {
  const [, count = '', unit = ''] = /^(\d{1,5})([mhd])$/.exec(text) ?? []
  const of: Readonly<Record<string, number>> = { m: 1, h: 60, d: 24 * 60 }
  const value = Number(count) * (of[unit] ?? 0)
  if (value === 0) throw new InvalidArgumentError('give minutes, hours or days as 45m, 6h or 7d')
  return value
}
