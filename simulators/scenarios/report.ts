/** What a run of scenarios looks like to people and to programs. Pure. */
import type { ScenarioOutcome } from './runner.js'

/** The shape of `npm run scenarios -- --json`. */
export function toJson(outcomes: readonly ScenarioOutcome[]) {
  return {
    scenarios: outcomes.map(({ name, passed, raised, missed, unexpected }) => ({
      name,
      passed,
      raised,
      missed,
      unexpected,
    })),
  }
}

/** One line of the table. @param width of the names */
export function line({ name, passed, alerts, missed, unexpected }: ScenarioOutcome, width: number): string {
  const times = new Map<string, number[]>()
  for (const { condition, at } of alerts) times.set(condition, [...(times.get(condition) ?? []), Math.round(at)])
  const raised =
    [...times].map(([condition, at]) => `${condition} at ${at.join(', ')} s`).join('; ') || 'nothing raised'
  const wrong = [
    ...(missed.length > 0 ? [`MISSED ${missed.join(', ')}`] : []),
    ...(unexpected.length > 0 ? [`UNEXPECTED ${unexpected.join(', ')}`] : []),
  ]
  return [`${passed ? 'passed' : 'FAILED'}  ${name.padEnd(width)}  ${raised}`, ...wrong].join('  ')
}
