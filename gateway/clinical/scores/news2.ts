/**
 * NEWS2, the National Early Warning Score 2, as pure functions over its published chart (`news2-chart.ts`). A score of what a
 * home can measure is often incomplete: what is missing, too old or assumed is always said with it, and the total is then a
 * lower bound.
 */
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
 * measured: fresh, counts · stale: older than its limit, does not count · assumed: nobody has entered it lately, the
 * default counts · missing: never heard of, does not count.
 */
export type InputState = 'measured' | 'stale' | 'assumed' | 'missing'

export interface News2Part {
  readonly state: InputState
  /** What it adds, or, of a stale one, what it would add; null where missing. */
  readonly points: Points | null
  readonly value: number | OxygenSupply | Consciousness | null
  /** Epoch ms; null where missing or assumed without any entry. */
  readonly at: number | null
}

export interface News2Score {
  /** Of what is measured and assumed. */
  readonly total: number
  /** With the last points of what is stale: for telling "better" from "not known any more". */
  readonly totalWithStale: number
  readonly parts: Readonly<Record<News2Parameter, News2Part>>
  /** Parameters that score 3 by themselves. */
  readonly red: readonly News2Parameter[]
  /** 0–4 low · 5–6 medium · 7 and more high. A red parameter asks for urgent review whatever the total. */
  readonly risk: 'low' | 'medium' | 'high'
  readonly stale: readonly News2Parameter[]
  readonly assumed: readonly News2Parameter[]
  readonly missing: readonly News2Parameter[]
  /** Nothing is stale, assumed or missing. Otherwise the true score may be higher than `total`. */
  readonly complete: boolean
}

export function news2(inputs: News2Inputs, now: number, options: News2Options = NEWS2_DEFAULTS): News2Score {
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
  const inState = (state: InputState) => NEWS2_PARAMETERS.filter((parameter) => parts[parameter].state === state)
  const [stale, assumed, missing] = [inState('stale'), inState('assumed'), inState('missing')]
  const counting = NEWS2_PARAMETERS.filter((parameter) => !stale.includes(parameter))
  const sum = (parameters: readonly News2Parameter[]) =>
    parameters.reduce((total, parameter) => total + (parts[parameter].points ?? 0), 0)
  const total = sum(counting)
  return {
    total,
    totalWithStale: sum(NEWS2_PARAMETERS),
    parts,
    red: counting.filter((parameter) => parts[parameter].points === 3),
    risk: total >= 7 ? 'high' : total >= 5 ? 'medium' : 'low',
    stale,
    assumed,
    missing,
    complete: stale.length + assumed.length + missing.length === 0,
  }
}

const LABELS: Readonly<Record<News2Parameter, string>> = {
  respiration: 'respiration',
  oxygenSaturation: 'oxygen saturation',
  oxygen: 'air or oxygen',
  systolic: 'systolic pressure',
  pulse: 'pulse',
  consciousness: 'consciousness',
  temperature: 'temperature',
}

/** One line for people, e.g. `NEWS2 at least 3 (low): respiration 3. Incomplete: temperature missing; consciousness assumed alert.` */
export function describeNews2({ total, risk, parts, complete, stale, assumed, missing }: News2Score): string {
  const scoring = NEWS2_PARAMETERS.filter(
    (parameter) => !stale.includes(parameter) && (parts[parameter].points ?? 0) > 0,
  )
  const points = scoring.map((parameter) => `${LABELS[parameter]} ${parts[parameter].points}`).join(', ')
  const head = `NEWS2 ${complete ? '' : 'at least '}${total} (${risk})${points && `: ${points}`}.`
  if (complete) return head
  const gaps = [
    ...missing.map((parameter) => `${LABELS[parameter]} missing`),
    ...stale.map((parameter) => `${LABELS[parameter]} too old`),
    ...assumed.map((parameter) => `${LABELS[parameter]} assumed ${parts[parameter].value}`),
  ]
  return `${head} Incomplete: ${gaps.join('; ')}.`
}

const isFresh = (at: number, now: number, maxAgeMs: number) => now - at <= maxAgeMs

function measuredPart(input: Timed<number> | undefined, row: News2Row, now: number, maxAgeMs: number): News2Part {
  if (!input || !Number.isFinite(input.value)) return { state: 'missing', points: null, value: null, at: null }
  const { value, at } = input
  return { state: isFresh(at, now, maxAgeMs) ? 'measured' : 'stale', points: pointsOf(row, value), value, at }
}

function enteredPart<Value extends OxygenSupply | Consciousness>(
  input: Timed<Value> | undefined,
  assumed: Value,
  points: Readonly<Record<Value, Points>>,
  now: number,
  maxAgeMs: number,
): News2Part {
  if (!input) return { state: 'assumed', points: points[assumed], value: assumed, at: null }
  const { value, at } = input
  if (isFresh(at, now, maxAgeMs)) return { state: 'measured', points: points[value], value, at }
  return { state: 'assumed', points: points[assumed], value: assumed, at }
}
