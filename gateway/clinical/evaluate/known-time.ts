/**
 * The time for which a number is known to be beyond its limit. A delay counts it in a sliding window of known time: a gap, in
 * which nobody knows the number, neither adds nor resets. Pure.
 */
import type { Sight } from './machine.js'

interface Span {
  readonly ms: number
  readonly beyond: boolean
}

export interface KnownTime {
  /** Oldest first, without the gaps. */
  readonly spans: readonly Span[]
  /** Epoch ms up to which the spans count. */
  readonly at: number
  /** What holds since then; null: nobody knows. */
  readonly beyond: boolean | null
}

/** The window, in delays: two thirds of the known time in it must be beyond the limit. This project's own choice. */
const WINDOW = 1.5
/** After a longer gap nothing continues what was before. */
const LONGEST_GAP_MS = 5 * 60_000

export const knownFrom = (now: number): KnownTime => ({ spans: [], at: now, beyond: true })

/**
 * @param now a clock set back adds nothing
 * @returns null: none of the window is beyond the limit any more
 */
export function knownTime(before: KnownTime, sight: Sight, now: number, delayMs: number): KnownTime | null {
  const elapsed = Math.max(0, now - before.at)
  if (before.beyond === null && elapsed > LONGEST_GAP_MS) return sight === 'crossed' ? knownFrom(now) : null
  const last = before.spans.at(-1)
  const spans =
    before.beyond === null || elapsed === 0
      ? before.spans
      : last?.beyond === before.beyond
        ? [...before.spans.slice(0, -1), { ms: last.ms + elapsed, beyond: last.beyond }]
        : [...before.spans, { ms: elapsed, beyond: before.beyond }]
  const beyond = sight === 'unknown' ? before.beyond : sight === 'inhibited' ? null : sight === 'crossed'
  const kept = withinWindow(spans, WINDOW * delayMs)
  if (beyond !== true && !kept.some((span) => span.beyond)) return null
  // A gap goes on from where it began.
  const at = before.beyond === null && beyond === null ? Math.min(before.at, now) : now
  return { spans: kept, at, beyond }
}

export const beyondMs = ({ spans }: KnownTime): number =>
  spans.reduce((sum, { ms, beyond }) => sum + (beyond ? ms : 0), 0)

function withinWindow(spans: readonly Span[], windowMs: number): readonly Span[] {
  let room = windowMs
  const kept: Span[] = []
  for (const span of spans.toReversed()) {
    if (room <= 0) break
    kept.unshift({ ...span, ms: Math.min(span.ms, room) })
    room -= span.ms
  }
  return kept
}
