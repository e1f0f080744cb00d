import type { Clock } from '#gateway/platform/clock.js'

/** A clock moved by hand. `advance` runs due timers in order and lets promises settle between them. */
export class TestClock implements Clock {
  #now: number
  #mono = 0
  #timers: { at: number; action: () => void }[] = []

  constructor(now = Date.UTC(2026, 0, 1, 12)) {
    this.#now = now
  }
  now(): number {
    return this.#now
  }
  monotonic(): number {
    return this.#mono
  }
  after(ms: number, action: () => void): () => void {
    const timer = { at: this.#mono + ms, action }
    this.#timers.push(timer)
    return () => {
      this.#timers = this.#timers.filter((t) => t !== timer)
    }
  }
  /** Sets the wall clock without moving monotonic time, as NTP would. */
  setWall(now: number): void {
    this.#now = now
  }
  async advance(ms: number): Promise<void> {
    const end = this.#mono + ms
    for (;;) {
      await settle()
      const due = this.#timers.filter((t) => t.at <= end).sort((a, b) => a.at - b.at)[0]
      if (!due) break
      this.#timers = this.#timers.filter((t) => t !== due)
      this.#now += Math.max(0, due.at - this.#mono)
      this.#mono = Math.max(this.#mono, due.at)
      due.action()
    }
    this.#now += end - this.#mono
    this.#mono = end
    await settle()
  }
}

/** Lets pending promise callbacks and immediates run. */
export async function settle(turns = 3): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise((resolve) => setImmediate(resolve))
}
