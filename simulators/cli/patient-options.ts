/** The options by which every verb with a patient names the same one. */
import { type Command, Option } from 'commander'
import { SCRIPTS } from '#simulators/patient/patients.js'
import { wholeNumber } from './parse.js'

/** Adds `--script`, `--seed` and `--start` (epoch milliseconds of t = 0; absent: when the process starts). */
export function withPatientOptions(command: Command): Command {
  const scripts = SCRIPTS.map(({ name, description }) => `${name}: ${description}`).join('; ')
  return command
    .addOption(
      new Option('--script <name>', `what happens to the patient (${scripts})`)
        .choices(SCRIPTS.map(({ name }) => name))
        .default('worsening'),
    )
    .option('--seed <number>', 'the same number gives the same patient', wholeNumber, 1)
    .option('--start <epochMs>', 'when the script begins, in epoch milliseconds (default: now)', wholeNumber)
}
