/**
 * Default limits for an adult, as data, each with its source. A clinician adjusts every one per patient
 * (`alerts.limits` in homebeat.yaml). They are defaults of a monitor, not advice.
 *
 * Sources: NEWS2 is the National Early Warning Score 2, © Royal College of Physicians 2017. `clearAt` (hysteresis) and
 * `delaySeconds` are this project's own, chosen so that a value that hovers at its limit does not alarm again and again.
 */
import type { Observable } from '#fhir/measurement.js'
import type { ConfirmationRule } from '#gateway/clinical/evaluate/confirmation.js'
import type { LimitOverrides } from '#gateway/clinical/settings/config.js'
import type { Priority } from '#gateway/model/alert.js'
import { HomebeatError } from '#gateway/platform/errors.js'

export type Comparator = '<' | '<=' | '>' | '>='

/** Which number of a Measurement a limit looks at. */
export type LimitComponent = 'value' | 'systolic' | 'diastolic' | 'secondsSinceBreath'

export interface Limit {
  /** Stable kebab-case name. */
  readonly condition: string
  readonly observable: Observable
  readonly component: LimitComponent
  readonly comparator: Comparator
  /** In the observable's unit (mm[Hg], mg/dL, Cel, /min, %); seconds for `secondsSinceBreath`. */
  readonly value: number
  /** The episode ends when the value reaches this, on the safe side of the limit. */
  readonly clearAt: number
  /** Known seconds beyond the limit, in a sliding window (`gateway/clinical/evaluate/known-time.ts`). */
  readonly delaySeconds: number
  readonly priority: Priority
  /** Stays when the value is back, until somebody acknowledges it. */
  readonly latching?: boolean
  /** A crossing is repeated before it alarms. */
  readonly confirm?: ConfirmationRule
  readonly source: string
}

const NEWS2 = 'NEWS2 (Royal College of Physicians, 2017)'
/**
 * NEWS2's bands are for a nurse's spot check. A monitor that watched at them would alarm all night, and nobody would listen. So a
 * saturation that is short or mild does not alarm here at once; the score itself (`news2-…`) still tells of what lasts.
 * The study: 32 million values of 10 hospitals; 88 % instead of 90 % gave 63 % fewer alarms, 15 s of delay 60 % fewer.
 */
const OXIMETRY = 'Welch J, Biomed Instrum Technol 2011;45(s1):46–52: 88 % and 15 s for continuous oximetry'
const BRADYCARDIA = 'below 50 /min: 2018 ACC/AHA/HRS guideline on bradycardia; 60 s: project default'
const CRISIS = 'hypertensive crisis (2017 ACC/AHA guideline), confirmed by a repeat after 5 min'
/** The guideline asks for five minutes. The alarm waits a quarter of an hour at most: this project's own choice. */
const REPEAT: ConfirmationRule = { repeatAfterSeconds: 300, withinSeconds: 900 }
/** A clinician may choose, within this range, how long without a breath is an alarm. Shorter pauses are not looked for. */
const SILENCE_SECONDS = { low: 10, high: 40 } as const
const LOCAL = 'project default, not verified: to be set by a clinician'

function limit(
  condition: string,
  observable: Observable,
  [comparator, value, clearAt]: [Comparator, number, number],
  delaySeconds: number,
  priority: Priority,
  source: string,
  component: LimitComponent = 'value',
): Limit {
  return { condition, observable, component, comparator, value, clearAt, delaySeconds, priority, source }
}

