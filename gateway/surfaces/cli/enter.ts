import { Argument, Command, InvalidArgumentError, Option } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import {
  CONSCIOUSNESS_LEVELS,
  type Consciousness,
  OXYGEN_SUPPLIES,
  type OxygenSupply,
} from '#gateway/model/manual-observation.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import type { SaidScore } from '#gateway/surfaces/manual-observation/manual-observations.js'
import { MANUAL_READINGS, type ManualObservation } from '#gateway/surfaces/manual-observation/manual-readings.js'
import { verb } from './exit.js'
import { CONFIG_OPTION, loginName, number } from './options.js'

interface Options {
  readonly config: string
  readonly json?: boolean
}
interface Entering extends Options {
  readonly by: string
  readonly unit?: string
}

/** `homebeat enter consciousness|oxygen|blood-pressure`, and a verb for each number that a person can read off. */
export function enterCommand(): Command {
  const own = (name: string, description: string) =>
    new Command(name)
      .description(description)
      .addOption(CONFIG_OPTION())
      .option('--by <who>', 'who saw or measured it; the login name where left out', loginName())
      .option('--json', 'print the score that follows as one JSON object')
  const parent = new Command('enter')
    .description('enter by hand what no sensor gives; kept with who entered it')
    .addCommand(
      own('consciousness', 'how awake the patient is (ACVPU)')
        .addArgument(new Argument('<level>').choices(CONSCIOUSNESS_LEVELS))
        .action(verb((value: Consciousness, options: Entering) => enter({ what: 'consciousness', value }, options))),
    )
    .addCommand(
      own('oxygen', 'whether the patient breathes air or is given oxygen')
        .addArgument(new Argument('<supply>').choices(OXYGEN_SUPPLIES))
        .action(verb((value: OxygenSupply, options: Entering) => enter({ what: 'oxygen', value }, options))),
    )
    .addCommand(
      own('blood-pressure', 'a cuff’s reading, mmHg')
        .argument('<systolic/diastolic>', 'e.g. 150/90', pressure)
        .action(
          verb((value: { systolic: number; diastolic: number }, options: Entering) =>
            enter({ what: 'blood-pressure', ...value }, options),
          ),
        ),
    )
  for (const { what, units } of MANUAL_READINGS) {
    parent.addCommand(
      own(what, `a ${what === 'spo2' ? 'saturation' : what} read off an instrument, ${units.join(' or ')}`)
        .argument('<value>', `in ${units[0]}`, number)
        .addOption(new Option('--unit <unit>', 'of the value').choices(units))
        .action(
          verb((value: number, options: Entering) =>
            enter({ what, value, ...(options.unit && { unit: options.unit }) }, options),
          ),
        ),
    )
  }
  return parent
}

/** `homebeat score`: NEWS2 now, and what is missing in it. */
export function scoreCommand(): Command {
  return new Command('score')
    .description('NEWS2 now, with what is missing, too old or assumed in it (© Royal College of Physicians 2017)')
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON object')
    .action(
      verb(async (options: Options) => {
        print(await callGateway<SaidScore>(loadConfig(options.config).dataDir, 'patient.score'), options)
      }),
    )
}

async function enter(entry: ManualObservation, options: Entering): Promise<void> {
  const input = { entry, by: options.by }
  print(await callGateway<SaidScore>(loadConfig(options.config).dataDir, 'patient.enter', input), options)
}

function print(score: SaidScore, { json }: Options): void {
  process.stdout.write(json ? `${JSON.stringify(score)}\n` : `${score.words}\n`)
}

function pressure(text: string): { systolic: number; diastolic: number } {
  const [, systolic, diastolic] = /^(\d{2,3})\/(\d{2,3})$/.exec(text) ?? []
  if (!systolic || !diastolic) throw new InvalidArgumentError('give it as 150/90')
  return { systolic: Number(systolic), diastolic: Number(diastolic) }
}
