/**
 * NEWS2, the National Early Warning Score 2, as pure functions over its published chart (`news2-chart.ts`). A score of what a
 * home can measure is often incomplete: what is missing, too old or assumed is always said with it, and the total is then a
 * lower bound.
 */
import type { Priority } from '#gateway/model/alert.js'
import type { Consciousness, OxygenSupply } from '#gateway/model/manual-observation.js'
import {
  CONSCIOUSNESS_POINTS,
  NEWS2_CHART,
  NEWS2_PARAMETERS,
  type News2Parameter,
  type News2Row,
  OXYGEN_POINTS,
  type Points,
  pointsOf,
  spo2Row,
} from './news2-chart.js'

export interface Timed<Value> {
  readonly value: Value
  /** Epoch ms of the measurement, or of the entry. */
  readonly at: number
  /** Identifier of the Measurement. */
  readonly measurement?: string
  /** Since it was measured something has contradicted it: the alert's condition, or why the sensor has no value. */
  readonly contradictedBy?: string
}

export interface News2Inputs {
  /** /min */
  readonly respiration?: Timed<number>
  /** % */
  readonly oxygenSaturation?: Timed<number>
  readonly oxygen?: Timed<OxygenSupply>
  /** mm[Hg] */
  readonly systolic?: Timed<number>
  /** /min */
  readonly pulse?: Timed<number>
  readonly consciousness?: Timed<Consciousness>
  /** Cel */
  readonly temperature?: Timed<number>
}

