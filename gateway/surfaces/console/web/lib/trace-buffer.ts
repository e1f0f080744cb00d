/**
 * Samples of one waveform on their way to the screen: a ring with gaps, and a playhead that runs evenly behind what
 * has arrived, although it arrives in bursts. Pure: the caller says how much time has passed.
 */
export interface SampleRun {
  /** Epoch ms of the first sample. */
  readonly at: number
  readonly periodMs: number
  readonly unit: string
  readonly samples: readonly (number | null)[]
}

/** Milliseconds kept, drawn or not. */
const KEPT_MS = 40_000
/** A run that starts this near to the end of the last one follows it: clocks are estimated, not exact. */
const SLACK_MS = 60

export class TraceBuffer {
  periodMs = 4
  unit = ''
  /** Grows when the trace starts anew, so that a painter knows to wipe. */
  generation = 0
  /** Number of samples ever appended since the trace started; the last one is `end - 1`. */
  end = 0
  /** Fractional sample up to which the trace is shown. */
  playhead = 0
  #ring = new Float32Array(Math.ceil(KEPT_MS / 4))
  #endAt = 0
  #longestRunMs = 0

  get empty(): boolean {
    return this.end === 0
  }

  /** Oldest sample that is still kept. */
  get start(): number {
    return Math.max(0, this.end - this.#ring.length)
  }

  /** NaN is a gap. */
  at(index: number): number {
    return index < this.start || index >= this.end ? Number.NaN : (this.#ring[index % this.#ring.length] as number)
  }

  push(run: SampleRun): void {
    if (run.samples.length === 0 || !(run.periodMs > 0)) return
    if (this.empty || run.periodMs !== this.periodMs || run.unit !== this.unit) this.#restart(run)
    const ahead = run.at - this.#endAt
    let samples = run.samples
    if (ahead > KEPT_MS / 2 || ahead < -KEPT_MS / 2) this.#restart(run)
    else if (ahead > SLACK_MS) for (let n = Math.round(ahead / run.periodMs); n > 0; n--) this.#append(Number.NaN)
    else if (ahead < -SLACK_MS) samples = samples.slice(Math.round(-ahead / run.periodMs))
    if (samples.length === 0) return
    for (const sample of samples) this.#append(sample ?? Number.NaN)
    this.#endAt = run.at + run.samples.length * run.periodMs
    const runMs = run.samples.length * run.periodMs
    this.#longestRunMs = Math.max(runMs, this.#longestRunMs * 0.98)
  }

  /** Moves the playhead by `elapsedMs`, a little faster or slower to stay evenly behind the newest sample. */
  advance(elapsedMs: number): void {
    if (this.empty) return
    const target = this.#longestRunMs * 1.1 + 200
    const lead = (this.end - this.playhead) * this.periodMs
    if (lead > target * 2 + 1000) {
      this.playhead = this.end - target / this.periodMs
      return
    }
    const rate = 1 + Math.max(-0.1, Math.min(0.1, ((lead - target) / target) * 0.3))
    this.playhead = Math.min(this.end, this.playhead + (elapsedMs * rate) / this.periodMs)
  }

  /** Lowest and highest of the last `windowMs` before the playhead, or null where there is nothing. */
  range(windowMs: number): { min: number; max: number } | null {
    let min = Number.POSITIVE_INFINITY
    let max = Number.NEGATIVE_INFINITY
    const to = Math.floor(this.playhead)
    for (let i = Math.max(this.start, to - Math.ceil(windowMs / this.periodMs)); i < to; i++) {
      const v = this.at(i)
      if (v < min) min = v
      if (v > max) max = v
    }
    return min <= max ? { min, max } : null
  }

  #append(sample: number): void {
    this.#ring[this.end % this.#ring.length] = sample
    this.end++
  }

  #restart(run: SampleRun): void {
    this.periodMs = run.periodMs
    this.unit = run.unit
    this.generation++
    this.end = 0
    this.playhead = 0
    this.#endAt = run.at
    this.#longestRunMs = 0
    this.#ring = new Float32Array(Math.ceil(KEPT_MS / run.periodMs))
  }
}
