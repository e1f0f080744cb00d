/**
 * Gathers the blocks of one waveform into chunks of equal length, for SampledData. A sample's place is counted on the
 * source's own clock: what is missing becomes `null`, nothing is guessed, nothing is moved. Chunks are counted from
 * the first sample of a run, so the same recording played again gives the same chunks.
 */
import type { WaveformPart } from '#gateway/clinical/sensors/sensor-definition.js'

export type Scale = WaveformPart['scale']

export interface WaveformBlock {
  /** Gateway's clock, epoch ms, of the first sample. */
  readonly at: number
  /** The source's own clock at the first sample, ms. */
  readonly clockMs: number
  readonly periodMs: number
  readonly scale: Scale
  readonly samples: readonly (number | null)[]
  readonly remarks: readonly string[]
}

export type Chunk = Omit<WaveformBlock, 'clockMs'>

interface Open {
  /** Gateway's clock of the first sample. */
  at: number
  /** Source's clock of the first sample. */
  clockMs: number
  readonly periodMs: number
  readonly scale: Scale
  /** Samples of a full chunk. */
  readonly length: number
  samples: (number | null)[]
  remarks: Set<string>
}

/** Timestamps are whole milliseconds: one sample early or late is their rounding, not a gap. */
const TOLERANCE_SAMPLES = 1

export class Chunker {
  readonly #chunkMs: number
  #open: Open | null = null

  constructor({ chunkMs }: { chunkMs: number }) {
    this.#chunkMs = chunkMs
  }

  /** @returns the chunks this block completes. */
  push(block: WaveformBlock): Chunk[] {
    const done: Chunk[] = []
    let gap = 0
    if (this.#open) {
      const open = this.#open
      const expected = open.clockMs + open.samples.length * open.periodMs
      gap = Math.round((block.clockMs - expected) / block.periodMs)
      if (Math.abs(gap) <= TOLERANCE_SAMPLES) gap = 0
      if (gap < 0 || gap * block.periodMs > this.#chunkMs || !continues(open, block)) {
        this.#close(done)
        gap = 0
      }
    }
    for (let i = -gap; i < block.samples.length; i++) {
      this.#open ??= this.#begin(block, i)
      const open = this.#open
      if (i >= 0 && open.remarks.size < 8) for (const remark of block.remarks) open.remarks.add(remark)
      open.samples.push(i < 0 ? null : (block.samples[i] ?? null))
      if (open.samples.length >= open.length) this.#close(done)
    }
    return done
  }

  /** Marks the chunk being filled, e.g. with a declared gap. */
  remark(remark: string): void {
    this.#open?.remarks.add(remark)
  }

  flush(): Chunk[] {
    const done: Chunk[] = []
    this.#close(done)
    return done
  }

  #begin(block: WaveformBlock, index: number): Open {
    return {
      at: Math.round(block.at + index * block.periodMs),
      clockMs: block.clockMs + index * block.periodMs,
      periodMs: block.periodMs,
      scale: block.scale,
      length: Math.max(1, Math.round(this.#chunkMs / block.periodMs)),
      samples: [],
      remarks: new Set(),
    }
  }

  #close(done: Chunk[]): void {
    const open = this.#open
    this.#open = null
    if (!open?.samples.some((sample) => sample !== null)) return
    const { at, periodMs, scale, samples, remarks } = open
    if (samples.includes(null)) remarks.add('gap')
    done.push({ at, periodMs, scale, samples, remarks: [...remarks] })
  }
}

const continues = (open: Open, block: WaveformBlock): boolean =>
  open.periodMs === block.periodMs && isSameScale(open.scale, block.scale)

const SCALE = ['origin', 'factor', 'lowerLimit', 'upperLimit', 'unit'] as const

export function isSameScale(a: Scale, b: Scale): boolean {
  return a === b || SCALE.every((part) => a[part] === b[part])
}
