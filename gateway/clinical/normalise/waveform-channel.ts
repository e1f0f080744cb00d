/** One waveform of one device on its way to chunks: scale, rails, flat line. */
import type { MeasurementValue, Quality } from '#fhir/measurement.js'
import {
  type Calibration,
  NOMINAL,
  type SensorDefinition,
  type WaveformPart,
} from '#gateway/clinical/sensors/sensor-definition.js'
import type { Reading } from '#gateway/model/reading.js'
import { type Chunk, Chunker, type Scale } from './chunker.js'
import type { Signal } from './judged.js'

type Samples = Extract<Reading['value'], { type: 'samples' }>

/** Share of a block's samples at a rail that makes it an open input. */
const RAILED_SHARE = 0.8
const FLAT_SPAN_COUNTS = 2

export class WaveformChannel {
  readonly #definition: SensorDefinition
  readonly #part: WaveformPart
  readonly #calibration: () => Calibration
  readonly #chunker: Chunker
  #flat: { low: number; high: number; sinceMs: number } | null = null
  /** Gateway's time of the latest block. */
  #heardAt = 0

  /** @param calibration of this device, asked with each block: it may come, or change, later. */
  constructor(definition: SensorDefinition, part: WaveformPart, calibration: () => Calibration = () => NOMINAL) {
    this.#definition = definition
    this.#part = part
    this.#calibration = calibration
    this.#chunker = new Chunker({ chunkMs: part.chunkMs })
  }

  push(reading: Reading, value: Samples, now: number): { chunks: Chunk[]; state: Signal['state'] } {
    this.#heardAt = now
    const state = this.#state(reading, value)
    const chunks = this.#chunker.push({
      at: reading.at,
      clockMs: reading.clockMs ?? reading.at,
      periodMs: value.periodMs,
      scale: scaleOf(this.#part, value, this.#calibration()),
      samples: value.samples,
      // The samples stay, whatever the state: they are evidence of what the converter gave.
      remarks: [...reading.remarks, ...this.#remarks(state)],
    })
    return { chunks, state }
  }

  remark(remark: string): void {
    this.#chunker.remark(remark)
  }

  /** Closes a chunk whose source has been silent for longer than a chunk may bridge. */
  tick(now: number): Chunk[] {
    return now - this.#heardAt > this.#part.chunkMs ? this.flush() : []
  }

  flush(): Chunk[] {
    return this.#chunker.flush()
  }

  #remarks(state: Signal['state']): string[] {
    if (state === 'ok') return []
    return [state === 'flat' ? 'flat-line' : this.#definition.absent[state].remark]
  }

  #state(reading: Reading, value: Samples): Signal['state'] {
    const { rails, flatAfterMs } = this.#part
    // The kit has no lead-off pin: it infers "off" from a trace without movement. A heart that stands still gives the same
    // trace. A trace that is not at a rail is therefore judged here, and becomes a flat line of high priority.
    const inferred = reading.status === 'off' && flatAfterMs !== undefined
    if (reading.status !== 'ok' && !inferred) return reading.status
    // A source with its own scale has its own rails, too.
    if (value.scale) return 'ok'
    if (rails && isRailed(value.samples, rails)) return 'off'
    if (flatAfterMs === undefined) return 'ok'
    const clockMs = reading.clockMs ?? reading.at
    const low = Math.min(...value.samples.map((sample) => sample ?? Number.POSITIVE_INFINITY))
    const high = Math.max(...value.samples.map((sample) => sample ?? Number.NEGATIVE_INFINITY))
    if (!Number.isFinite(low)) return 'ok'
    const flat = this.#flat
    const merged = flat && { low: Math.min(flat.low, low), high: Math.max(flat.high, high), sinceMs: flat.sinceMs }
    this.#flat = merged && merged.high - merged.low <= FLAT_SPAN_COUNTS ? merged : { low, high, sinceMs: clockMs }
    return clockMs - this.#flat.sinceMs >= flatAfterMs ? 'flat' : 'ok'
  }
}

export function scaleOf(part: WaveformPart, value: Samples, calibration: Calibration = NOMINAL): Scale {
  if (!value.scale) return part.originOf ? { ...part.scale, origin: part.originOf(calibration) } : part.scale
  return { ...value.scale, unit: value.scale.unit ?? part.scale.unit }
}

export function chunkValue(chunk: Chunk): MeasurementValue {
  return { type: 'waveform', periodMs: chunk.periodMs, ...chunk.scale, samples: chunk.samples }
}

export const chunkQuality = (chunk: Chunk): Quality => (chunk.remarks.length > 0 ? 'questionable' : 'good')

function isRailed(samples: readonly (number | null)[], rails: { low: number; high: number }): boolean {
  let railed = 0
  for (const sample of samples) if (sample !== null && (sample <= rails.low || sample >= rails.high)) railed += 1
  return railed >= RAILED_SHARE * samples.length
}
