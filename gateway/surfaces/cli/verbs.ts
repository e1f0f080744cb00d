/** The verbs a person would say, a file each. */
import { Command, CommanderError } from 'commander'
import { printableLines } from '#gateway/platform/printable.js'
import { renamedLine } from '#gateway/platform/renamed.js'
import { VERSION } from '#gateway/platform/version.js'
import { EXIT, reportError } from './exit.js'
import type { Programs } from './programs.js'

/** In the order of the help. Loaded when asked for: no verb waits for what another one needs. */
const VERBS: Readonly<Record<string, (programs: Programs) => Promise<Command>>> = {
  init: async () => (await import('./init.js')).initCommand(),
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

/** Has a command and its subcommands throw what ends them, and say it as every error is said. */
function endAlike(command: Command): void {
  command.exitOverride().configureOutput({ outputError: (text, write) => write(`${printableLines(text)}\n`) })
  for (const part of command.commands) endAlike(part)
}

/** The program with the verb that is asked for, or with all where there is none of this name. */
export async function programOf(programs: Programs, asked = ''): Promise<Command> {
  const program = new Command('homebeat')
    .description('Gateway for the remote monitoring of elderly people. Not a certified medical device.')
    .version(VERSION)
    .showHelpAfterError('(homebeat --help says more)')
  for (const [name, load] of Object.entries(VERBS)) {
    if (name === asked || !Object.hasOwn(VERBS, asked)) program.addCommand(await load(programs))
  }
  endAlike(program)
  return program
}

/** Runs a command line. @param args without node and script */
export async function runVerb(programs: Programs, args: readonly string[]): Promise<void> {
  const [given = '', ...rest] = args
  const asked = Object.hasOwn(RENAMED_VERBS, given) ? (RENAMED_VERBS[given] ?? '') : given
  if (asked !== given) process.stderr.write(`homebeat: ${renamedLine(given, asked)}\n`)
  try {
    const program = await programOf(programs, asked)
    await program.parseAsync(args.length === 0 ? [] : [asked, ...rest], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.usage
    else reportError(error)
  }
}
