import type { Clock } from '#gateway/platform/clock.js'

/** Contacts bounce for a few milliseconds; nobody presses for less than this. */
const STEADY_MS = 30

/** A button to ground: a press counts once its level has been low for 30 ms. One that is down from the start is stuck. */
export class PushButton {
  readonly #clock: Clock
  readonly #pressed: () => void
  /** Whether this press has been told already: a new one begins only after the button was steadily up. */
  #armed = false
  #low: boolean | null = null
  #cancel: () => void = () => {}

  constructor(clock: Clock, pressed: () => void) {
    this.#clock = clock
    this.#pressed = pressed
  }

  /** @param level 0: pressed. */
  level(level: number): void {
    const low = level === 0
    if (low === this.#low) return
    this.#low = low
    this.#cancel()
    this.#cancel = this.#clock.after(STEADY_MS, () => {
      if (low && this.#armed) this.#pressed()
      this.#armed = !low
    })
  }

  /** The board is gone. */
  forget(): void {
    this.#cancel()
    this.#armed = false
    this.#low = null
  }
}
