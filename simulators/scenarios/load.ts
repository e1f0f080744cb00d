/** Reads scenario files: parse → validate → cross-check, reporting all problems in one error. */
import { parseDocument } from 'yaml'
import { readBounded } from '#gateway/platform/bounded-file.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { findScript, SCRIPTS } from '#simulators/patient/scripts.js'
import { type Scenario, scenarioSchema } from './schema.js'

const MAX_BYTES = 256 * 1024

/** @throws HomebeatError `usage.scenario` */
export function loadScenario(file: string): Scenario {
  let text: string
  try {
    const bytes = readBounded(file, MAX_BYTES)
    if (bytes === null) throw new Error('it is larger than 256 KiB')
    text = bytes.toString()
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code ?? (cause as Error).message
    throw new HomebeatError('usage.scenario', `The scenario ${file} cannot be read (${why}): check the path.`, {
      cause,
    })
  }
  return parseScenario(text, file)
}

/** @param file only for the message. @throws HomebeatError `usage.scenario` */
export function parseScenario(text: string, file = 'scenario.yaml'): Scenario {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw invalid(
      file,
      document.errors.map(({ message, code }) => message.split('\n')[0] ?? code),
    )
  }
  let plain: unknown
  try {
    // A few aliases can grow a small file into gigabytes.
    plain = document.toJS({ maxAliasCount: 0 })
  } catch {
    throw invalid(file, ['YAML aliases (*name) are not supported: write the value out'])
  }
  const result = scenarioSchema.safeParse(plain ?? {})
  if (!result.success) {
    throw invalid(
      file,
      result.error.issues.map(({ path, message }) => `${path.map(String).join('.') || 'the file'}: ${message}`),
    )
  }
  const problems = crossCheck(result.data)
  if (problems.length > 0) throw invalid(file, problems)
  return result.data
}

function crossCheck({ patient, duration, events, expect }: Scenario): string[] {
  const problems: string[] = []
  const name = patient.script ?? 'steady'
  if (!findScript(name)) {
    const names = SCRIPTS.map((script) => script.name).join(', ')
    problems.push(`patient.script: there is no "${name}"; choose one of ${names}`)
  }
  for (const [i, { at }] of events.entries()) {
    if (at >= duration) problems.push(`events.${i}.at: ${at} s is not before the end at ${duration} s`)
  }
  for (const [i, { after, within, condition }] of expect.raised.entries()) {
    if (within > duration) problems.push(`expect.raised.${i}.within: ${within} s is after the end at ${duration} s`)
    if (after >= within) problems.push(`expect.raised.${i}: ${condition} must have "after" below "within"`)
    if (expect.notRaised.includes(condition)) {
      problems.push(`expect: ${condition} is both in raised and in notRaised`)
    }
  }
  return problems
}

/** One line, so that it can be told like every other error. */
function invalid(file: string, problems: readonly string[]): HomebeatError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  return new HomebeatError('usage.scenario', `The scenario ${file} has ${count}: ${problems.join('; ')}.`)
}
