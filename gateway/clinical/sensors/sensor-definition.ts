/**
 * A SensorDefinition says all the pipeline knows about one sensor, as data and pure functions: what it yields, how its
 * raw counts become physical units, what a living body can give, and what its own words ("not attached") mean.
 */
import type { AbsentReason, DataClass, Observable, SensorKind } from '#fhir/measurement.js'
import type { ReadingStatus } from '#gateway/model/reading.js'

/** Line types of `firmware/PROTOCOL.md` that carry sensor values. */
export type KitLineType = 'E' | 'M' | 'A' | 'X' | 'G' | 'T' | 'O' | 'P' | 'U'

/**
 * The constants of one kit, by their names in `firmware/PROTOCOL.md` and in their units there. What a kit has not handed over
 * is nominal: each conversion knows its own default.
 */
export type Calibration = ReadonlyMap<string, number>
export const NOMINAL: Calibration = new Map()

/** One thing a sensor yields; a sensor can yield several (airflow: waveform and rate). */
export interface SensorOutput {
  readonly observable: Observable
  readonly dataClass: DataClass
  /** UCUM code; '' for a coded value. */
  readonly unit: string
}

export interface QuantityPart {
  readonly observable: Observable
  /** Accepted units and how each becomes the output's unit. Kit counts have the unit `counts`. */
  readonly units: Readonly<Record<string, (value: number, calibration: Calibration) => number>>
  /** Outside of these the value is kept but marked implausible: no living body, or not within the sensor's range. */
  readonly plausible: { readonly low: number; readonly high: number }
  /** What the raw counts or the physical value say about the probe, where the sensor itself says nothing. */
  readonly probe?: (physical: number, raw: number, unit: string) => ReadingStatus
  readonly decimals: number
  /** Of a continuous sensor, one value is kept when it differs by `change` from the last kept, or after `everyMs`. */
  readonly keep: { readonly everyMs: number; readonly change: number }
}

export interface WaveformPart {
  readonly observable: Observable
  /** physical = origin + factor · sample, in `unit`, where the source does not bring its own scale. */
  readonly scale: {
    readonly origin: number
    readonly factor: number
    readonly lowerLimit: number
    readonly upperLimit: number
    readonly unit: string
  }
  /** Origin of the scale for this kit, where it has a calibration of its own. */
  readonly originOf?: (calibration: Calibration) => number
  /** Length of one stored chunk. */
  readonly chunkMs: number
  /** Counts at or beyond which the input stands at a supply rail: no electrode, or saturated. */
  readonly rails?: { readonly low: number; readonly high: number }
  /** A trace that stays within ±1 count for this long is reported as flat. */
  readonly flatAfterMs?: number
}

export interface PressurePart {
  readonly observable: Observable
  readonly units: Readonly<Record<string, (value: number) => number>>
  readonly systolic: { readonly low: number; readonly high: number }
  readonly diastolic: { readonly low: number; readonly high: number }
}

export interface PositionPart {
  readonly observable: Observable
  readonly everyMs: number
}

export interface SensorDefinition {
  readonly kind: SensorKind
  /** For people, in English. */
  readonly label: string
  readonly kitLines: readonly KitLineType[]
  /** The first is the sensor's own; the data class of the others may differ. */
  readonly outputs: readonly [SensorOutput, ...SensorOutput[]]
  /** A kit that sends this line continuously and then does not for so long is reported; null: on request only. */
  readonly silentAfterMs: number | null
  /** What a status other than ok means for the record. */
  readonly absent: Readonly<
    Record<Exclude<ReadingStatus, 'ok'>, { readonly reason: AbsentReason; readonly remark: string }>
  >
  readonly quantity?: QuantityPart
  /** A number that the gateway concludes from the sensor's samples (`gateway/clinical/analyse`); no device sends it. */
  readonly derived?: QuantityPart
  readonly waveform?: WaveformPart
  readonly pressure?: PressurePart
  readonly position?: PositionPart
}

/** The number that stands for the sensor, where it has one: on a tile, say. */
export const numberOf = ({ quantity, derived }: SensorDefinition): QuantityPart | undefined => quantity ?? derived

/** The words most sensors share; `probe-off` is a probe off the skin, `fault` a broken or saturated input. */
export const PROBE_ABSENT: SensorDefinition['absent'] = {
  off: { reason: 'not-performed', remark: 'probe-off' },
  acquiring: { reason: 'temp-unknown', remark: 'acquiring' },
  fault: { reason: 'error', remark: 'fault' },
}

/** Sensors with glued electrodes. */
export const LEAD_ABSENT: SensorDefinition['absent'] = {
  ...PROBE_ABSENT,
  off: { reason: 'not-performed', remark: 'lead-off' },
}

export const identity = (value: number): number => value

/** The shield's converter: 10 bits against AVcc, nominally 5 V. */
export const ADC_FULL_SCALE = 1023
export const ADC_REFERENCE_VOLTS = 5

/** Converter counts as volts at the shield's output: its gain is not documented, so never body-surface millivolts. */
export const SHIELD_VOLTS: WaveformPart['scale'] = {
  origin: 0,
  factor: ADC_REFERENCE_VOLTS / ADC_FULL_SCALE,
  lowerLimit: 0,
  upperLimit: ADC_FULL_SCALE,
  unit: 'V',
}
