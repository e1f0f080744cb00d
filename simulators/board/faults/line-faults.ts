import { hash, uniform } from '#simulators/patient/noise.js'

/** What is wrong with the cable between kit and host, as data. All may be combined. */
export interface LineFault {
  /** The wire is broken: no byte passes, though both ends have power. */
  readonly cut?: boolean
  /** Share of the bits that arrive wrong, in both directions, 0 to 1. */
  readonly bitErrorRate?: number
  /** Bytes a second that nobody sent, heard by the host. */
  readonly garbagePerSecond?: number
}

const BITS = 8

/** The cable's faults. Seeded: the same bytes at the same times are damaged alike. */
export class LineFaults {
  readonly #bitSeed: number
  readonly #byteSeed: number
  #fault: LineFault = {}
  /** Bits until the next wrong one, and how many wrong ones there were. */
  #sound = 0
  #errors = 0
  #garbage = 0
  #garbageAt = Number.POSITIVE_INFINITY

  constructor(seed = 1) {
    this.#bitSeed = hash(seed, 11)
    this.#byteSeed = hash(seed, 12)
  }

  /** Replaces what was wrong before; an empty fault is a sound line. @param t milliseconds */
  set(fault: LineFault, t: number): void {
    this.#fault = fault
    this.#sound = this.#nextGap()
    this.#garbageAt = t + this.#nextPause()
  }

  get(): LineFault {
    return this.#fault
  }

  /** Bits turned over so far. */
  get errors(): number {
    return this.#errors
  }

  /** What arrives of bytes sent, in either direction. */
  pass(bytes: Uint8Array): Uint8Array {
    if (this.#fault.cut) return new Uint8Array(0)
    if (!this.#fault.bitErrorRate || bytes.length === 0) return bytes
    const heard = Uint8Array.from(bytes)
    let at = this.#sound
    for (; at < heard.length * BITS; at += 1 + this.#nextGap()) {
      heard[at >> 3] = (heard[at >> 3] as number) ^ (1 << (at & 7))
      this.#errors++
    }
    this.#sound = at - heard.length * BITS
    return heard
  }

  /** Bytes that nobody sent, since the last call. @param t milliseconds */
  garbage(t: number): Uint8Array {
    const heard: number[] = []
    while (this.#garbageAt <= t) {
      heard.push(hash(this.#byteSeed, 2 * this.#garbage++) & 0xff)
      this.#garbageAt += this.#nextPause()
    }
    return Uint8Array.from(this.#fault.cut ? [] : heard)
  }

  /** Milliseconds to the next byte that nobody sent: exponential, as independent ones are. */
  #nextPause(): number {
    const { garbagePerSecond = 0 } = this.#fault
    if (garbagePerSecond === 0) return Number.POSITIVE_INFINITY
    return (-1000 / garbagePerSecond) * Math.log(1 - uniform(this.#byteSeed, 2 * this.#garbage + 1))
  }

  /** Sound bits before the next wrong one: geometric, as independent errors are. */
  #nextGap(): number {
    const rate = Math.min(1, this.#fault.bitErrorRate ?? 0)
    if (rate === 0) return Number.POSITIVE_INFINITY
    if (rate === 1) return 0
    return Math.floor(Math.log(1 - uniform(this.#bitSeed, this.#errors)) / Math.log(1 - rate))
  }
}
