/** What decode makes of one Frame. */
import type { SensorKind } from '#fhir/measurement.js'
import type { Reading } from '#gateway/model/reading.js'
import type { UnmappedMessage } from '#gateway/model/unmapped.js'

/** A frame that cannot be used. `code` is stable and starts with `decode.`; `reason` has no value from the payload. */
export interface Refusal {
  readonly code: string
  readonly reason: string
  /** How many lines or messages it stands for. */
  readonly count: number
}

/** What a device or its transport says about itself, in order with its readings. */
export type DeviceEvent =
  | {
      readonly type: 'boot'
      readonly deviceId: string
      readonly at: number
      readonly firmware: string
      /** Reset cause letters, or `unknown` where the banner was lost and the counters jumped back. */
      readonly cause: string
    }
  /** The UART belongs to another device: a declared gap. */
  | {
      readonly type: 'hand-over'
      readonly deviceId: string
      readonly at: number
      readonly phase: 'begin' | 'end'
      readonly to: 'cuff' | 'glucometer'
      readonly records: number
      readonly dropped: number
    }
  /** Samples that the kit took and could not keep, e.g. during a hand-over: a declared gap. */
  | {
      readonly type: 'gap'
      readonly deviceId: string
      /** Of the first missing sample. */
      readonly at: number
      readonly signal: SensorKind
      readonly periodMs: number
      readonly samples: number
    }
  /** One of the constants kept in the kit (firmware/PROTOCOL.md). */
  | {
      readonly type: 'calibration'
      readonly deviceId: string
      readonly at: number
      readonly name: string
      readonly value: number
    }
  | {
      readonly type: 'answer'
      readonly deviceId: string
      readonly at: number
      /** The command's number, 4 hex digits. */
      readonly command: string
      readonly ok: boolean
      readonly detail: string
    }
  /** Somebody has said at a device that they know of an alert, or of all that were raised by `at`. */
  | {
      readonly type: 'acknowledge'
      readonly deviceId: string
      readonly at: number
      readonly messageId: string
      /** An alert's id, or `all`. */
      readonly alert: string
    }
  | { readonly type: 'mode'; readonly deviceId: string; readonly at: number; readonly mode: 'ecg' | 'emg' }
  | {
      readonly type: 'heartbeat'
      readonly deviceId: string
      readonly at: number
      readonly overruns: number
      readonly dropped: number
      readonly rxErrors: number
    }
  | {
      readonly type: 'transport'
      readonly transport: string
      readonly at: number
      readonly event: 'connected' | 'disconnected' | 'refused' | 'ended'
      readonly detail: string
    }

export interface Decoded {
  readonly readings: readonly Reading[]
  readonly events: readonly DeviceEvent[]
  /** Lines the device sent that never came (by its sequence numbers); damaged ones that did come are `refused`. */
  readonly lost: number
  readonly refused: Refusal | null
  /** The message behind `refused`, where it is kept for a later mapping. */
  readonly unmapped?: UnmappedMessage
}

export const NOTHING: Decoded = { readings: [], events: [], lost: 0, refused: null }

export function refuse(code: string, reason: string, lost = 0): Decoded {
  return { readings: [], events: [], lost, refused: { code: `decode.${code}`, reason, count: 1 } }
}