export interface News2Options {
  readonly scale: 1 | 2
  /** What is taken where nobody has entered it lately: a patient on long-term oxygen therapy is assumed on oxygen. */
  readonly assumedOxygen: OxygenSupply
  /** How old an input may be, ms. */
  readonly maxAgeMs: Readonly<Record<News2Parameter, number>>
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

/** Ages are this project's own, not NEWS2's: continuous sensors minutes, spot values and entries hours. */
export const NEWS2_DEFAULTS: News2Options = {
  scale: 1,
  assumedOxygen: 'air',
  maxAgeMs: {
    respiration: 5 * MINUTE_MS,
    oxygenSaturation: 5 * MINUTE_MS,
    oxygen: 12 * HOUR_MS,
    systolic: 12 * HOUR_MS,
    pulse: 5 * MINUTE_MS,
    consciousness: 12 * HOUR_MS,
    temperature: 4 * HOUR_MS,
  },
}

/**
 * measured: fresh, counts · stale: older than its limit, does not count · void: contradicted by a finding, or its sensor is
 * off, does not count · assumed: nobody has entered it lately, the default counts · missing: never heard of, does not count.
 */
export type InputState = 'measured' | 'stale' | 'void' | 'assumed' | 'missing'

export interface News2Part {
  readonly state: InputState
  /** What it adds, or, of a stale or void one, what it would add; null where missing. */
  readonly points: Points | null
  /** null where missing or void. */
  readonly value: number | OxygenSupply | Consciousness | null
  /** Epoch ms; null where missing or assumed without any entry. */
  readonly at: number | null
  /** Since `at`. */
  readonly ageSeconds: number | null
  /** Of a void one: what contradicts it. */
  readonly why?: string
}

/** An alert that is open while the score is said. */
export interface OpenAlarm {
  readonly condition: string
  readonly priority: Priority
  /** Epoch ms. */
  readonly since: number
}

export interface News2Score {
  /** Of what is measured and assumed. */
  readonly total: number
  /** With the last points of what is stale: for telling "better" from "not known any more". */
  readonly totalWithStale: number
  readonly parts: Readonly<Record<News2Parameter, News2Part>>
  /** Parameters that score 3 by themselves. */
  readonly red: readonly News2Parameter[]
  /**
   * 0–4 low · 5–6 medium · 7 and more high. A red parameter asks for urgent review whatever the total. null: what is not
   * known could raise it, so no band is named.
   */
  readonly risk: 'low' | 'medium' | 'high' | null
  readonly stale: readonly News2Parameter[]
  readonly void: readonly News2Parameter[]
  readonly assumed: readonly News2Parameter[]
  readonly missing: readonly News2Parameter[]
  /** Nothing is stale, void, assumed or missing. Otherwise the true score may be higher than `total`. */
  readonly complete: boolean
  /** The worst first; without those that the score itself has raised. */
  readonly openAlarms: readonly OpenAlarm[]
}

export function news2(
  inputs: News2Inputs,
  now: number,
  options: News2Options = NEWS2_DEFAULTS,
  openAlarms: readonly OpenAlarm[] = [],
): News2Score {
  const oxygen = enteredPart(inputs.oxygen, options.assumedOxygen, OXYGEN_POINTS, now, options.maxAgeMs.oxygen)
  const supply = oxygen.value as OxygenSupply
  const measured = (
    parameter: 'respiration' | 'oxygenSaturation' | 'systolic' | 'pulse' | 'temperature',
    row: News2Row,
  ) => measuredPart(inputs[parameter], row, now, options.maxAgeMs[parameter])
  const parts: Record<News2Parameter, News2Part> = {
    respiration: measured('respiration', NEWS2_CHART.respiration),
    oxygenSaturation: measured('oxygenSaturation', spo2Row(options.scale, supply)),
    oxygen,
    systolic: measured('systolic', NEWS2_CHART.systolic),
    pulse: measured('pulse', NEWS2_CHART.pulse),
    consciousness: enteredPart(
      inputs.consciousness,
      'alert',
      CONSCIOUSNESS_POINTS,
      now,
      options.maxAgeMs.consciousness,
    ),
    temperature: measured('temperature', NEWS2_CHART.temperature),
  }
  const rows: Record<News2Parameter, readonly (News2Row | null)[]> = {
    ...{ respiration: [NEWS2_CHART.respiration], systolic: [NEWS2_CHART.systolic], pulse: [NEWS2_CHART.pulse] },
    ...{ temperature: [NEWS2_CHART.temperature], oxygen: [null], consciousness: [null] },
    // On scale 2 the points of a saturation depend on the oxygen, which may be other than assumed.
    oxygenSaturation:
      oxygen.state === 'assumed'
        ? [spo2Row(options.scale, 'air'), spo2Row(options.scale, 'oxygen')]
        : [spo2Row(options.scale, supply)],
  }
  const highest = (parameter: News2Parameter): number => {
    const { state, points, value } = parts[parameter]
    if (state === 'measured' && typeof value !== 'number') return points ?? 0
    if (state === 'measured') return Math.max(...rows[parameter].map((row) => (row ? pointsOf(row, Number(value)) : 0)))
    return parameter === 'oxygen' ? Math.max(...Object.values(OXYGEN_POINTS)) : 3
  }
  const inState = (state: InputState) => NEWS2_PARAMETERS.filter((parameter) => parts[parameter].state === state)
  const [stale, assumed, missing] = [inState('stale'), inState('assumed'), inState('missing')]
  const contradicted = inState('void')
  const counting = NEWS2_PARAMETERS.filter((one) => !stale.includes(one) && !contradicted.includes(one))
  const sum = (parameters: readonly News2Parameter[]) =>
    parameters.reduce((total, parameter) => total + (parts[parameter].points ?? 0), 0)
  const total = sum(counting)
  const red = counting.filter((parameter) => parts[parameter].points === 3)
  const most = NEWS2_PARAMETERS.reduce((all, parameter) => all + highest(parameter), 0)
  // More data could raise the total into the next band, or show a red parameter, which asks for more than a low score does.
  const couldBeRed = red.length === 0 && NEWS2_PARAMETERS.some((one) => parts[one].points !== 3 && highest(one) === 3)
  const risk = bandOf(total)
  const isCertain = bandOf(most) === risk && !(risk === 'low' && couldBeRed)
  return {
    total,
    totalWithStale: sum(NEWS2_PARAMETERS),
    parts,
    red,
    risk: isCertain ? risk : null,
    stale,
    void: contradicted,
    assumed,
    missing,
    complete: stale.length + assumed.length + missing.length + contradicted.length === 0,
    openAlarms,
  }
}

const bandOf = (total: number): 'low' | 'medium' | 'high' => (total >= 7 ? 'high' : total >= 5 ? 'medium' : 'low')

const LABELS: Readonly<Record<News2Parameter, string>> = {
  respiration: 'respiration',
  oxygenSaturation: 'oxygen saturation',
  oxygen: 'air or oxygen',
  systolic: 'systolic pressure',
  pulse: 'pulse',
  consciousness: 'consciousness',
  temperature: 'temperature',
}

/**
 * One line for people, e.g. `NEWS2 at least 3 (risk not known): respiration 3. Incomplete: temperature missing. Measured: respiration
 * 2 s ago. Open alarms: no breath (high).`
 */
export function describeNews2({ total, risk, red, parts, complete, openAlarms, ...gaps }: News2Score): string {
  const unknown = [...gaps.stale, ...gaps.void]
  const points = NEWS2_PARAMETERS.filter((one) => !unknown.includes(one) && (parts[one].points ?? 0) > 0)
    .map((parameter) => `${LABELS[parameter]} ${parts[parameter].points}`)
    .join(', ')
  const urgent = risk !== 'high' && red.length > 0 ? ', a single 3: urgent review' : ''
  const missing = [
    ...gaps.missing.map((parameter) => `${LABELS[parameter]} missing`),
    ...gaps.void.map((parameter) => `${LABELS[parameter]} not known (${words(parts[parameter].why ?? '')})`),
    ...gaps.stale.map((parameter) => `${LABELS[parameter]} too old`),
    ...gaps.assumed.map((parameter) => `${LABELS[parameter]} assumed ${parts[parameter].value}`),
  ]
  const ages = NEWS2_PARAMETERS.flatMap((parameter) => {
    const { ageSeconds } = parts[parameter]
    return ageSeconds === null ? [] : [`${LABELS[parameter]} ${ageOf(ageSeconds)}`]
  })
  const alarms = openAlarms.map(({ condition, priority }) => `${words(condition)} (${priority})`)
  return [
    `NEWS2 ${complete ? '' : 'at least '}${total} (${risk ?? 'risk not known'}${urgent})${points && `: ${points}`}.`,
    ...(complete ? [] : [`Incomplete: ${missing.join('; ')}.`]),
    ...(ages.length > 0 ? [`Ages: ${ages.join(', ')}.`] : []),
    ...(alarms.length > 0 ? [`Open alarms: ${alarms.join(', ')}.`] : []),
  ].join(' ')
}

const words = (name: string) => name.replaceAll('-', ' ')

const ageOf = (seconds: number) =>
  seconds < 120
    ? `${seconds} s`
    : seconds < 7200
      ? `${Math.floor(seconds / 60)} min`
      : `${Math.floor(seconds / 3600)} h`

const isFresh = (at: number, now: number, maxAgeMs: number) => now - at <= maxAgeMs

const ageSeconds = (at: number, now: number) => Math.max(0, Math.round((now - at) / 1000))

function measuredPart(input: Timed<number> | undefined, row: News2Row, now: number, maxAgeMs: number): News2Part {
  if (!input || !Number.isFinite(input.value))
    return { state: 'missing', points: null, value: null, at: null, ageSeconds: null }
  const { value, at, contradictedBy } = input
  const known = { points: pointsOf(row, value), at, ageSeconds: ageSeconds(at, now) }
  if (contradictedBy !== undefined) return { state: 'void', ...known, value: null, why: contradictedBy }
  return { state: isFresh(at, now, maxAgeMs) ? 'measured' : 'stale', ...known, value }
}

function enteredPart<Value extends OxygenSupply | Consciousness>(
  input: Timed<Value> | undefined,
  assumed: Value,
  points: Readonly<Record<Value, Points>>,
  now: number,
  maxAgeMs: number,
): News2Part {
  const at = input?.at ?? null
  const age = input ? ageSeconds(input.at, now) : null
  const fresh = input && isFresh(input.at, now, maxAgeMs) ? input.value : null
  const value = fresh ?? assumed
  return { state: fresh === null ? 'assumed' : 'measured', points: points[value], value, at, ageSeconds: age }
}
