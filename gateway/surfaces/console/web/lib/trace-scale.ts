/** The vertical scale of a trace. Pure. */
export interface Range {
  readonly min: number
  readonly max: number
}

/** Room above and below, as a share of the span. */
const MARGIN = 0.12
/** A scale of which less is used is narrowed. */
const USED = 0.45

/**
 * Widens at once, narrows only when most of it lies unused, and never below `leastSpan`: a flat line looks flat.
 * @param seen what is to be drawn. @returns null where the scale of now still fits
 */
export function scaleOf(seen: Range, leastSpan: number, now: Range | null): Range | null {
  const span = Math.max(seen.max - seen.min, leastSpan, Math.abs(seen.max) * 1e-6, 1e-6)
  if (now && seen.min >= now.min && seen.max <= now.max && span > (now.max - now.min) * USED) return null
  const middle = (seen.max + seen.min) / 2
  const reach = span * (0.5 + MARGIN)
  return { min: middle - reach, max: middle + reach }
}
