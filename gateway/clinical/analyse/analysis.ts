/**
 * analyse: what signals say beyond their samples: rates, rhythm, breath, falls, and how far each can be believed. Between
 * normalise and evaluate; no I/O and no clock: `now` comes with each call, and never falls.
 */
import type { SensorKind } from '#fhir/measurement.js'
import type { Finding } from '#gateway/clinical/limits/findings.js'
import type { Judged, Normalised } from '#gateway/clinical/normalise/judged.js'
import type { Normaliser } from '#gateway/clinical/normalise/normaliser.js'
import { type Agreement, PULSE_ECG_DISAGREE, PulseAgreement } from '#gateway/clinical/signals/pulse-agreement.js'
import type { Reading } from '#gateway/model/reading.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { BreathingWatch } from './breathing-watch.js'
import { EcgWatch } from './ecg-watch.js'
import { MotionWatch } from './motion-watch.js'
import { MuscleWatch } from './muscle-watch.js'
import { ANALYSIS_DEFAULTS, type AnalysisOptions } from './options.js'
import type { Said, SignalWatch, Surroundings } from './signal-watch.js'
import { SkinWatch } from './skin-watch.js'

/** A sensor that is silent for so long is gone, with everything that was learnt of it. */
const GONE_MS = 10 * 60_000
/** A pulse is seen while an oximeter shows one, and for so long after. */
const PULSE_FRESH_MS = 5000
/**
 * An oximeter averages over some seconds and holds its number about as long (IEC/ISO 80601-2-61 asks for both to be disclosed;
 * eight seconds are a usual setting). What it shows sooner than this after an onset may be of beats before it.
 */
const PULSE_LAG_MS = 8000

const WATCHES: Partial<Record<SensorKind, (surroundings: Surroundings) => SignalWatch>> = {
  ecg: (surroundings) => new EcgWatch(surroundings),
  airflow: () => new BreathingWatch(),
  position: (surroundings) => new MotionWatch(surroundings),
  emg: () => new MuscleWatch(),
  gsr: (surroundings) => new SkinWatch(surroundings),
}

interface Watched {
  readonly deviceId: string
  readonly sensor: SensorKind
  readonly watch: SignalWatch
  heardAt: number
}

export interface Analysed {
  readonly judged: readonly Judged[]
  readonly findings: readonly Finding[]
  readonly technical: readonly SystemCondition[]
}

export class Analysis {
  readonly #normaliser: Pick<Normaliser, 'rowOf' | 'calibrationOf'>
  readonly #watched = new Map<string, Watched>()
  readonly #agreement = new PulseAgreement()
  readonly #surroundings: Surroundings
  #pulseSeenAt = Number.NEGATIVE_INFINITY
  #options: AnalysisOptions

