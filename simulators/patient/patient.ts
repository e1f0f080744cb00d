/**
 * A virtual patient: what the body does, as continuous functions of time, so that every simulated device
 * (the board's pins, an MQTT cuff, …) sees the same body. Seeded and reproducible: same seed, same script, same t →
 * same values, in any process.
 */
import type { BodyPosition } from '#fhir/measurement.js'

/** Slow state of the body. */
export interface Vitals {
  readonly pulse: number // /min
  readonly spo2: number // %
  readonly respiratoryRate: number // /min
  readonly temperature: number // Cel
  readonly systolic: number // mm[Hg]
  readonly diastolic: number // mm[Hg]
  readonly glucose: number // mg/dL
  readonly skinConductance: number // uS
  readonly position: BodyPosition
}

export interface VirtualPatient {
  /** @param t milliseconds since the scenario's start; may be asked in any order within the last minute, else rising. */
  vitals(t: number): Vitals
  /** Volts at the shield's ECG output, 0–5 V, around 2.5 V baseline. */
  ecg(t: number): number
  /** Volts at the shield's EMG output, 0–5 V. */
  emg(t: number): number
  /** Volts at the shield's airflow output, 0–5 V, resting near zero. */
  airflow(t: number): number
  /** g on the chest strap's axes (x right, y up along the spine, z out of the chest). */
  acceleration(t: number): readonly [number, number, number]
}
