/** The verbs a person would say, a file each. */
import { Command } from 'commander'
import { renamedLine } from '#gateway/platform/renamed.js'
import { VERSION } from '#gateway/platform/version.js'
import { EXIT } from './exit.js'
import type { Programs } from './programs.js'

/** In the order of the help. Loaded when asked for: no verb waits for what another one needs. */
const VERBS: Readonly<Record<string, (programs: Programs) => Promise<Command>>> = {
  start: async (programs) => (await import('./start.js')).startCommand(programs),
  status: async () => (await import('./status.js')).statusCommand(),
  alarms: async () => (await import('./alarms.js')).alarmsCommand(),
  monitoring: async () => (await import('./monitoring.js')).monitoringCommand(),
  limits: async () => (await import('./limits.js')).limitsCommand(),
  settings: async () => (await import('./settings.js')).settingsCommand(),
  enter: async () => (await import('./enter.js')).enterCommand(),
  score: async () => (await import('./enter.js')).scoreCommand(),
  trends: async () => (await import('./trends.js')).trendsCommand(),
  queue: async () => (await import('./queue.js')).queueCommand(),
  verify: async () => (await import('./verify.js')).verifyCommand(),
  identity: async () => (await import('./identity.js')).identityCommand(),
  flash: async () => (await import('./flash.js')).flashCommand(),
  calibrate: async () => (await import('./calibrate.js')).calibrateCommand(),
  channel: async () => (await import('./channel.js')).channelCommand(),
  map: async () => (await import('./map.js')).mapCommand(),
  device: async () => (await import('./device.js')).deviceCommand(),
  journal: async () => (await import('./journal.js')).journalCommand(),
  serial: async () => (await import('./serial.js')).serialCommand(),
  clinic: async (programs) => (await import('./clinic.js')).clinicCommand(programs),
  simulate: async () => (await import('./simulate.js')).simulateCommand(),
}

/** Verbs of earlier versions that still work: the old name → today's. */
const RENAMED_VERBS: Readonly<Record<string, string>> = { 'watch-homes': 'clinic' }

/** Gives a command and its subcommands the same exit codes. */
function exitAs(command: Command): void {
  command.exitOverride((error) => {
    process.exit(error.exitCode === 0 ? EXIT.ok : EXIT.usage)
  })
  for (const part of command.commands) exitAs(part)
}

/** Runs what this process was asked on its command line. */
export async function runVerb(programs: Programs): Promise<void> {
  const program = new Command('homebeat')
    .description('Gateway for the remote monitoring of elderly people. Not a certified medical device.')
    .version(VERSION)
    .showHelpAfterError('(homebeat --help says more)')
  const given = process.argv[2] ?? ''
  const asked = Object.hasOwn(RENAMED_VERBS, given) ? (RENAMED_VERBS[given] ?? '') : given
  if (asked !== given) {
    process.stderr.write(`homebeat: ${renamedLine(given, asked)}\n`)
    process.argv[2] = asked
  }
  for (const [name, load] of Object.entries(VERBS)) {
    if (name === asked || !Object.hasOwn(VERBS, asked)) program.addCommand(await load(programs))
  }
  exitAs(program)
  await program.parseAsync()
}
