/** The program `homebeat simulate`: a verb is loaded only when it is asked for, since some bring hundreds of files. */
import { Command, CommanderError } from 'commander'
import { HomebeatError } from '#gateway/platform/errors.js'
import { printableLines } from '#gateway/platform/printable.js'

/** 0 done · 1 failed · 2 wrong use. */
export const EXIT = { ok: 0, failed: 1, usage: 2 } as const

const verb = (name: string, description: string, load: () => Promise<Command>) => ({ name, description, load })

export const VERBS = [
  verb('kit', 'the e-Health kit: the real firmware on an emulated Uno, worn by a virtual patient', async () =>
    (await import('./kit.js')).kitCommand(),
  ),
  verb('devices', 'a blood-pressure cuff and a glucometer that publish over MQTT', async () =>
    (await import('./devices.js')).devicesCommand(),
  ),
  verb('scenario', 'scenarios in virtual time: what must be raised and what must not', async () =>
    (await import('#simulators/scenarios/command.js')).scenarioCommand(),
  ),
  verb(
    'faults',
    'a real gateway killed, its disk, servers and lines broken: what was acknowledged must arrive, once',
    async () => (await import('#simulators/faults/command.js')).faultsCommand(),
  ),
  verb('fleet', 'many homes with MQTT devices, against any broker', async () =>
    (await import('./fleet.js')).fleetCommand(),
  ),
  verb('fhir-server', 'a FHIR R4 server that validates what it is given', async () =>
    (await import('#simulators/fhir-server/command.js')).fhirServerCommand(),
  ),
  verb('chain', 'a chain of one node with the anchor contract on it', async () =>
    (await import('#simulators/chain/command.js')).chainCommand(),
  ),
]

/** Where the program writes; injected in tests. */
export interface Output {
  out(text: string): void
  err(text: string): void
}

const standardOutput: Output = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}

/**
 * Runs one verb to its end. Every error is one line on stderr.
 * @param args without node and script. @returns the exit code
 */
export async function runProgram(
  args: readonly string[],
  output: Output = standardOutput,
  verbs: readonly (typeof VERBS)[number][] = VERBS,
): Promise<number> {
  const program = new Command('homebeat simulate')
    .description(
      'Simulators: every part around a gateway, without hardware. They run until Ctrl-C; scenarios end by themselves.',
    )
    .exitOverride()
    .configureOutput({
      writeOut: output.out,
      writeErr: output.err,
      // commander puts its suggestion ("Did you mean …?") on a second line.
      outputError: (text, write) => write(`${oneLine(text)}\n`),
    })
    .showHelpAfterError(false)
  try {
    const asked = args[0] === 'help' ? args[1] : args[0]
    for (const verb of verbs) {
      const command = verb.name === asked ? await verb.load() : new Command(verb.name).description(verb.description)
      program.addCommand(inherit(command, program))
    }
    if (args.length === 0) throw new HomebeatError('usage.verb', 'Say what to simulate; see homebeat simulate --help.')
    await program.parseAsync([...args], { from: 'user' })
    return EXIT.ok
  } catch (error) {
    if (error instanceof CommanderError) {
      // commander has written its line. Verbs use `command.error` for what is no matter of usage.
      return error.exitCode === 0 ? EXIT.ok : error.code === 'commander.error' ? EXIT.failed : EXIT.usage
    }
    if (error instanceof HomebeatError) {
      output.err(`homebeat simulate: ${oneLine(error.message)}\n`)
      return error.code.startsWith('usage.') ? EXIT.usage : EXIT.failed
    }
    output.err(`homebeat simulate: unexpected: ${oneLine(error instanceof Error ? error.message : String(error))}\n`)
    if (process.env['HOMEBEAT_DEBUG'] && error instanceof Error) output.err(`${error.stack}\n`)
    return EXIT.failed
  }
}

const oneLine = (text: string) => printableLines(text.trim().replace(/\s*\n\s*/g, ' '))

/** `addCommand` does not pass on how errors are told. */
function inherit(command: Command, parent: Command): Command {
  command.copyInheritedSettings(parent)
  for (const child of command.commands) inherit(child, command)
  return command
}
