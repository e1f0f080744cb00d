/** Makes virtual patients: a script of slow changes, and one seeded body whose beat and breath drive every waveform. */
import type { BodyPosition } from '#fhir/measurement.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { apnoeic, desaturation } from './apnoea.js'
import { Cycles } from './cycles.js'
import { FALL_MS, falling } from './fall.js'
import { Heart } from './heart.js'
import { Muscle } from './muscle.js'
import { signed, smoothNoise, stream } from './noise.js'
import type { VirtualPatient, Vitals } from './patient.js'
import { GRAVITY, TURN_MS, turning, type Vector } from './posture.js'
import { entryAt, type Rhythm, type Script, type ScriptedVital, valueAt } from './script.js'
import { findScript, SCRIPTS } from './scripts.js'

export { SCRIPTS } from './scripts.js'

/** How far each vital sign wanders around its script, and in about what time. */
const WANDER: Readonly<Record<ScriptedVital, { readonly amplitude: number; readonly ms: number }>> = {
  pulse: { amplitude: 0.8, ms: 6000 },
  spo2: { amplitude: 0.25, ms: 8000 },
  respiratoryRate: { amplitude: 0.4, ms: 9000 },
  temperature: { amplitude: 0.02, ms: 20_000 },
  systolic: { amplitude: 1.5, ms: 11_000 },
  diastolic: { amplitude: 1, ms: 13_000 },
  glucose: { amplitude: 0.8, ms: 30_000 },
  skinConductance: { amplitude: 0.12, ms: 3000 },
}

const ECG_BASELINE_VOLTS = 2.5
/** The baseline follows the breath, as in the paper cited in ecg.ts. */
const ECG_WANDER_VOLTS = 0.05
const ECG_NOISE_VOLTS = 0.004
/** Part of a breath spent breathing in. */
const INSPIRATION = 0.4
const AIRFLOW_REST_VOLTS = 0.2
const AIRFLOW_PEAK_VOLTS = 2.5
/** The blood's oxygen cannot be told any more below this. % */
const LOWEST_SPO2 = 40
/** Two steps a second. */
const STEP_MS = 500

/** A patient whose heart can be looked at: ECG, pulse and pressure come from the same beats. */
export interface BeatingPatient extends VirtualPatient {
  /** mm[Hg] in an artery of the arm: each R wave's pulse follows it by about 0.2 s. */
  arterialPressure(t: number): number
  /** The beat at `t`: its number, its R wave and the length to the next, ms, and its rhythm. */
  beat(t: number): { readonly index: number; readonly start: number; readonly length: number; readonly rhythm: Rhythm }
}

/**
 * @param options.script a name of SCRIPTS @param options.seed a whole number; the same gives the same body
 * @throws HomebeatError `usage.script`
 */
export function createPatient(options: { script: string; seed: number }): BeatingPatient {
  const script = findScript(options.script)
  if (!script) {
    const names = SCRIPTS.map((known) => known.name).join(', ')
    throw new HomebeatError('usage.script', `There is no patient script of that name; choose one of: ${names}.`)
  }
  return patientOf(script, options.seed)
}

/** The same with a script of one's own. */
export const patientOf = (script: Script, seed: number): BeatingPatient => new ScriptedPatient(script, seed)

class ScriptedPatient implements BeatingPatient {
  readonly #script: Script
  readonly #seeds: Readonly<Record<ScriptedVital, number>>
  readonly #ecgNoise: number
  readonly #airflowNoise: number
  readonly #motion: number
  readonly #muscle: Muscle
  readonly #breaths: Cycles
  readonly #heart: Heart

