/**
 * A SensorDefinition says everything that the gateway knows of one sensor, as data and pure functions: what it is called
 * and how it is shown, how its raw counts become physical units, what a living body can give, when its silence counts, what
 * its own words ("not attached") mean. Tables elsewhere are made from the definitions (see `registry.ts`).
 */
import type { AbsentReason, Observable, SensorKind } from '#fhir/measurement.js'
import type { ReadingStatus } from '#gateway/model/reading.js'

/** Line types of `firmware/PROTOCOL.md` that carry sensor values. */
export type KitLineType = 'E' | 'M' | 'A' | 'X' | 'G' | 'T' | 'O' | 'P' | 'U'

/**
 * The constants of one kit, by their names in `firmware/PROTOCOL.md` and in their units there. A constant that the kit has
 * not handed over is nominal: each conversion knows its own default.
 */
export type Calibration = ReadonlyMap<string, number>
export const NOMINAL: Calibration = new Map()

/** Bounds included. */
export interface Range {
  readonly low: number
  readonly high: number
}

export interface QuantityPart {
  readonly observable: Observable
  /** Accepted units and how each becomes the observable's unit. Kit counts have the unit `counts`. */
  readonly units: Readonly<Record<string, (value: number, calibration: Calibration) => number>>
  /**
   * Possible: what the sensor can show of a living body, bounds included. A number outside is impossible, an error code: it is
   * kept as implausible and never alarmed on as the patient's. Or it is beyond the sensor's range, where `beyond` says so.
   */
  readonly possible: Range
  /** A possible value outside is seldom true: recorded as questionable, and alarmed on like any other. */
  readonly likely?: Range
  /** Numbers by which sensors say LO and HI: from `low` up to what is possible, and from there up to `high`. */
  readonly beyond?: Range
  /** What the raw counts or the physical value say about the probe, where the sensor itself says nothing. */
  readonly probe?: (physical: number, raw: number, unit: string) => ReadingStatus
  readonly decimals: number
  /** Of a continuous sensor, one value is kept when it differs by `change` from the last kept, or after `everyMs`. */
  readonly keep: { readonly everyMs: number; readonly change: number }
  /** A value of a continuous row that jumps further than this is held until it is confirmed. */
  readonly jump?: JumpLimits
  /** A value that moves so far towards a limit, and is then lost, alarms as lost on its way. */
  readonly steep?: { readonly change: number; readonly withinMs: number }
}

export interface JumpLimits {
  /** A larger change within `withinMs` is a jump; in the observable's unit. */
  readonly change: number
  readonly withinMs: number
  /** Values must have agreed for so long before one can jump away from them, and to be believed after a jump. */
  readonly confirmMs: number
}

/**
 * What a drawn scale spans at least, by the unit of the samples: less than that is noise, which must look flat. A standstill
 * drawn as large as a beat would be taken for one.
 */
export type LeastSpan = Readonly<Record<string, number>>

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
  /** Its place among the traces of the page, and whether it has it before the first sample. */
  readonly trace: { readonly order: number; readonly always?: true; readonly leastSpan: LeastSpan }
  /** Counts at or beyond which the input stands at a supply rail: no electrode, or saturated. */
  readonly rails?: { readonly low: number; readonly high: number }
  /** A trace that stays within ±1 count for this long is reported as flat. */
  readonly flatAfterMs?: number
}

export interface PressurePart {
  readonly observable: Observable
  readonly units: Readonly<Record<string, (value: number) => number>>
  /** Possible, as of a quantity. A pair with a diastolic that is not below its systolic is impossible, too. */
  readonly systolic: Range
  readonly diastolic: Range
  readonly likely?: { readonly systolic: Range; readonly diastolic: Range }
}

export interface PositionPart {
  readonly observable: Observable
  readonly everyMs: number
}

