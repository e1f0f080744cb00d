/**
 * A Reading is what `decode` found in a Frame: one sensor, device-native units, nothing judged yet.
 */
import type { SensorKind } from '#fhir/measurement.js'

/** Said with a value whose identity was another's: a counter that restarted, a clock that showed this time before. */
export const IDENTITY_CONFLICT = 'identity-conflict'

/** The sensor's own word on its value. `fault` and `off` are never a 0. */
export type ReadingStatus = 'ok' | 'acquiring' | 'off' | 'fault'

export type ReadingValue =
  /** ADC counts, or a number the device already gives in its unit (see `unit`). */
  | {
      readonly type: 'number'
      readonly value: number
      readonly unit: string
      /** The device said HI, LO, `>600` or the like: more, or less, than `value`. */
      readonly comparator?: '<' | '>'
    }
  | {
      readonly type: 'bloodPressure'
      readonly systolic: number
      readonly diastolic: number
      readonly mean?: number
      /** The cuff's own word. */
      readonly irregularPulse?: boolean
      readonly unit: string
    }
  /** Acceleration at ±8 g, 256 counts per g, oldest first. */
  | {
      readonly type: 'acceleration'
      readonly periodMs: number
      readonly samples: readonly (readonly [number, number, number])[]
    }
  | { readonly type: 'position'; readonly code: number }
  | {
      readonly type: 'samples'
      readonly periodMs: number
      /** Present when the source knows its scale (a WFDB record); else the sensor definition's scale holds. */
      readonly scale?: {
        readonly origin: number
        readonly factor: number
        readonly lowerLimit: number
        readonly upperLimit: number
        /** UCUM code of `origin` and `factor`; the sensor definition's unit where it is left out. */
        readonly unit?: string
      }
      readonly samples: readonly (number | null)[]
    }
  | { readonly type: 'none' }

export interface Reading {
  readonly sensor: SensorKind
  readonly deviceId: string
  readonly status: ReadingStatus
  /** Epoch milliseconds of the (first) sample: the gateway's run time, or wall time where `timedByDevice`. */
  readonly at: number
  /** `at` is the source's own time, and believed. */
  readonly timedByDevice?: true
  /**
   * The device's own monotonic clock at the first sample, milliseconds, unwrapped. Sample positions are counted on it,
   * never on arrival times.
   */
  readonly clockMs?: number
  /** Sent once and on purpose (a stored record, an MQTT message): always kept, never thinned out. */
  readonly spot?: boolean
  /** A newer stored value of the same dump follows, or it came after its expiry: recorded, never current, never alarmed on. */
  readonly superseded?: boolean
  /** Tells apart stored values with the same `deviceTime`: 2 for the second of them. */
  readonly ordinal?: number
  /** The device's own timestamp, where it stamps its stored values: `YYYY-MM-DDThh:mm[:ss]`, no zone. */
  readonly deviceTime?: string
  /**
   * A record of a memory whose stamp cannot be true. since-last-poll: it was not there when the device was last asked, so it was taken
   * since. older: it was. no-last-poll: the device was not asked before, as far as decode knows.
   */
  readonly undated?: 'since-last-poll' | 'older' | 'no-last-poll'
  /** A sender's own message id: makes a redelivery recognisable where `at` would not. */
  readonly messageId?: string
  readonly value: ReadingValue
  readonly remarks: readonly string[]
}