export const defaultLimits: readonly Limit[] = [
  limit('critically-low-oxygen-saturation', 'oxygenSaturation', ['<', 85, 88], 5, 'high', LOCAL),
  limit('low-oxygen-saturation', 'oxygenSaturation', ['<=', 88, 90], 15, 'high', OXIMETRY),
  limit(
    'reduced-oxygen-saturation',
    'oxygenSaturation',
    ['<=', 91, 93],
    120,
    'medium',
    `${NEWS2}: scale 1, score 3, where it lasts`,
  ),

  limit('low-pulse-rate', 'pulseRate', ['<=', 40, 44], 10, 'high', `${NEWS2}: score 3`),
  limit('reduced-pulse-rate', 'pulseRate', ['<', 50, 53], 60, 'medium', BRADYCARDIA),
  limit('high-pulse-rate', 'pulseRate', ['>', 130, 125], 10, 'high', `${NEWS2}: score 3`),
  limit('elevated-pulse-rate', 'pulseRate', ['>', 110, 105], 60, 'medium', `${NEWS2}: score 2, where it lasts`),

  limit(
    'no-breath',
    'respiratoryRate',
    ['>=', 20, 5],
    0,
    'high',
    'apnoea alarm at 20 s; 10–40 s selectable',
    'secondsSinceBreath',
  ),
  // A respiratory rate is breaths counted over a whole minute; a rate over a few breaths is not yet one that NEWS2 scores. In
  // recordings it is beyond these for a minute or two many times a day: the second minute is this project's own. An emergency
  // within that time has its own alarm: no breath for 20 s, or a saturation that falls.
  limit('low-respiratory-rate', 'respiratoryRate', ['<=', 8, 10], 120, 'high', `${NEWS2}: score 3`),
  limit('high-respiratory-rate', 'respiratoryRate', ['>=', 25, 23], 120, 'high', `${NEWS2}: score 3`),

  limit('low-body-temperature', 'bodyTemperature', ['<=', 35, 35.3], 30, 'high', `${NEWS2}: score 3`),
  limit(
    'elevated-body-temperature',
    'bodyTemperature',
    ['>=', 38, 37.7],
    30,
    'medium',
    `${NEWS2}: score 1 is 38.1–39.0`,
  ),
  limit('high-body-temperature', 'bodyTemperature', ['>=', 39.1, 38.8], 30, 'high', `${NEWS2}: score 2`),

  limit('low-glucose', 'bloodGlucose', ['<', 54, 60], 0, 'high', 'level 2 hypoglycaemia'),
  limit('reduced-glucose', 'bloodGlucose', ['<', 70, 75], 0, 'medium', 'level 1 hypoglycaemia'),
  limit('elevated-glucose', 'bloodGlucose', ['>', 250, 240], 0, 'medium', LOCAL),
  limit('high-glucose', 'bloodGlucose', ['>', 300, 280], 0, 'high', LOCAL),

  {
    ...limit('systolic-pressure-crisis', 'bloodPressure', ['>', 180, 170], 0, 'high', CRISIS, 'systolic'),
    // NEWS2 scores 3 from 220 on.
    confirm: { ...REPEAT, atOnceBeyond: 219 },
  },
  {
    ...limit('diastolic-pressure-crisis', 'bloodPressure', ['>', 120, 110], 0, 'high', CRISIS, 'diastolic'),
    // Not verified: the project's own, to be set by a clinician.
    confirm: { ...REPEAT, atOnceBeyond: 129 },
  },
  limit('low-systolic-pressure', 'bloodPressure', ['<=', 90, 95], 0, 'high', `${NEWS2}: score 3`, 'systolic'),
]

/**
 * The limits in force for this patient. An override of `value` alone moves `clearAt` along.
 * @throws HomebeatError `limits.unknown`, `limits.clear-at`, `limits.range`, `limits.confirm`
 */
