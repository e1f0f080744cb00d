/**
 * A Transport brings Frames from a device to the pipeline. Chosen by URL scheme (see `registry.ts`).
 * All implementations pass `test/behaviours/transport.behaviour.ts`.
 */
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'

/** What became of a frame: said exactly once by the pipeline, after COMMIT for anything that is kept. */
export type FrameOutcome =
  | { readonly outcome: 'committed' }
  /** Not kept, and never will be: sending it again would not help. */
  | { readonly outcome: 'refused'; readonly code: string; readonly reason: string }
  /** Not kept now: the sender must not be told that it is safe, and should send it again. */
  | { readonly outcome: 'not-stored'; readonly code: string; readonly reason: string }

interface FrameBase {
  /** The transport's name in the configuration. */
  readonly transport: string
  /** Epoch milliseconds at which the last byte arrived. */
  readonly receivedAt: number
  /** Must be called exactly once. A transport acknowledges its sender (an MQTT PUBACK, say) only on `committed`. */
  readonly settle: (outcome: FrameOutcome) => void
}

/** One line of `firmware/PROTOCOL.md`, without its LF, CRC not yet checked; at most MAX_LINE bytes. */
export interface KitLineFrame extends FrameBase {
  readonly format: 'kit-line'
  readonly line: string
}

/** One MQTT PUBLISH of a known device. */
export interface MqttFrame extends FrameBase {
  readonly format: 'mqtt-publish'
  readonly topic: string
  readonly payload: Uint8Array
  /** The authenticated device (the embedded broker's client), or the topic's device segment (a site's broker). */
  readonly deviceId: string
}

/** A block of one recorded or digitised signal (replay). */
export interface WaveformFrame extends FrameBase {
  readonly format: 'waveform-block'
  readonly deviceId: string
  readonly sensor: 'ecg' | 'emg' | 'airflow'
  /** Epoch milliseconds of the first sample. */
  readonly at: number
  /** `at` was given with the recording, not taken from the gateway's clock. */
  readonly timedBySource?: true
  readonly periodMs: number
  readonly origin: number
  readonly factor: number
  readonly lowerLimit: number
  readonly upperLimit: number
  /** UCUM code of `origin` and `factor`, e.g. `mV`; without it the source is taken as not calibrated. */
  readonly unit?: string
  /** ADC units; `null` where the recording has no value. */
  readonly samples: readonly (number | null)[]
}

/** What the converter of a board without a protocol of its own gave in one stretch (Firmata). */
export interface AnalogSamplesFrame extends FrameBase {
  readonly format: 'analog-samples'
  /** The board's own time of the first samples, milliseconds, counted in its sampling intervals. */
  readonly clockMs: number
  /** One sampling interval; every channel has one sample in each. */
  readonly periodMs: number
  /** ADC counts, 0 to 1023; `null` where one was lost on the cable. */
  readonly channels: readonly {
    readonly sensor: 'ecg' | 'airflow' | 'gsr' | 'bodyTemperature'
    readonly samples: readonly (number | null)[]
  }[]
  /** ±8 g, 256 counts per g; `null` where the sensor did not answer. Left out where there is none. */
  readonly acceleration?: readonly (readonly [number, number, number] | null)[]
}

/** Something about the transport itself, in order with its data: silence and loss are events too. */
export interface TransportEventFrame extends FrameBase {
  readonly format: 'transport-event'
  readonly event: 'connected' | 'disconnected' | 'refused' | 'ended'
  /** For people; no health value, no name. */
  readonly detail: string
  /** Of several devices on this transport, the one that came or went; absent when it is the transport itself. */
  readonly deviceId?: string
  /** How many lines or messages a `refused` event stands for. */
  readonly count: number
}

export type Frame = KitLineFrame | MqttFrame | WaveformFrame | AnalogSamplesFrame | TransportEventFrame

export interface TransportStatus {
  readonly name: string
  /** Without credentials. */
  readonly url: string
  readonly state: 'stopped' | 'connecting' | 'connected' | 'waiting' | 'ended'
  /** One sentence for people, e.g. "waiting 4 s before opening /dev/ttyACM0 again: no such device". */
  readonly sentence: string
}

/** The constants a kit keeps: firmware/PROTOCOL.md says what each is, its unit and its range. */
export const CALIBRATION_CONSTANTS = [
  'rail-low',
  'rail-high',
  'skin-off',
  'temp-off',
  'ecg-flat',
  'temp-vref',
  'temp-ra',
  'temp-rb',
  'temp-rc',
  'skin-zero',
  'airflow-zero',
] as const
export type CalibrationConstant = (typeof CALIBRATION_CONSTANTS)[number]

/** Commands the kit understands (firmware/PROTOCOL.md, commands). */
export type KitCommand =
  | { readonly command: 'identify' }
  | { readonly command: 'readCuff' }
  | { readonly command: 'readGlucometer' }
  | { readonly command: 'mode'; readonly mode: 'ecg' | 'emg' }
  /** Hertz: ecg 125, 250 or 500; emg 250 or 500; airflow 25 or 50. Until the kit's next reset. */
  | { readonly command: 'rate'; readonly signal: 'ecg' | 'emg' | 'airflow'; readonly hertz: number }
  /** The kit answers, and then sends its constants one by one (device events `calibration`). */
  | { readonly command: 'readCalibration' }
  /** Answered when it is kept in the kit's EEPROM. @param value 0–65535, in the constant's own unit and range. */
  | { readonly command: 'calibrate'; readonly name: CalibrationConstant; readonly value: number }
  /** Back to the nominal values, kept as well. */
  | { readonly command: 'resetCalibration' }

/** A transport that knows its devices also answers for them (`check`). */
export interface Transport extends Lifecycle, Partial<HealthCheck> {
  readonly name: string
  /** Where it cannot start, it gives a `disconnected` event, and the home goes on without it. */
  readonly isDispensable?: true
  /**
   * Says before the home relies on it what will not pass by waiting (a port without permission, a wrong certificate).
   * Resolves when nothing is wrong, or when what is wrong will pass (a cable that is not plugged in yet). Opens and
   * closes what it needs; does nothing while the transport runs. @throws HomebeatError the misconfiguration
   */
  probe(): Promise<void>
  status(): TransportStatus
  /**
   * Single consumer. Yields until `stop()` (or the end of a recording, after an `ended` event).
   * Bounded: a consumer that does not pull holds the sender back, or, where the wire cannot be held back,
   * makes the transport refuse and count (a `refused` event).
   */
  frames(): AsyncIterable<Frame>
  /** Sends a command where the transport has a way back. Rejects with HomebeatError `transport.no-way-back` else. */
  send?(command: KitCommand): Promise<void>
}
