/**
 * Maps the kit's milliseconds to the gateway's wall clock.
 *
 * A line can only be late, never early, so the smallest (received − kit) seen is the best offset. The kit's ceramic
 * resonator is good to ±0.5 %, so the minimum may creep up by that much; where it runs fast the minimum follows by itself.
 */
export const MAX_DRIFT = 0.006
/** The serial line buffers a few seconds at most: more than this is a step of the gateway's own clock. */
const CLOCK_STEP_MS = 30_000
/**
 * Lines carry the time of their first sample, and what was kept during a hand-over (10.5 s at most) comes after it;
 * an earlier reboot than this shows in the sequence numbers.
 */
const REBOOT_BACKWARDS_MS = 14_000

export class KitClock {
  /** Kit time without wrap, of the latest line. */
  #latest: number | null = null
  #offset = 0

  /** Forgets everything: the kit has booted. */
  restart(): void {
    this.#latest = null
  }

  /** @returns kit time without wrap, or null when the time went back as only a reboot makes it. */
  unwrap(ms: number): number | null {
    if (this.#latest === null) return ms
    // `| 0` is modulo 2^32, signed: the shorter way round.
    const delta = (ms - this.#latest) | 0
    return delta < -REBOOT_BACKWARDS_MS ? null : this.#latest + delta
  }

  /** Learns from one line; call with what `unwrap` gave. @returns the gateway's time of that kit time. */
  learn(kitMs: number, receivedAt: number): number {
    const observed = receivedAt - kitMs
    if (this.#latest === null) {
      this.#offset = observed
      this.#latest = kitMs
    } else {
      const elapsed = Math.max(0, kitMs - this.#latest)
      const crept = this.#offset + elapsed * MAX_DRIFT
      this.#offset = observed - crept > CLOCK_STEP_MS ? observed : Math.min(crept, observed)
      this.#latest = Math.max(this.#latest, kitMs)
    }
    return Math.round(kitMs + this.#offset)
  }
}
