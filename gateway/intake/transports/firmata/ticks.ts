/** Firmata says no time and no number: what belongs to one sampling interval is told by the order of its messages. */

export type Acceleration = readonly [number, number, number]

/** What one sampling interval gave; `null` where a message was lost. */
interface Tick {
  readonly analog: (number | null)[]
  acceleration: Acceleration | null
}

/** Several intervals in a row, oldest first. */
export interface TickBlock {
  /** Milliseconds of the first interval, counted on the board's own intervals. */
  readonly clockMs: number
  /** By channel. `null`: lost on the wire. */
  readonly analog: readonly (readonly (number | null)[])[]
  readonly acceleration: readonly (Acceleration | null)[]
}

export interface TickOptions {
  /** Analogue channels 0 to n − 1 are reported. */
  readonly channels: number
  readonly intervalMs: number
  /** Intervals in a block. */
  readonly length: number
  /** Monotonic milliseconds. */
  readonly now: () => number
}

/** StandardFirmata reports a channel once, out of turn, when reporting is switched on. */
const SETTLING_TICKS = 3

/**
 * Puts messages together to intervals, and intervals to blocks. A board sends its channels in rising order and then its
 * I²C answers, so a channel that is not above the last one begins the next interval.
 */
export class Ticks {
  readonly #options: TickOptions
  readonly #done: (block: TickBlock) => void
  #tick: Tick | null = null
  #last = -1
  #settling = SETTLING_TICKS
  #block: Tick[] = []
  /** Monotonic time of the first interval since `restart`, and intervals since. */
  #base: number | null = null
  #count = 0
  #latestMs = 0

  constructor(options: TickOptions, done: (block: TickBlock) => void) {
    this.#options = options
    this.#done = done
  }

  /** The board was set up anew: an interval of unknown length lies between what was and what comes. */
  restart(): void {
    this.#finishBlock()
    this.#tick = null
    this.#last = -1
    this.#settling = SETTLING_TICKS
    this.#base = null
  }

  analog(channel: number, counts: number): void {
    if (channel >= this.#options.channels) return
    if (!this.#tick || channel <= this.#last) {
      this.#finishTick()
      this.#tick = { analog: Array<number | null>(this.#options.channels).fill(null), acceleration: null }
    }
    this.#tick.analog[channel] = counts
    this.#last = channel
  }

  acceleration(counts: Acceleration | null): void {
    if (this.#tick) this.#tick.acceleration = counts
  }

  #finishTick(): void {
    if (!this.#tick) return
    if (this.#settling > 0) {
      this.#settling -= 1
      return
    }
    if (this.#base === null) {
      // It began one interval ago; but never before what was given already, however the two clocks run.
      this.#base = Math.max(this.#options.now() - this.#options.intervalMs, this.#latestMs)
      this.#count = 0
    }
    this.#block.push(this.#tick)
    if (this.#block.length >= this.#options.length) this.#finishBlock()
  }

  #finishBlock(): void {
    const block = this.#block
    if (block.length === 0 || this.#base === null) return
    this.#block = []
    const clockMs = this.#base + this.#count * this.#options.intervalMs
    this.#count += block.length
    this.#latestMs = clockMs + block.length * this.#options.intervalMs
    this.#done({
      clockMs,
      analog: Array.from({ length: this.#options.channels }, (_, channel) =>
        block.map((tick) => tick.analog[channel] ?? null),
      ),
      acceleration: block.map((tick) => tick.acceleration),
    })
  }
}
