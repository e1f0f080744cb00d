/** When to kill: anywhere, but more often than chance would where something is half done. */
import type { Dice } from './dice.js'

export const MOMENTS = ['start-up', 'at work', 'closing', 'pushing', 'anchoring', 'acknowledging'] as const
export type Moment = (typeof MOMENTS)[number]

export interface Kill {
  readonly moment: Moment
  /** After the moment has come: after the start, after it is ready, after the full second, after the event. */
  readonly delayMs: number
  /** Whether the far end has carried out what it was asked for, but not answered. */
  readonly carriedOut: boolean
}

const RANGE_MS: Record<Moment, readonly [from: number, to: number]> = {
  'start-up': [50, 1500],
  'at work': [20, 1500],
  closing: [1, 60],
  pushing: [0.5, 20],
  anchoring: [0.5, 20],
  acknowledging: [0.5, 40],
}

export function planKill(dice: Dice): Kill {
  // Half of all kills are as a power cut is: at no moment in particular.
  const moment = dice.next() < 0.4 ? 'at work' : dice.pick(MOMENTS)
  const [from, to] = RANGE_MS[moment]
  return { moment, delayMs: dice.logUniform(from, to), carriedOut: dice.next() < 0.5 }
}
