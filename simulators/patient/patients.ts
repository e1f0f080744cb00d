/** Makes virtual patients: a script of slow changes, and one seeded body whose beat and breath drive every waveform. */
import type { BodyPosition } from '#fhir/measurement.js'
import { HomebeatError } from '#gateway/runtime/errors.js'
import { Cycles } from './cycles.js'
import { BeatShape } from './ecg.js'
import { Muscle } from './muscle.js'
import { signed, smoothNoise, stream } from './noise.js'
import type { VirtualPatient, Vitals } from './patient.js'
import { GRAVITY, TURN_MS, turning } from './posture.js'
import { findScript, SCRIPTS, type Script, type ScriptedVital, valueAt } from './scripts.js'

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
/** Respiratory sinus arrhythmia: the rate's change to either side over a breath; small in the elderly. */
const ARRHYTHMIA = 0.03
/** Part of a breath spent breathing in. */
const INSPIRATION = 0.4
const AIRFLOW_REST_VOLTS = 0.2
const AIRFLOW_PEAK_VOLTS = 2.5

/**
 * @param options.script a name of SCRIPTS @param options.seed a whole number; the same gives the same body
 * @throws HomebeatError `usage.script`
 */
export function createPatient(options: { script: string; seed: number }): VirtualPatient {
  const script = findScript(options.script)
  if (!script) {
    const names = SCRIPTS.map((known) => known.name).join(', ')
    throw new HomebeatError('usage.script', `There is no patient script of that name; choose one of: ${names}.`)
  }
  return new ScriptedPatient(script, options.seed)
}

class ScriptedPatient implements VirtualPatient {
  readonly #script: Script
  readonly #seeds: Readonly<Record<ScriptedVital, number>>
  readonly #ecgNoise: number
  readonly #airflowNoise: number
  readonly #motion: number
  readonly #muscle: Muscle
  readonly #breaths: Cycles
  readonly #beats: Cycles
  #shape = new BeatShape(800)
  #shapeLength = 800

  constructor(script: Script, seed: number) {
    this.#script = script
    const keys = Object.keys(WANDER) as ScriptedVital[]
    this.#seeds = Object.fromEntries(keys.map((key) => [key, stream(seed, key)])) as Record<ScriptedVital, number>
    this.#ecgNoise = stream(seed, 'ecg-noise')
    this.#airflowNoise = stream(seed, 'airflow-noise')
    this.#motion = stream(seed, 'motion')
    this.#muscle = new Muscle(stream(seed, 'muscle'))
    const breathSeed = stream(seed, 'breath')
    const beatSeed = stream(seed, 'beat')
    // No two breaths or beats are quite alike.
    this.#breaths = new Cycles((index, start) => {
      return (60_000 / this.#vital('respiratoryRate', Math.max(0, start))) * (1 + 0.04 * signed(breathSeed, index))
    }, -1500)
    this.#beats = new Cycles((index, start) => {
      const rate = this.#vital('pulse', Math.max(0, start)) * (1 + ARRHYTHMIA * (2 * this.#chest(start) - 1))
      return (60_000 / rate) * (1 + 0.01 * signed(beatSeed, index))
    }, -300)
  }

  vitals(t: number): Vitals {
    const at = Math.max(0, t)
    return {
      pulse: this.#vital('pulse', at),
      spo2: Math.min(100, this.#vital('spo2', at)),
      respiratoryRate: this.#vital('respiratoryRate', at),
      temperature: this.#vital('temperature', at),
      systolic: this.#vital('systolic', at),
      diastolic: this.#vital('diastolic', at),
      glucose: this.#vital('glucose', at),
      skinConductance: this.#vital('skinConductance', at),
      position: this.#position(at).now,
    }
  }

  ecg(t: number): number {
    const at = Math.max(0, t)
    this.#beats.seek(at)
    const { length } = this.#beats
    if (length !== this.#shapeLength) {
      this.#shape = new BeatShape(length)
      this.#shapeLength = length
    }
    const noise = ECG_NOISE_VOLTS * signed(this.#ecgNoise, Math.floor(at * 4))
    return (
      ECG_BASELINE_VOLTS + this.#shape.at(this.#beats.phase(at)) + ECG_WANDER_VOLTS * (this.#chest(at) - 0.5) + noise
    )
  }

  emg(t: number): number {
    return this.#muscle.at(Math.max(0, t))
  }

  airflow(t: number): number {
    const at = Math.max(0, t)
    this.#breaths.seek(at)
    const phase = this.#breaths.phase(at)
    const noise = 0.01 * signed(this.#airflowNoise, Math.floor(at))
    if (phase < INSPIRATION) return AIRFLOW_REST_VOLTS + noise
    // A nasal thermocouple is warmed by the breath that leaves.
    const depth = 1 + 0.1 * signed(this.#airflowNoise, -1 - this.#breaths.index)
    const flow = Math.sin((Math.PI * (phase - INSPIRATION)) / (1 - INSPIRATION))
    return AIRFLOW_REST_VOLTS + (AIRFLOW_PEAK_VOLTS - AIRFLOW_REST_VOLTS) * depth * flow + noise
  }

  acceleration(t: number): readonly [number, number, number] {
    const at = Math.max(0, t)
    const { before, now, since } = this.#position(at)
    const [x, y, z] =
      since < TURN_MS ? turning(GRAVITY[before], GRAVITY[now], since / TURN_MS) : (GRAVITY[now] as readonly number[])
    const breath = this.#chest(at) - 0.5
    const cell = Math.floor(at) * 3
    return [
      (x as number) + 0.004 * signed(this.#motion, cell),
      (y as number) + 0.02 * breath + 0.004 * signed(this.#motion, cell + 1),
      (z as number) + 0.015 * breath + 0.004 * signed(this.#motion, cell + 2),
    ]
  }

  #vital(key: ScriptedVital, t: number): number {
    const { amplitude, ms } = WANDER[key]
    return valueAt(this.#script.vitals[key], t) + amplitude * smoothNoise(this.#seeds[key], t / ms)
  }

  /** How full the chest is, 0 to 1. */
  #chest(t: number): number {
    const at = Math.max(0, t)
    this.#breaths.seek(at)
    const phase = this.#breaths.phase(at)
    const turn = phase < INSPIRATION ? phase / INSPIRATION : 1 + (phase - INSPIRATION) / (1 - INSPIRATION)
    return (1 - Math.cos(Math.PI * turn)) / 2
  }

  #position(t: number): { before: BodyPosition; now: BodyPosition; since: number } {
    const positions = this.#script.positions
    let i = positions.length - 1
    while (i > 0 && (positions[i] as (typeof positions)[number])[0] * 1000 > t) i--
    const [seconds, now] = positions[i] as (typeof positions)[number]
    const before = positions[i - 1]?.[1] ?? now
    return { before, now, since: t - seconds * 1000 }
  }
}
