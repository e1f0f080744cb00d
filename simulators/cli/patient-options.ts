/** The options by which every verb with a patient names the same one. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { SCRIPTS } from '#simulators/patient/patients.js'
import { wholeNumber } from './parse.js'

/** A patient lives every heartbeat since the start. */
const MOST_DAYS = 31

export interface PatientOptions {
  readonly script: string
  readonly seed: number
  readonly start?: number
}

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
    .option('--start <epochMs>', 'when the script begins, in epoch milliseconds (default: now)', start)
}

function start(text: string): number {
  const at = wholeNumber(text)
  if (Math.abs(Date.now() - at) > MOST_DAYS * 86_400_000)
    throw new InvalidArgumentError(`give epoch milliseconds within ${MOST_DAYS} days of now.`)
  return at
}