  constructor(script: Script, seed: number) {
    this.#script = script
    const keys = Object.keys(WANDER) as ScriptedVital[]
    this.#seeds = Object.fromEntries(keys.map((key) => [key, stream(seed, key)])) as Record<ScriptedVital, number>
    this.#ecgNoise = stream(seed, 'ecg-noise')
    this.#airflowNoise = stream(seed, 'airflow-noise')
    this.#motion = stream(seed, 'motion')
    this.#muscle = new Muscle(stream(seed, 'muscle'))
    const breathSeed = stream(seed, 'breath')
    // No two breaths are quite alike.
    this.#breaths = new Cycles((index, start) => {
      return (60_000 / this.#vital('respiratoryRate', Math.max(0, start))) * (1 + 0.04 * signed(breathSeed, index))
    }, -1500)
    this.#heart = new Heart({
      script,
      seed: stream(seed, 'beat'),
      rate: (t) => this.#vital('pulse', t),
      chest: (t) => this.#chest(t),
    })
  }

  vitals(t: number): Vitals {
    const at = Math.max(0, t)
    const beating = this.#heart.beating(at)
    const { apnoea } = this.#script
    const spo2 = this.#vital('spo2', at) - (apnoea ? desaturation(apnoea, at) : 0)
    return {
      pulse: beating ? this.#vital('pulse', at) : 0,
      spo2: Math.min(100, Math.max(LOWEST_SPO2, spo2)),
      respiratoryRate: this.#breathing(at) ? this.#vital('respiratoryRate', at) : 0,
      temperature: this.#vital('temperature', at),
      systolic: beating ? this.#vital('systolic', at) : this.arterialPressure(at),
      diastolic: beating ? this.#vital('diastolic', at) : this.arterialPressure(at),
      glucose: this.#vital('glucose', at),
      skinConductance: this.#vital('skinConductance', at),
      position: this.#position(at).now,
    }
  }

  arterialPressure(t: number): number {
    const at = Math.max(0, t)
    return this.#heart.pressure(at, this.#vital('systolic', at), this.#vital('diastolic', at))
  }

  beat(t: number) {
    const cycle = this.#heart.cycle(Math.max(0, t))
    return { ...cycle, rhythm: this.#heart.rhythm(Math.max(0, cycle.start)) }
  }

  ecg(t: number): number {
    const at = Math.max(0, t)
    const noise = ECG_NOISE_VOLTS * signed(this.#ecgNoise, Math.floor(at * 4))
    return ECG_BASELINE_VOLTS + this.#heart.ecg(at) + ECG_WANDER_VOLTS * (this.#chest(at) - 0.5) + noise
  }

  emg(t: number): number {
    return this.#muscle.at(Math.max(0, t))
  }

  airflow(t: number): number {
    const at = Math.max(0, t)
    this.#breaths.seek(at)
    const phase = this.#breaths.phase(at)
    const noise = 0.01 * signed(this.#airflowNoise, Math.floor(at))
    if (phase < INSPIRATION || !this.#breathing(at)) return AIRFLOW_REST_VOLTS + noise
    // A nasal thermocouple is warmed by the breath that leaves.
    const depth = 1 + 0.1 * signed(this.#airflowNoise, -1 - this.#breaths.index)
    const flow = Math.sin((Math.PI * (phase - INSPIRATION)) / (1 - INSPIRATION))
    return AIRFLOW_REST_VOLTS + (AIRFLOW_PEAK_VOLTS - AIRFLOW_REST_VOLTS) * depth * flow + noise
  }

  acceleration(t: number): readonly [number, number, number] {
    const at = Math.max(0, t)
    const [x, y, z] = this.#gravity(at)
    const breath = this.#chest(at) - 0.5
    const cell = Math.floor(at) * 3
    const step = this.#script.movement ? valueAt(this.#script.movement, at) : 0
    const sway = step === 0 ? 0 : step * Math.sin((2 * Math.PI * at) / STEP_MS)
    return [
      x + 0.004 * signed(this.#motion, cell) + 0.4 * sway,
      y + 0.02 * breath + 0.004 * signed(this.#motion, cell + 1) + sway,
      z + 0.015 * breath + 0.004 * signed(this.#motion, cell + 2) + 0.3 * sway,
    ]
  }

  #gravity(t: number): Vector {
    const { before, now, since } = this.#position(t)
    const fall = this.#script.falls?.find((seconds) => t >= seconds * 1000 && t < seconds * 1000 + FALL_MS)
    if (fall !== undefined) {
      // Whoever falls lies as soon as they land: the turn belongs to the fall.
      const from = since < FALL_MS ? before : now
      return falling(GRAVITY[from], GRAVITY[now], t - fall * 1000)
    }
    const fell = this.#script.falls?.some((seconds) => t >= seconds * 1000 && t - seconds * 1000 < FALL_MS + TURN_MS)
    if (since >= TURN_MS || fell) return GRAVITY[now]
    return turning(GRAVITY[before], GRAVITY[now], since / TURN_MS)
  }

  #vital(key: ScriptedVital, t: number): number {
    const { amplitude, ms } = WANDER[key]
    return valueAt(this.#script.vitals[key], t) + amplitude * smoothNoise(this.#seeds[key], t / ms)
  }

  #breathing(t: number): boolean {
    const { apnoea } = this.#script
    return !apnoea || !apnoeic(apnoea, t)
  }

  /** How full the chest is, 0 to 1. */
  #chest(t: number): number {
    const at = Math.max(0, t)
    if (!this.#breathing(at)) return 0
    this.#breaths.seek(at)
    const phase = this.#breaths.phase(at)
    const turn = phase < INSPIRATION ? phase / INSPIRATION : 1 + (phase - INSPIRATION) / (1 - INSPIRATION)
    return (1 - Math.cos(Math.PI * turn)) / 2
  }

  #position(t: number): { before: BodyPosition; now: BodyPosition; since: number } {
    const { positions } = this.#script
    const i = entryAt(positions, t)
    const [seconds, now] = positions[i] as (typeof positions)[number]
    const before = positions[i - 1]?.[1] ?? now
    return { before, now, since: t - seconds * 1000 }
  }
}
