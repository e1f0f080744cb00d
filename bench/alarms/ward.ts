/**
 * Minute numerics through what judges values in the gateway: normalise, evaluate with its limits, delays, hysteresis and
 * technical inhibition, NEWS2, and the dispatcher with a doctor and a caregiver. In virtual time, second by second: a
 * row's values hold until the next row, and not beyond its minute.
 */
import type { SensorKind } from '#fhir/measurement.js'
import { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { type DispatchPolicy, policyOf } from '#gateway/alarms/dispatch/policy.js'
import { Evaluator } from '#gateway/clinical/evaluate/evaluate.js'
import { type Limit, limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Normaliser } from '#gateway/clinical/normalise/normaliser.js'
import { News2Watch } from '#gateway/clinical/scores/news2-watch.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { configSchema } from '#gateway/config/schema.js'
import type { AlertKind, AlertTransition, Priority } from '#gateway/model/alert.js'
import type { Reading } from '#gateway/model/reading.js'
import type { Cell, Column, Numerics, NumericsRow } from './numerics.js'

const SECOND_MS = 1000
const MINUTE_MS = 60_000
export const START = Date.UTC(2026, 0, 1)

export interface Alarm {
  readonly condition: string
  readonly kind: AlertKind
  readonly priority: Priority
  /** Minute of the recording in which it was raised. */
  readonly at: number
  /** The same, epoch ms on the bench's clock. */
  readonly raisedAt: number
  /** Minutes from the raising to the end; null: it lasted to the end of the recording. */
  readonly lasted: number | null
  /** Whether the doctor was told of it at high priority. */
  readonly woke: boolean
  readonly why: string
}

export interface WardResult {
  readonly patientDays: number
  /** Oldest first. */
  readonly alarms: readonly Alarm[]
  /** Values that no living body gives: kept by the gateway, never alarmed on. */
  readonly implausible: number
}

/**
 * The default limits. Those of the pressure are a cuff's, where one reading raises; an arterial line measures all the time, so
 * its pressure must stay beyond them for the five minutes after which a crisis is confirmed by a repeat.
 */
export function limitsFor({ rows }: Numerics): readonly Limit[] {
  const arterial = rows.some((row) => row.cell('arterialSystolic').state === 'value')
  const limits = limitsInForce()
  if (!arterial) return limits
  return limits.map((limit) => (limit.observable === 'bloodPressure' ? { ...limit, delaySeconds: 300 } : limit))
}

export function runWard(numerics: Numerics, limits: readonly Limit[] = limitsFor(numerics)): WardResult {
  const ward = new Ward(limits)
  const first = numerics.rows[0]?.minute ?? 0
  for (const [index, row] of numerics.rows.entries()) {
    const next = numerics.rows[index + 1]?.minute ?? row.minute + 1
    const readings = readingsOf(row, numerics.columns)
    for (let minute = row.minute; minute < next; minute++)
      ward.minute(START + (minute - first) * MINUTE_MS, minute === row.minute ? readings : [])
  }
  return {
    patientDays: numerics.rows.length / 1440,
    alarms: ward.alarms((at) => first + Math.floor((at - START) / MINUTE_MS)),
    implausible: ward.implausible,
  }
}

/** A doctor who is told of what is high or medium, a caregiver at home who is told of all: what roles are told by default. */
function typicalPolicy(): DispatchPolicy {
  const webhook = (name: string) => ({ type: 'webhook', name, url: 'http://127.0.0.1/' })
  const alerts = configSchema.shape.alerts.parse({
    channels: [webhook('doctor-push'), webhook('caregiver-push')],
    contacts: [
      { id: DOCTOR, role: 'doctor', channel: 'doctor-push' },
      { id: 'caregiver-1', role: 'caregiver', channel: 'caregiver-push' },
    ],
  })
  return policyOf(alerts, () => 0)
}
const DOCTOR = 'doctor-1'

export class Ward {
  readonly #normaliser = new Normaliser({ patient: 'patient' })
  readonly #evaluator: Evaluator
  readonly #delays: ReadonlyMap<string, number>
  readonly #dispatcher = new Dispatcher(typicalPolicy())
  readonly #news2 = new News2Watch()
  readonly #episodes = new Map<string, { raised: AlertTransition; clearedAt: number | null; woke: boolean }>()
  implausible = 0

  constructor(limits: readonly Limit[]) {
    this.#evaluator = new Evaluator({ limits })
    this.#delays = new Map(limits.map(({ condition, delaySeconds }) => [condition, delaySeconds * SECOND_MS]))
  }

  minute(start: number, readings: readonly Omit<Reading, 'at'>[]): void {
    for (let now = start; now < start + MINUTE_MS; now += SECOND_MS) {
      // A cuff measures once, not each second.
      this.second(now, now > start ? readings.filter(({ spot }) => !spot) : readings, now === start)
    }
  }

  /** @param isNew the readings are not those of the second before */
  second(now: number, readings: readonly Omit<Reading, 'at'>[], isNew = true): void {
    for (const reading of readings) this.#see({ ...reading, at: now }, now, isNew)
    this.#take(this.#evaluator.tick(now), now)
    for (const finding of this.#news2.tick(now)) this.#take(this.#evaluator.finding(finding, now), now)
    this.#dispatcher.tick(now)
  }

  alarms(minuteOf: (at: number) => number): Alarm[] {
    return [...this.#episodes.values()].map(({ raised, clearedAt, woke }) => {
      const { condition, kind, priority, raisedAt } = raised
      const lasted = clearedAt === null ? null : Math.round((clearedAt - raisedAt) / MINUTE_MS)
      const since = minuteOf(raisedAt - (this.#delays.get(condition) ?? 0))
      const at = minuteOf(raisedAt)
      return { condition, kind, priority, at, raisedAt, lasted, woke, why: words(raised, since, lasted) }
    })
  }

  #see(reading: Reading, now: number, isNew: boolean): void {
    const { judged, signals } = this.#normaliser.accept(reading, now)
    for (const one of judged) {
      if (isNew && one.measurement.quality === 'implausible') this.implausible++
      this.#news2.see(one, now)
      this.#take(this.#evaluator.see(one, now), now)
    }
    for (const signal of signals) this.#take(this.#evaluator.signal(signal, !signal.spot, now), now)
  }

  #take(transitions: readonly AlertTransition[], now: number): void {
    this.#news2.note(transitions)
    for (const transition of transitions) {
      const { alertId, state } = transition
      const episode = this.#episodes.get(alertId)
      if (episode && state === 'cleared') episode.clearedAt = now
      if (!episode) this.#episodes.set(alertId, { raised: transition, clearedAt: null, woke: false })
    }
    for (const { alertId, contact, reason } of this.#dispatcher.take(transitions, now).notifications) {
      const episode = this.#episodes.get(alertId)
      if (!episode || contact !== DOCTOR || (reason !== 'raised' && reason !== 'escalated')) continue
      const { kind, priority } = episode.raised
      if (kind === 'physiological' && priority === 'high') episode.woke = true
    }
  }
}

/**
 * A row as the readings of one device. Heart rate and pulse are one number to the gateway: the ECG's where it is there,
 * else the oximeter's; its probe is off only when both are.
 */
function readingsOf(row: NumericsRow, columns: readonly Column[]): Omit<Reading, 'at'>[] {
  const has = (column: Column) => columns.includes(column)
  const readings: Omit<Reading, 'at'>[] = []
  const add = (sensor: SensorKind, value: Reading['value'], status: Reading['status'], spot = false) => {
    readings.push({ sensor, deviceId: 'monitor', status, value, remarks: [], ...(spot && { spot }) })
  }
  const quantity = (sensor: SensorKind, unit: string, cells: readonly Cell[]) => {
    const given = cells.find((cell) => cell.state === 'value')
    if (given) add(sensor, { type: 'number', value: given.value, unit }, 'ok')
    else if (cells.some(({ state }) => state === 'off')) add(sensor, { type: 'none' }, 'off')
  }
  const pressure = (systolic: Cell, diastolic: Cell, spot: boolean) => {
    if (systolic.state === 'value' && diastolic.state === 'value') {
      const value = { systolic: systolic.value, diastolic: diastolic.value }
      add('bloodPressure', { type: 'bloodPressure', ...value, unit: 'mm[Hg]' }, 'ok', spot)
    } else if (systolic.state === 'off' || diastolic.state === 'off')
      add('bloodPressure', { type: 'none' }, 'off', spot)
  }
  quantity('pulse', '/min', [row.cell('heartRate'), row.cell('pulse')])
  quantity('airflow', '/min', [row.cell('respiration')])
  quantity('spo2', '%', [row.cell('saturation')])
  quantity('bodyTemperature', 'Cel', [row.cell('temperature')])
  if (has('arterialSystolic') && has('arterialDiastolic'))
    pressure(row.cell('arterialSystolic'), row.cell('arterialDiastolic'), false)
  if (has('cuffSystolic') && has('cuffDiastolic')) pressure(row.cell('cuffSystolic'), row.cell('cuffDiastolic'), true)
  return readings
}

const NUMBERS = {
  pulseRate: ['pulse', '/min'],
  oxygenSaturation: ['oxygen saturation', '%'],
  respiratoryRate: ['respiration', '/min'],
  bodyTemperature: ['temperature', '°C'],
  bloodPressure: ['blood pressure', 'mmHg'],
} as const
const COMPARED = { '<': 'below', '<=': 'at or below', '>': 'above', '>=': 'at or above' } as const

function words(
  { condition, kind, observable, value, limit }: AlertTransition,
  since: number,
  lasted: number | null,
): string {
  const held = lasted === null ? 'to the end of the recording' : lasted === 0 ? 'less than a minute' : `${lasted} min`
  if (kind === 'technical') return `${technicalWords(condition)} since minute ${since}, for ${held}`
  if (limit === undefined || value === undefined)
    return `${condition.replaceAll('-', ' ')} since minute ${since}, for ${held}`
  if (observable === undefined)
    return `NEWS2 at least ${value} points, ${COMPARED[limit.comparator]} ${limit.value}, since minute ${since}, for ${held}`
  const [name, unit] = NUMBERS[observable as keyof typeof NUMBERS] ?? [observable, '']
  const part = condition.includes('systolic') ? 'systolic ' : condition.includes('diastolic') ? 'diastolic ' : ''
  return `${part}${name} ${value} ${unit}, ${COMPARED[limit.comparator]} the limit of ${limit.value} ${unit}, since minute ${since}, for ${held}`
}

function technicalWords(condition: string): string {
  const [, what, kebab = ''] = /^(probe-off|sensor-fault|silent|flat-line)-(.+)$/.exec(condition) ?? []
  const sensor = Object.values(sensorDefinitions).find(
    ({ kind }) => kind.toLowerCase() === kebab.replaceAll('-', '').toLowerCase(),
  )
  const label = sensor?.label ?? kebab.replaceAll('-', ' ')
  if (what === 'probe-off') return `${label}: the monitor wrote 0, the probe is off,`
  if (what === 'silent') return `${label}: no value`
  return condition.replaceAll('-', ' ')
}
