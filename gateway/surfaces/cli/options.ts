/** What several verbs have in common. */
import { userInfo } from 'node:os'
import { Command, InvalidArgumentError, Option } from 'commander'
import { actorOfLogin } from '#gateway/model/actor.js'

export const CONFIG_OPTION = () =>
  new Option('-c, --config <file>', 'configuration file').default('homebeat.yaml').env('HOMEBEAT_CONFIG')

/** Who acts where the command names nobody: the login, in the grammar of `actorName`. */
export function loginName(): string {
  try {
    return actorOfLogin(userInfo().username)
  } catch {
    // A service manager may make a user without an entry in the password file.
    return `uid-${process.getuid?.() ?? 0}`
  }
}

/** A subcommand about one home whose answer may be had as JSON. */
export const homeVerb = (name: string, description: string): Command =>
  new Command(name).description(description).addOption(CONFIG_OPTION()).option('--json', 'print one JSON value')

export interface HomeOptions {
  readonly config: string
  readonly json?: boolean
}

/** Adds the options of a change that a clinician signs. */
export const signing = (command: Command): Command =>
  command
    .option('--by <who>', 'who changes it: a contact or login', loginName())
    .requiredOption('--why <text>', 'why, in a few words; kept in the log')

export interface SignedOptions extends HomeOptions {
  readonly by: string
  readonly why: string
}

/** The value of an option that is a number. */
export function number(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('give a number')
  return value
}

/** Reads the value of an option that is a whole number from 1 to `max`. */
export const upTo =
  (max: number) =>
  (text: string): number => {
    const value = Number(text)
    if (!Number.isInteger(value) || value < 1 || value > max) throw new InvalidArgumentError(`give 1 to ${max}`)
    return value
  }
