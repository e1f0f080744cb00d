import { isUpper, type Limit, limitGroups } from '#gateway/clinical/limits/limits.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { PRIORITIES } from '#gateway/model/alert.js'
import { HomebeatError } from '#gateway/platform/errors.js'

/**
 * Refuses limits with which a patient would be less safe than the numbers look: one that the sensor can never cross, an
 * end that it can never reach, a lesser alarm that hides a worse one, lower and upper limits that leave nothing between.
 * @throws HomebeatError `limits.range`, `limits.never-ends`, `limits.hides`, `limits.overlap`
 */
export function checkLimits(limits: readonly Limit[]): void {
  for (const limit of limits) checkRange(limit)
  for (const group of limitGroups(limits)) {
    for (const [index, worse] of group.entries()) {
      const lesser = group[index + 1]
      if (!lesser || PRIORITIES.indexOf(worse.priority) <= PRIORITIES.indexOf(lesser.priority)) continue
      throw new HomebeatError(
        'limits.hides',
        `${worse.condition} (${worse.priority}, at ${worse.value}) would hide ${lesser.condition} (${lesser.priority}, at ${lesser.value}): of these only the one furthest out alarms, so give it the higher priority or another value.`,
      )
    }
  }
  for (const low of limits.filter(({ comparator }) => !isUpper(comparator))) {
    const high = limits.find(
      (other) =>
        isUpper(other.comparator) &&
        other.observable === low.observable &&
        other.component === low.component &&
        other.value <= low.value,
    )
    if (high)
      throw new HomebeatError(
        'limits.overlap',
        `${low.condition} at ${low.value} and ${high.condition} at ${high.value} leave no value without an alarm: put the lower limit below the upper one.`,
      )
  }
}

function checkRange({ condition, observable, component, value, clearAt }: Limit): void {
  if (component === 'secondsSinceBreath') {
    if (clearAt < 0) throw neverEnds(condition, clearAt)
    return
  }
  const range = likelyOf(observable, component)
  if (!range) return
  const { low, high } = range
  if (value <= low || value >= high)
    throw new HomebeatError(
      'limits.range',
      `${condition}: give a value between ${low} and ${high}, for the sensor hardly gives another.`,
    )
  if (clearAt < low || clearAt > high) throw neverEnds(condition, clearAt)
}

function neverEnds(condition: string, clearAt: number): HomebeatError {
  return new HomebeatError(
    'limits.never-ends',
    `${condition}: clearAt ${clearAt} is beyond what the sensor can give, so the alarm would never end.`,
  )
}

function likelyOf(observable: Limit['observable'], component: Exclude<Limit['component'], 'secondsSinceBreath'>) {
  for (const { quantity, pressure } of Object.values(sensorDefinitions)) {
    if (quantity?.observable === observable && component === 'value') return quantity.likely ?? quantity.possible
    if (pressure?.observable === observable && component !== 'value') return (pressure.likely ?? pressure)[component]
  }
  return null
}