  constructor(normaliser: Pick<Normaliser, 'rowOf' | 'calibrationOf'>, options: AnalysisOptions = ANALYSIS_DEFAULTS) {
    this.#normaliser = normaliser
    this.#options = options
    this.#surroundings = {
      pulseSince: (onset, now) => now - this.#pulseSeenAt <= PULSE_FRESH_MS && this.#pulseSeenAt - onset > PULSE_LAG_MS,
      pulseSeen: (now) => now - this.#pulseSeenAt <= PULSE_FRESH_MS,
      calibrationOf: (deviceId) => normaliser.calibrationOf(deviceId),
      options: () => this.#options,
    }
  }

  accept(reading: Reading, { judged, signals }: Normalised, now: number): Analysed {
    const technical = judged.flatMap((one) => this.#pulse(one, now))
    const watched = this.#watchedOf(reading, now)
    if (!watched) return { judged: [], findings: [], technical }
    const said = watched.watch.push(reading, signals[0]?.state ?? 'ok', now)
    const concluded = this.#judgedOf(reading, said)
    technical.push(...said.technical, ...concluded.flatMap((one) => this.#heartRate(one, now)))
    const measurement = concluded.at(-1)?.measurement.identifier
    return {
      judged: concluded,
      findings: measurement ? said.findings.map((finding) => ({ ...finding, measurement })) : said.findings,
      technical,
    }
  }

  /** Frees what is gone. */
  tick(now: number): Analysed {
    const technical = this.#free(({ heardAt }) => now - heardAt > GONE_MS)
    return { judged: [], findings: [], technical: [...technical, ...disagreement(this.#agreement.tick(now))] }
  }

  /** The device started anew: nothing it says continues what it said. */
  restart(deviceId: string): void {
    for (const watched of this.#watched.values()) if (watched.deviceId === deviceId) watched.watch.restart()
  }

  /** Holds at once: the analysers that it concerns begin anew. Alerts that they raised stay until they know better. */
  setOptions(options: AnalysisOptions): Analysed {
    const before = this.#options
    this.#options = options
    const changed = (part: keyof AnalysisOptions) => JSON.stringify(before[part]) !== JSON.stringify(options[part])
    const technical = this.#free(
      ({ sensor }) => (sensor === 'ecg' && changed('ecg')) || (sensor === 'position' && changed('fall')),
    )
    return { judged: [], findings: [], technical }
  }

  /** A device, or one of its sensors, sends nothing more. */
  end(deviceId: string, sensor?: SensorKind): Analysed {
    const technical = this.#free(
      (watched) => watched.deviceId === deviceId && (sensor === undefined || watched.sensor === sensor),
    )
    return { judged: [], findings: [], technical }
  }

  #free(isGone: (watched: Watched) => boolean): SystemCondition[] {
    return [...this.#watched].flatMap(([key, watched]) => {
      if (!isGone(watched)) return []
      this.#watched.delete(key)
      return watched.watch.end()
    })
  }

  #watchedOf({ deviceId, sensor, value }: Reading, now: number): Watched | null {
    const key = `${deviceId} ${sensor}`
    let watched = this.#watched.get(key)
    if (!watched) {
      const create = WATCHES[sensor]
      if (!create || (value.type !== 'samples' && value.type !== 'acceleration')) return null
      watched = { deviceId, sensor, watch: create(this.#surroundings), heardAt: now }
      this.#watched.set(key, watched)
    }
    watched.heardAt = now
    return watched
  }

  #judgedOf(reading: Reading, { conclusions }: Said): Judged[] {
    if (conclusions.length === 0) return []
    const row = this.#normaliser.rowOf(reading)
    return conclusions.map(({ observable, at, judgement, secondsSinceBreath, shownOnly }) => ({
      ...row.judged(observable, { ...reading, at, remarks: [] }, judgement),
      ...(secondsSinceBreath !== undefined && { secondsSinceBreath }),
      ...(shownOnly && { stored: false }),
    }))
  }

  #pulse({ measurement, superseded, held }: Judged, now: number): SystemCondition[] {
    const { observable, sensor, value, quality, deviceTime } = measurement
    // A cuff's pulse belongs to the time at which somebody measured.
    if (observable !== 'pulseRate' || sensor === 'bloodPressure' || superseded || held || deviceTime !== undefined)
      return []
    const rate = value.type === 'quantity' && quality !== 'implausible' ? value.value : null
    if (rate !== null) this.#pulseSeenAt = now
    return disagreement(this.#agreement.pulse(now, rate))
  }

  #heartRate({ measurement: { observable, value, quality } }: Judged, now: number): SystemCondition[] {
    if (observable !== 'heartRate') return []
    const believed = value.type === 'quantity' && quality === 'good'
    return disagreement(this.#agreement.ecg(now, believed ? value.value : null))
  }
}

/** Nothing is said while the two cannot be compared. */
function disagreement(state: Agreement): SystemCondition[] {
  if (state === 'unknown') return []
  return [{ condition: PULSE_ECG_DISAGREE, priority: 'low', delayMs: 0, present: state === 'disagree' }]
}
