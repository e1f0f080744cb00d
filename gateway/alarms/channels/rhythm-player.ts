import type { Clock } from '#gateway/platform/clock.js'
import type { Rhythm } from './annunciator-patterns.js'

/** Plays one rhythm at a time on one output. */
export class RhythmPlayer {
  readonly #clock: Clock
  readonly #set: (on: boolean) => void
  #rhythm: Rhythm | null = null
  #on = false
  #cancel: () => void = () => {}

  constructor(clock: Clock, set: (on: boolean) => void) {
    this.#clock = clock
    this.#set = set
  }

  /** A rhythm that is playing goes on where it is; `null` switches off. */
  play(rhythm: Rhythm | null): void {
    if (rhythm === this.#rhythm) return
    this.#cancel()
    this.#rhythm = rhythm
    if (rhythm) this.#step(rhythm, 0)
    else this.#switch(false)
  }

  /** Stops without a word to the output, and forgets: the board is gone. */
  forget(): void {
    this.#cancel()
    this.#rhythm = null
    this.#on = false
  }

  #step(rhythm: Rhythm, at: number): void {
    this.#switch(at % 2 === 0)
    // A single duration is steady: there is nothing to wait for.
    if (rhythm.length === 1) return
    this.#cancel = this.#clock.after(rhythm[at] ?? 0, () => this.#step(rhythm, (at + 1) % rhythm.length))
  }

  #switch(on: boolean): void {
    if (on === this.#on) return
    this.#on = on
    this.#set(on)
  }
}
