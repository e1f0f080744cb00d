/**
 * Suspected falls: weightless, then a hard impact, then still in another direction than before, then no recovery. After
 * what published threshold detectors look for (e.g. Noury N, Rumeau P, Bourke AK, ÓLaighin G, Lundy JE. A proposal for
 * the classification and evaluation of fall detectors. IRBM 29(6):340-349, 2008: fall phase, impact, posture and
 * inactivity after it). The figures are defaults that nobody has verified for this strap. A slide off a chair has no
 * fall phase and is not found.
 */
import { EPOCH_MS, type Epoch, type Epochs, meanOf, sway } from './epochs.js'
import type { FallEvent } from './events.js'
import { positionOf } from './posture.js'
import { degreesBetween, distance, size, type Vector } from './vector.js'

export const FALL_DEFAULTS = {
  /** Weightless: below this, g, */
  freeFallG: 0.5,
  /** for as long as this, */
  freeFallMs: 100,
  /** then harder than this, g, */
  impactG: 2.5,
  /** within this of it, */
  impactWithinMs: 1000,
  /** then still for this, */
  stillMs: 2000,
  /** with no more movement than this (mean amplitude deviation), g, */
  stillG: 0.03,
  /** within this of the impact, */
  stillWithinMs: 20_000,
  /** turned by at least this from how the body was before, */
  degrees: 60,
  /** and not recovered this long after the impact. */
  recoveryMs: 60_000,
  /** Upright again for this, or */
  uprightMs: 3000,
  /** moving by more than this (mean amplitude deviation), g, */
  movementG: 0.06,
  /** for this without a pause, is a recovery. */
  movementMs: 10_000,
} as const

export type FallOptions = Partial<Readonly<Record<keyof typeof FALL_DEFAULTS, number>>>

/** A lost line is 200 ms: it does not end a fall that goes on behind it. */
const LONGEST_BRIDGE_MS = 250
/** Posture before: the mean of this much, ending a little before the fall began. */
const BEFORE_EPOCHS = 4
const MARGIN_EPOCHS = 1
const BEFORE_KEPT_MS = 2000
/** While still, one half second lies like the next. */
const STILL_TURN_G = 0.12
/** A breathing chest sways the strap's means by more than this, g; a strap on a table by its noise only. */
export const BODY_SWAY_G = 0.0015
/** Half seconds over which that is looked for: two slow breaths. */
export const BODY_EPOCHS = 24

interface Fall {
  phase: 'falling' | 'settling' | 'lying' | 'raised'
  /** Beginning and end of the weightlessness. */
  since: number
  endedAt: number
  before: Vector
  impactAt: number
  degrees: number
  body: boolean
}

export class FallDetector {
  readonly #options: Readonly<Record<keyof typeof FALL_DEFAULTS, number>>
  readonly #epochs: Epochs
  readonly #periodMs: number
  #free: { since: number; seen: number; lowest: number; last: number; before: Vector | null; told: boolean } | null =
    null
  #fall: Fall | null = null
  /** Half seconds in a row. */
  #rows = { still: 0, moving: 0, upright: 0 }
  #lastEpoch: Epoch | null = null

  constructor(options: { periodMs: number; epochs: Epochs; parameters?: FallOptions }) {
    this.#periodMs = options.periodMs
    this.#epochs = options.epochs
    this.#options = { ...FALL_DEFAULTS, ...options.parameters }
  }

