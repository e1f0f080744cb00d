/** Pauses and asystole: how long no beat came while the trace could be believed. Times in ms on the sample clock. */
import type { EcgEvent } from './events.js'

export class Standstill {
  readonly #options: { readonly pauseMs: number; readonly asystoleMs: number }
  /** The last beat believed, or since when the trace can be believed; null: it cannot. */
  #since: number | null = null
  /** Whether `#since` is a beat. */
  #fromBeat = false
  #flat = false
  #asystole = false
  /** A single beat in an asystole: the end, if another follows. */
  #lone: number | null = null

  constructor(options: { pauseMs: number; asystoleMs: number }) {
    this.#options = options
  }

  get asystole(): boolean {
    return this.#asystole
  }

  /** @param contact false: the electrode was off for a part of the interval that ends here, which is then no pause */
  beat(at: number, contact: boolean, out: EcgEvent[]): void {
    const since = this.#since
    const waited = since === null ? 0 : at - since
    if (this.#asystole) {
      if (this.#lone !== null && at - this.#lone < this.#options.asystoleMs) {
        out.push({ type: 'asystole-end', at: this.#lone })
        this.#asystole = false
        this.#lone = null
      } else this.#lone = at
    } else if (waited >= this.#options.asystoleMs) {
      // The beat that ends it came in the very second in which it would have been raised.
      this.#begin(since as number, out)
      this.#lone = at
    } else if (contact && this.#fromBeat && waited > this.#options.pauseMs) {
      out.push({ type: 'pause', at: since as number, durationMs: waited, flat: this.#flat })
    }
    this.#since = at
    this.#fromBeat = true
    this.#flat = false
  }

  /** A second that can be believed has passed without anything else. */
  quiet(from: number, to: number, flat: boolean, out: EcgEvent[]): void {
    if (this.#since === null) {
      this.#since = from
      this.#fromBeat = false
    }
    if (flat) this.#flat = true
    if (!this.#asystole && to - this.#since >= this.#options.asystoleMs) this.#begin(this.#since, out)
  }

  /** From here on nothing can be said. An asystole that was raised stays until beats are seen. */
  unbelievable(): void {
    this.#since = null
    this.#fromBeat = false
    this.#flat = false
    this.#lone = null
  }

  #begin(since: number, out: EcgEvent[]): void {
    this.#asystole = true
    this.#lone = null
    out.push({ type: 'asystole-begin', at: since + this.#options.asystoleMs, since, flat: this.#flat })
  }
}
