/**
 * Oximeter values that jump further within a second than blood and heart do: a clip that slips, a display misread. Such a
 * value is held until it has been the same for some seconds. Nothing real is hidden for longer: a value that stays beyond the
 * jump counts, however it goes on from there.
 */
import type { JumpLimits } from '#gateway/clinical/sensors/sensor-definition.js'

export class JumpGuard {
  readonly #limits: JumpLimits
  /** The last value believed, and since when values have gone on from each other without a jump. */
  #believed: { at: number; value: number; since: number } | null = null
  #held: { since: number; last: number; upward: boolean } | null = null

  constructor(limits: JumpLimits) {
    this.#limits = limits
  }

  /** @param at ms, rising @returns whether the value is to be held */
  isJump(at: number, value: number): boolean {
    const { change, withinMs, confirmMs } = this.#limits
    const believed = this.#believed
    const held = this.#held
    const last = held?.last ?? believed?.at
    // After a silence, or a clock set back, there is nothing to have jumped from.
    if (!believed || last === undefined || at < last || at - last > withinMs) return this.#believe(at, value, at)
    const difference = value - believed.value
    if (Math.abs(difference) <= change) return this.#believe(at, value, believed.since)
    const upward = difference > 0
    if (!held) {
      if (believed.at - believed.since < confirmMs) return this.#believe(at, value, at)
      this.#held = { since: at, last: at, upward }
      return true
    }
    const since = held.upward === upward ? held.since : at
    if (at - since >= confirmMs) return this.#believe(at, value, at)
    this.#held = { since, last: at, upward }
    return true
  }

  /** The sensor was off, or searched: what comes next is a new beginning. */
  reset(): void {
    this.#believed = null
    this.#held = null
  }

  #believe(at: number, value: number, since: number): false {
    this.#believed = { at, value, since }
    this.#held = null
    return false
  }
}