export function limitsInForce(overrides: LimitOverrides = {}, defaults: readonly Limit[] = defaultLimits): Limit[] {
  const known = new Map(defaults.map((row) => [row.condition, row]))
  const unknown = Object.keys(overrides).filter((condition) => !known.has(condition))
  if (unknown.length > 0) {
    throw new HomebeatError(
      'limits.unknown',
      `alerts.limits names ${unknown.join(', ')}; the conditions are ${[...known.keys()].join(', ')}.`,
    )
  }
  return defaults.flatMap((row) => {
    const override = Object.hasOwn(overrides, row.condition) ? overrides[row.condition] : undefined
    if (override?.enabled === false) return []
    const value = override?.value ?? row.value
    // A silence ends with a breath, however long it may last.
    const isSilence = row.component === 'secondsSinceBreath'
    const clearAt = override?.clearAt ?? (isSilence ? row.clearAt : row.clearAt + (value - row.value))
    const { delaySeconds = row.delaySeconds, priority = row.priority, latching = row.latching } = override ?? {}
    if (isSilence && (value < SILENCE_SECONDS.low || value > SILENCE_SECONDS.high)) {
      throw new HomebeatError(
        'limits.range',
        `${row.condition}: give a value from ${SILENCE_SECONDS.low} to ${SILENCE_SECONDS.high} seconds.`,
      )
    }
    if (crosses(row.comparator, clearAt, value)) {
      throw new HomebeatError(
        'limits.clear-at',
        `${row.condition}: clearAt ${clearAt} must lie on the safe side of the limit ${value}, not beyond it.`,
      )
    }
    const { confirm: _, ...rest } = row
    const confirm = ruleInForce(row, override?.confirm, value)
    return [
      {
        ...rest,
        value,
        clearAt,
        delaySeconds,
        priority,
        ...(latching !== undefined && { latching }),
        ...(confirm && { confirm }),
      },
    ]
  })
}

/** `atOnceBeyond` moves along with the limit, as `clearAt` does. */
function ruleInForce(
  row: Limit,
  override: LimitOverrides[string]['confirm'],
  value: number,
): ConfirmationRule | undefined {
  if (override === false || (!row.confirm && !override)) return undefined
  const usual = row.confirm?.atOnceBeyond
  const atOnceBeyond = override?.atOnceBeyond ?? (usual === undefined ? undefined : usual + (value - row.value))
  const rule = {
    repeatAfterSeconds: override?.repeatAfterSeconds ?? row.confirm?.repeatAfterSeconds ?? REPEAT.repeatAfterSeconds,
    withinSeconds: override?.withinSeconds ?? row.confirm?.withinSeconds ?? REPEAT.withinSeconds,
    ...(atOnceBeyond !== undefined && { atOnceBeyond }),
  }
  const inward = atOnceBeyond !== undefined && !crosses(row.comparator, atOnceBeyond, value) && atOnceBeyond !== value
  if (rule.withinSeconds <= rule.repeatAfterSeconds || inward) {
    throw new HomebeatError(
      'limits.confirm',
      `alerts.limits.${row.condition}.confirm: withinSeconds must be longer than repeatAfterSeconds, and atOnceBeyond lie beyond the limit.`,
    )
  }
  return rule
}

/** The observable whose limits hold for a value. The ECG's rate has the pulse's limits, so that one event is one alert. */
export const limitedAs = (observable: Observable): Observable => (observable === 'heartRate' ? 'pulseRate' : observable)

const COMPARED: Readonly<Record<Comparator, (value: number, limit: number) => boolean>> = {
  '<': (value, limit) => value < limit,
  '<=': (value, limit) => value <= limit,
  '>': (value, limit) => value > limit,
  '>=': (value, limit) => value >= limit,
}

/** Whether `value` is beyond `limit`. */
export const crosses = (comparator: Comparator, value: number, limit: number): boolean =>
  COMPARED[comparator](value, limit)

/** Whether an upper limit; the others are lower ones. */
export const isUpper = (comparator: Comparator): boolean => comparator === '>' || comparator === '>='

/** Whether `value` has come back far enough to end the episode. */
export function isSafe({ comparator, clearAt }: Limit, value: number): boolean {
  return isUpper(comparator) ? value <= clearAt : value >= clearAt
}

/**
 * Limits of the same number in the same direction, the most severe first. Each group has at most one active alert.
 */
export function limitGroups(limits: readonly Limit[]): Limit[][] {
  const groups = new Map<string, Limit[]>()
  for (const row of limits) {
    const key = `${row.observable} ${row.component} ${isUpper(row.comparator)}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].map((group) =>
    group.sort((a, b) => (isUpper(a.comparator) ? b.value - a.value : a.value - b.value)),
  )
}