/** The sensor's number, or one of its pressure's two, followed over days (`gateway/clinical/scores/hourly.ts`). */
export interface TrendedNumber {
  /** Its name in the journal, never changed: what was kept under it would be lost. */
  readonly number: string
  /** In a sentence, and its unit as people write it. */
  readonly label: string
  readonly unit: string
  /** A spread below this is the instrument's, not the patient's. */
  readonly leastSpread: number
  /** Measured once a day or less: days are compared, not hours. */
  readonly daily?: true
}

export interface SensorDefinition {
  readonly kind: SensorKind

  /** What people call it: on tiles, in previews and in explanations. */
  readonly label: string
  /** The same in at most 12 characters, for narrow places. */
  readonly short: string
  /** Its place among the sensors, lowest first: the order in which people look for them. No two have the same. */
  readonly order: number
  /** One line drawn in a square of 24 × 24 (SVG path data). */
  readonly icon: string
  /** Digits after the point of the number that is shown. */
  readonly digits: number
  /** A shown value older than this is not called live. Ms. */
  readonly staleAfterMs: number
  /** Its number is drawn on the page, on a scale of at least `leastSpan`: the noise of a sensor is not a trend. */
  readonly chart?: { readonly leastSpan: number }
  /** An explanation of an alarm tells this sensor's value at that time. */
  readonly aroundAlarms?: true
  readonly trended?: readonly TrendedNumber[]

  /** Its MQTT payload without `id` and `at` (docs/mqtt.md), as an example; null: version 1 has none for it. */
  readonly example: Readonly<Record<string, number | string>> | null
  /** Its name in `homebeat enter`, where a person may read the number off an instrument. */
  readonly entered?: string
  /** Line types by which the kit sends it; none: it is no sensor of the kit. */
  readonly kitLines: readonly KitLineType[]
  /** Its device gives its whole memory again with each reading. */
  readonly fromMemory?: true

  /** A device that sends continuously, and then does not for so long, is reported. Ms; null: on request only. */
  readonly silentAfterMs: number | null
  /** A vital sign that is watched, and has had no value to trust for so long, is reported. Ms; left out: never. */
  readonly trustedWithinMs?: number
  /** Limits of these are not judged while the sensor cannot be believed (off, faulty, silent). */
  readonly inhibits: readonly Observable[]
  /** What a status other than ok means for the record. */
  readonly absent: Readonly<
    Record<Exclude<ReadingStatus, 'ok'>, { readonly reason: AbsentReason; readonly remark: string }>
  >

  readonly waveform?: WaveformPart
  readonly quantity?: QuantityPart
  /** A number that the gateway concludes from the sensor's samples (`gateway/clinical/analyse`); no device sends it. */
  readonly derived?: QuantityPart
  readonly pressure?: PressurePart
  readonly position?: PositionPart
}

/** @param unit of the samples; 0 where the sensor has no trace, or nothing is known of the unit */
export const leastSpanOf = ({ waveform }: SensorDefinition, unit: string): number =>
  waveform?.trace.leastSpan[unit] ?? 0

/** The number that stands for the sensor, where it has one: on a tile, say. */
export const numberOf = ({ quantity, derived }: SensorDefinition): QuantityPart | undefined => quantity ?? derived

/** What the sensor yields (airflow: waveform and rate); the first is the sensor's own. */
export function observablesOf(definition: SensorDefinition): [Observable, ...Observable[]] {
  const { waveform, quantity, derived, pressure, position } = definition
  const yields = [waveform, quantity, derived, pressure, position].flatMap((part) => part?.observable ?? [])
  return yields as [Observable, ...Observable[]]
}

/** Units in which a device may give this sensor's number or pressure (UCUM); none for waveforms and positions. */
export function unitsOf({ quantity, pressure }: SensorDefinition): string[] {
  return Object.keys(quantity?.units ?? pressure?.units ?? {}).filter((unit) => unit !== 'counts')
}

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

/** How soon an oximeter's value is a jump, and how long until it is believed: the project's own, not verified. */
export const JUMP = { withinMs: 1500, confirmMs: 3000 } as const

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
