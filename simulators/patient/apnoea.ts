/**
 * Pauses of breathing and what they do to the blood's oxygen: the lungs' store lasts a while and the blood takes its
 * time to the finger, then saturation falls, and rises again the same time after the first breath. The delays and rates
 * are made up in the order of magnitude that sleep laboratories see; nothing here is a clinical model.
 */
type Pauses = readonly (readonly [from: number, to: number])[]

/** From the last breath to the first percent lost at the finger, and from the first breath to the first one gained. */
const DELAY_S = 18
const FALL_PER_S = 0.45
const RISE_PER_S = 1.2
const DEEPEST = 35

/** Whether the body is not breathing at `t` ms. */
export function apnoeic(pauses: Pauses, t: number): boolean {
  return pauses.some(([from, to]) => t >= from * 1000 && t < to * 1000)
}

/** Percent of saturation lost at `t` ms. */
export function desaturation(pauses: Pauses, t: number): number {
  const now = t / 1000 - DELAY_S
  let lost = 0
  let at = Number.NEGATIVE_INFINITY
  for (const [from, to] of pauses) {
    if (now <= from) break
    lost = Math.max(0, lost - RISE_PER_S * Math.max(0, from - at))
    at = Math.min(now, to)
    lost = Math.min(DEEPEST, lost + FALL_PER_S * (at - from))
  }
  return Number.isFinite(at) ? Math.max(0, lost - RISE_PER_S * Math.max(0, now - at)) : 0
}
