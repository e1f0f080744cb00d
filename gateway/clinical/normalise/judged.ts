/** What normalise hands on. */
import type { Measurement, SensorKind } from '#fhir/measurement.js'

export interface Judged {
  readonly measurement: Measurement
  /**
   * To be stored. Continuous sensors say the same every second: a value that differs too little from the last stored one
   * is still judged and evaluated, but not stored (see `keep` in the sensor definition).
   */
  readonly stored: boolean
  /** A stored record or a message, not one of a continuous row of values. */
  readonly spot: boolean
  /** A newer value of the same dump follows: stored, never alarmed on. */
  readonly superseded: boolean
  /** Jumped, and not yet confirmed by what follows: never alarmed on, nor does it end an alarm. */
  readonly held?: boolean
  /** From a device's memory, and nobody knows of when: kept, never alarmed on. */
  readonly undated?: true
  /** Airflow only: since the last breath, once one was seen. */
  readonly secondsSinceBreath?: number
}

/** The state of a sensor, with every reading; technical alerts are made of it. `flat`: a trace without any movement. */
export interface Signal {
  readonly sensor: SensorKind
  readonly deviceId: string
  readonly state: 'ok' | 'acquiring' | 'off' | 'fault' | 'flat'
  readonly spot: boolean
}

export interface Normalised {
  readonly judged: readonly Judged[]
  readonly signals: readonly Signal[]
}
