/**
 * A quiet patient, second by second, with events put in by hand: how soon each is alarmed on, which are missed, and what is alarmed
 * on between them. The noise is seeded: the same run each time.
 */
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import type { Priority } from '#gateway/model/alert.js'
import type { Reading } from '#gateway/model/reading.js'
import { type Alarm, START, Ward } from './ward.js'

const SECOND_MS = 1000
/** Quiet time before, and after, each event, s: what an event causes is over then. */
const BETWEEN_S = 900

type Vitals = Partial<Record<'pulse' | 'spo2' | 'airflow' | 'bodyTemperature', number | Reading['status']>>
type Part = Omit<Reading, 'at'>

interface SeededEvent {
  readonly name: string
  /** Any of these, at this priority or a worse one. */
  readonly conditions: readonly string[]
  readonly priority: Priority
  /** From the moment that counts: `from`, s after the event's beginning. */
  readonly withinS: number
  readonly from?: number
  readonly lastsS: number
  /** What is other than usual in a second of it. */
  readonly vitals?: (second: number) => Vitals
  readonly once?: Part
}

const meter = (value: number, comparator?: '<' | '>'): Part => ({
  ...{ sensor: 'glucose', deviceId: 'meter', status: 'ok', spot: true, remarks: [] },
  value: { type: 'number', value, unit: 'mg/dL', ...(comparator && { comparator }) },
})
const cuff = (systolic: number, diastolic: number): Part => ({
  ...{ sensor: 'bloodPressure', deviceId: 'cuff', status: 'ok', spot: true, remarks: [] },
  value: { type: 'bloodPressure', systolic, diastolic, unit: 'mm[Hg]' },
})
const event = (
  name: string,
  conditions: string | readonly string[],
  priority: Priority,
  withinS: number,
  rest: Omit<SeededEvent, 'name' | 'conditions' | 'priority' | 'withinS'>,
): SeededEvent => ({ name, conditions: [conditions].flat(), priority, withinS, ...rest })

export const EVENTS: readonly SeededEvent[] = [
  event('oxygen falls to 82 %', ['critically-low-oxygen-saturation', 'low-oxygen-saturation'], 'high', 30, {
    ...{ lastsS: 180, from: 36, vitals: (s: number) => ({ spo2: Math.max(82, 97 - s / 4) }) },
  }),
  event('oxygen of 90 % that lasts', 'reduced-oxygen-saturation', 'medium', 150, {
    ...{ lastsS: 300, vitals: () => ({ spo2: 90 }) },
  }),
  event('oxygen of 87 %', 'low-oxygen-saturation', 'high', 20, { lastsS: 120, vitals: () => ({ spo2: 87 }) }),
  event('pulse of 40', 'low-pulse-rate', 'high', 20, { lastsS: 120, vitals: () => ({ pulse: 40 }) }),
  event('pulse of 145', 'high-pulse-rate', 'high', 20, { lastsS: 120, vitals: () => ({ pulse: 145 }) }),
  event('pulse of 22 and 34 % of oxygen', 'critically-low-oxygen-saturation', 'high', 15, {
    ...{ lastsS: 45, vitals: () => ({ pulse: 22, spo2: 34 }) },
  }),
  event('six breaths a minute', 'low-respiratory-rate', 'high', 130, { lastsS: 240, vitals: () => ({ airflow: 6 }) }),
  event('thirty breaths a minute', 'high-respiratory-rate', 'high', 130, {
    ...{ lastsS: 240, vitals: () => ({ airflow: 30 }) },
  }),
  event('39.5 °C', 'high-body-temperature', 'high', 40, { lastsS: 300, vitals: () => ({ bodyTemperature: 39.5 }) }),
  event('35.0 °C', 'low-body-temperature', 'high', 40, { lastsS: 300, vitals: () => ({ bodyTemperature: 35 }) }),
  event('oxygen is lost while it falls', 'lost-while-falling-spo2', 'medium', 5, {
    ...{ lastsS: 540, from: 180 },
    vitals: (s) => ({ spo2: s < 60 ? 97.6 : s < 120 ? 95.2 : s < 180 ? 93.6 : 0 }),
  }),
  event('oxygen is lost at 88 %', 'lost-while-falling-spo2', 'high', 5, {
    ...{ lastsS: 120, from: 8, vitals: (s: number) => ({ spo2: s < 8 ? 88 : 'off' }) },
  }),
  event('a probe shakes at 87 %', ['low-oxygen-saturation', 'lost-while-falling-spo2'], 'high', 60, {
    ...{ lastsS: 180, vitals: (s: number) => ({ spo2: s % 5 < 3 ? 87 : 'acquiring' }) },
  }),
  event('impossible oxygen', 'check-probe-spo2', 'medium', 20, { lastsS: 45, vitals: () => ({ spo2: 127 }) }),
  event('impossible oxygen for two minutes', 'unreadable-spo2', 'high', 65, {
    ...{ lastsS: 120, vitals: () => ({ spo2: 127 }) },
  }),
  event('impossible pulse beside six breaths a minute', 'unreadable-pulse', 'high', 5, {
    ...{ lastsS: 300, from: 200, vitals: (s: number) => ({ airflow: 6, ...(s >= 200 && { pulse: 511 }) }) },
  }),
  event('no oxygen value for 45 minutes', 'no-trusted-value-spo2', 'medium', 1830, {
    ...{ lastsS: 2700, vitals: () => ({ spo2: 'off' as const }) },
  }),
  event('glucose HI', 'high-glucose', 'high', 1, { lastsS: 1, once: meter(600, '>') }),
  event('glucose 601', 'high-glucose', 'high', 1, { lastsS: 1, once: meter(601) }),
  event('glucose LO', 'low-glucose', 'high', 1, { lastsS: 1, once: meter(10, '<') }),
  event('glucose 45', 'low-glucose', 'high', 1, { lastsS: 1, once: meter(45) }),
  event('pressure of 226/126', 'systolic-pressure-crisis', 'high', 1, { lastsS: 1, once: cuff(226, 126) }),
  event('pressure of 85/50', 'low-systolic-pressure', 'high', 1, { lastsS: 1, once: cuff(85, 50) }),
]