  /** One sample, g. */
  sample(at: number, sample: Vector): FallEvent[] {
    const g = size(sample)
    const { freeFallG, impactG, impactWithinMs } = this.#options
    if (g < freeFallG) return this.#weightless(at, g)
    if (this.#free && at - this.#free.last > LONGEST_BRIDGE_MS + this.#periodMs) this.#free = null
    const events: FallEvent[] = []
    const free = this.#free
    if (free) {
      this.#free = null
      // A body that bounces is weightless again: that is still the first fall.
      if (free.told && (!this.#fall || this.#fall.phase === 'falling')) {
        const durationMs = free.last - free.since + this.#periodMs
        events.push({ type: 'fall-phase', at: free.since, durationMs, lowestG: free.lowest })
        if (free.before) this.#begin(at, free.since, free.before)
      }
    }
    const fall = this.#fall
    if (!fall) return events
    if (fall.phase === 'falling') {
      if (at - fall.endedAt > impactWithinMs) this.#fall = null
      else if (g > impactG) {
        fall.phase = 'settling'
        fall.impactAt = at
        this.#rows.still = 0
        events.push({ type: 'impact', at, g })
      }
    }
    return events
  }

  /** Half a second has passed. @param epoch null where too little of it came */
  epoch(endsAt: number, epoch: Epoch | null): FallEvent[] {
    this.#follow(epoch)
    const fall = this.#fall
    const { stillMs, stillWithinMs, degrees, recoveryMs } = this.#options
    if (!fall || fall.phase === 'falling') return []
    const events: FallEvent[] = []
    if (fall.phase === 'settling') {
      const needed = Math.ceil(stillMs / EPOCH_MS)
      if (epoch && this.#rows.still >= needed) {
        const after = meanOf(this.#epochs.between(epoch.index - needed + 1, epoch.index))
        const turned = after ? degreesBetween(fall.before, after) : 0
        if (turned >= degrees) {
          fall.phase = 'lying'
          fall.degrees = turned
          this.#rows.moving = 0
          this.#rows.upright = 0
          events.push({ type: 'lying-still', at: endsAt, impactAt: fall.impactAt, degrees: turned })
        } else {
          // Came to rest as they were: they sat down hard, or jumped. What they do next is no part of it.
          this.#fall = null
          return []
        }
      }
      if (fall.phase === 'settling') {
        if (endsAt - fall.impactAt > stillWithinMs) this.#fall = null
        return events
      }
    }
    if (epoch) fall.body ||= this.#bodySeen(epoch.index, fall.impactAt)
    const by = this.#recovery()
    if (by) {
      this.#fall = null
      events.push({ type: 'recovered', at: endsAt, impactAt: fall.impactAt, by, raised: fall.phase === 'raised' })
    } else if (fall.phase === 'lying' && endsAt - fall.impactAt >= recoveryMs) {
      fall.phase = 'raised'
      events.push({
        type: 'suspected-fall',
        at: endsAt,
        impactAt: fall.impactAt,
        degrees: fall.degrees,
        body: fall.body ? 'seen' : 'not-seen',
      })
    }
    return events
  }

  /** The signal was interrupted: a fall that had been seen to its end still waits for a recovery. */
  interrupt(): void {
    this.#free = null
    if (!this.#isLying) this.#fall = null
    this.#rows = { still: 0, moving: 0, upright: 0 }
    this.#lastEpoch = null
  }

  get #isLying(): boolean {
    return this.#fall?.phase === 'lying' || this.#fall?.phase === 'raised'
  }

  #weightless(at: number, g: number): FallEvent[] {
    let free = this.#free
    if (free && at - free.last > LONGEST_BRIDGE_MS + this.#periodMs) free = null
    if (!free) {
      const first = Math.floor(at / EPOCH_MS)
      const before = this.#epochs.between(first - BEFORE_EPOCHS - MARGIN_EPOCHS, first - 1 - MARGIN_EPOCHS)
      free = { since: at, seen: 0, lowest: g, last: at, before: meanOf(before), told: false }
    }
    free.seen += 1
    free.last = at
    free.lowest = Math.min(free.lowest, g)
    // Rounded: 4.999… periods of 20 ms are 100 ms.
    free.told = Math.round(free.seen * this.#periodMs) >= this.#options.freeFallMs
    this.#free = free
    return []
  }

  #begin(at: number, since: number, before: Vector): void {
    // Weightless twice in one fall: the posture is that before the first. Who jumps on and on is not falling since.
    const first = this.#fall && since - this.#fall.since <= BEFORE_KEPT_MS ? this.#fall : null
    this.#fall = {
      phase: 'falling',
      since: first?.since ?? since,
      endedAt: at,
      before: first?.before ?? before,
      impactAt: at,
      degrees: 0,
      body: false,
    }
  }

  #follow(epoch: Epoch | null): void {
    const last = this.#lastEpoch
    this.#lastEpoch = epoch
    const { stillG, movementG } = this.#options
    if (!epoch) {
      this.#rows = { still: 0, moving: 0, upright: 0 }
      return
    }
    const turned = last !== null && distance(last.mean, epoch.mean) > STILL_TURN_G
    this.#rows.still = epoch.deviation <= stillG && !turned ? this.#rows.still + 1 : 0
    this.#rows.moving = epoch.deviation > movementG ? this.#rows.moving + 1 : 0
    this.#rows.upright = this.#isUpright(epoch.mean) ? this.#rows.upright + 1 : 0
  }

  #isUpright(mean: Vector): boolean {
    const fall = this.#fall
    if (!fall) return false
    if (positionOf(mean) === 'upright') return true
    // A strap that sits askew: back to how the body stood, where it was not lying then.
    const before = positionOf(fall.before)
    const lay = before === 'supine' || before === 'prone' || before === 'left-lateral' || before === 'right-lateral'
    return !lay && degreesBetween(mean, fall.before) < 45
  }

  #recovery(): 'upright' | 'movement' | null {
    const { uprightMs, movementMs } = this.#options
    if (this.#rows.upright * EPOCH_MS >= uprightMs) return 'upright'
    return this.#rows.moving * EPOCH_MS >= movementMs ? 'movement' : null
  }

  #bodySeen(index: number, impactAt: number): boolean {
    // Swings after the impact are no breath.
    const first = Math.max(index - BODY_EPOCHS + 1, Math.ceil(impactAt / EPOCH_MS) + 6)
    const epochs = this.#epochs.between(first, index)
    return epochs.length >= BODY_EPOCHS / 2 && sway(epochs) > BODY_SWAY_G
  }
}
