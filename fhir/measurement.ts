/**
 * The words that both the gateway and the FHIR mapping speak: what a sensor gave, in physical units,
 * before it is a FHIR resource. Lives in `fhir/` because `fhir/` may import nothing of `gateway/`.
 */
import { type Observable, type SensorKind, TERMINOLOGY } from './terminology.js'

/** What is observed, and by which kinds of sensor: the rows of the terminology. */
export const OBSERVABLES = Object.keys(TERMINOLOGY) as Observable[]
export const SENSOR_KINDS: readonly SensorKind[] = [...new Set(OBSERVABLES.map((name) => TERMINOLOGY[name].sensor))]
export type { Observable, SensorKind }

/** Unit of consent and of sealing: one EpochKey per patient, data class and day. */
export type DataClass = 'vital-signs' | 'waveform' | 'laboratory' | 'activity'

/**
 * good: usable. questionable: usable with care (device clock unknown, signal noisy).
 * implausible: outside what the sensor or a living body can give; kept, never alarmed on.
 * missing: no value, with the reason.
 */
export type Quality = 'good' | 'questionable' | 'implausible' | 'missing'

/** FHIR data-absent-reason codes this project uses (http://terminology.hl7.org/CodeSystem/data-absent-reason). */
export type AbsentReason = 'unknown' | 'error' | 'not-performed' | 'temp-unknown'

export type BodyPosition = 'supine' | 'prone' | 'left-lateral' | 'right-lateral' | 'upright' | 'undefined'

export type MeasurementValue =
  /** One number in the observable's unit (see `fhir/terminology.ts`). */
  | {
      readonly type: 'quantity'
      readonly value: number
      /** The true number is less, or more, than the sensor can show; `value` is the end of its range. */
      readonly comparator?: '<' | '>'
    }
  /** mm[Hg]. `mean` and `irregularPulse` where the cuff said them. */
  | {
      readonly type: 'bloodPressure'
      readonly systolic: number
      readonly diastolic: number
      readonly mean?: number
      readonly irregularPulse?: boolean
    }
  | { readonly type: 'position'; readonly position: BodyPosition }
  /**
   * R4 SampledData: physical = origin + factor · sample, in the observable's unit; `null` is a lost sample.
   * `at` of the Measurement is the time of the first sample.
   */
  | {
      readonly type: 'waveform'
      /** UCUM code of origin and factor where it is not the observable's own: ECG `mV` when calibrated, else `V`. */
      readonly unit?: string
      /** Milliseconds between samples; need not be whole (360 Hz: 2.777…). */
      readonly periodMs: number
      readonly origin: number
      readonly factor: number
      readonly lowerLimit: number
      readonly upperLimit: number
      readonly samples: readonly (number | null)[]
    }
  | { readonly type: 'absent'; readonly reason: AbsentReason }

export interface Measurement {
  /**
   * Deterministic: the same reading arriving twice gives the same identifier
   * (HL7 Personal Health Device IG 2.0.0, conditional create). Made by `measurementIdentifier`.
   */
  readonly identifier: string
  readonly sensor: SensorKind
  readonly observable: Observable
  /** Stable, not personal: the device that measured, e.g. `kit-1` or `mqtt-cuff`. */
  readonly deviceId: string
  /** Who measured it, where a person did: a contact's id or a login. */
  readonly performer?: string
  /** Start of the measurement, epoch milliseconds, gateway's clock. */
  readonly at: number
  /** End, for waveforms and averages; absent for an instant. */
  readonly until?: number
  /** The device's own timestamp as it gave it (local time, maybe wrong), kept for the identifier and the record. */
  readonly deviceTime?: string
  /** `at` is the source's own time and was believed: it does not move when the gateway's clock is set. */
  readonly timedByDevice?: true
  readonly value: MeasurementValue
  readonly quality: Quality
  /** Short machine-readable reasons for a quality below good, e.g. `device-clock-unverified`, `probe-off`. */
  readonly remarks: readonly string[]
}