export interface SeededResult {
  readonly patientDays: number
  readonly events: readonly { readonly name: string; readonly seconds: number | null }[]
  readonly missed: readonly string[]
  /** Alarms of the quiet time between the events. */
  readonly other: readonly Alarm[]
}

export function runSeeded(events: readonly SeededEvent[] = EVENTS, seed = 1): SeededResult {
  const ward = new Ward(limitsInForce())
  const random = mulberry32(seed)
  const noise = (spread: number) => spread * (random() + random() + random() - 1.5)
  let now = START
  const spans: { readonly seeded: SeededEvent; readonly begin: number; readonly end: number }[] = []
  const run = (seconds: number, vitals: (second: number) => Vitals = () => ({}), once?: Part) => {
    for (let s = 0; s < seconds; s++, now += SECOND_MS) {
      const usual = {
        pulse: 68 + noise(3),
        spo2: 96.5 + noise(1),
        airflow: 15 + noise(2),
        bodyTemperature: 36.7 + noise(0.1),
      }
      ward.second(now, [...partsOf({ ...usual, ...vitals(s) }), ...(once && s === 0 ? [once] : [])])
    }
  }
  run(BETWEEN_S)
  for (const seeded of events) {
    const begin = now
    run(seeded.lastsS, seeded.vitals, seeded.once)
    const end = now
    // A meter, or a cuff, measures usual values again.
    run(BETWEEN_S, undefined, seeded.once && (seeded.once.sensor === 'glucose' ? meter(110) : cuff(128, 76)))
    spans.push({ seeded, begin, end: end + BETWEEN_S * SECOND_MS })
  }
  const alarms = ward.alarms((at) => Math.floor((at - START) / 60_000))
  const told = spans.map(({ seeded, begin, end }) => {
    const from = begin + (seeded.from ?? 0) * SECOND_MS
    const first = alarms.find(
      ({ condition, priority, raisedAt }) =>
        seeded.conditions.includes(condition) &&
        raisedAt >= begin &&
        raisedAt < end &&
        RANK[priority] <= RANK[seeded.priority],
    )
    const seconds = first ? Math.max(0, (first.raisedAt - from) / SECOND_MS) : null
    return { name: seeded.name, seconds, late: seconds === null || seconds > seeded.withinS }
  })
  const isQuiet = ({ raisedAt }: Alarm) => !spans.some(({ begin, end }) => raisedAt >= begin && raisedAt < end)
  return {
    patientDays: (now - START) / 86_400_000,
    events: told.map(({ name, seconds }) => ({ name, seconds })),
    missed: told.filter(({ late }) => late).map(({ name }) => name),
    other: alarms.filter(isQuiet),
  }
}

const RANK: Readonly<Record<Priority, number>> = { high: 0, medium: 1, low: 2 }
const UNITS = { pulse: '/min', spo2: '%', airflow: '/min', bodyTemperature: 'Cel' } as const

function partsOf(vitals: Vitals): Part[] {
  return (Object.keys(UNITS) as (keyof typeof UNITS)[]).flatMap((sensor): Part[] => {
    const said = vitals[sensor]
    if (said === undefined) return []
    const base = { sensor, deviceId: 'kit-1', remarks: [] }
    if (typeof said === 'string') return [{ ...base, status: said, value: { type: 'none' } }]
    return [{ ...base, status: 'ok', value: { type: 'number', value: said, unit: UNITS[sensor] } }]
  })
}

/** A small generator of uniform numbers (mulberry32, public domain). */
function mulberry32(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = Math.imul(state ^ (state >>> 15), state | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}
