/** One record through the analyser, as a device would send it: tenths of a second. */
import { EcgAnalyser } from '#gateway/clinical/signals/ecg/analyser.js'
import { LATENCY_MS, LEARNING_MS } from '#gateway/clinical/signals/ecg/beat-detector.js'
import type { EcgEvent } from '#gateway/clinical/signals/ecg/events.js'
import type { Span } from './annotations.js'
import { type FibrillationScore, namedFibrillation, scoreFibrillation } from './fibrillation.js'
import type { BenchRecord } from './record.js'
import { type Score, type ScoreOptions, scoreBeats } from './score.js'

const BLOCKS_A_SECOND = 10

export interface Run {
  readonly record: BenchRecord
  readonly score: Score
  readonly events: readonly EcgEvent[]
  /** When each was given, in seconds. */
  readonly told: readonly number[]
  readonly irregular: readonly Span[]
  /** Longest from an R peak to its event, ms, after the learning. */
  readonly latencyMs: number
  readonly fibrillation: FibrillationScore
}

export function analyserOf(record: BenchRecord): EcgAnalyser {
  const { rateHz, lowest, highest, countsPerMillivolt } = record
  return new EcgAnalyser({
    rateHz,
    lowest,
    highest,
    ...(countsPerMillivolt === undefined ? {} : { countsPerMillivolt }),
  })
}

export function run(record: BenchRecord, options: Pick<ScoreOptions, 'learningS'> = {}): Run {
  const { samples, rateHz, reference } = record
  const analyser = analyserOf(record)
  const block = Math.max(1, Math.round(rateHz / BLOCKS_A_SECOND))
  const events: EcgEvent[] = []
  /** When each was given, in seconds. */
  const told: number[] = []
  let latencyMs = 0
  // The last beats are told when what follows them is there.
  const tail = Array.from({ length: Math.ceil((LATENCY_MS * rateHz) / 1000) }, () => null)
  for (let first = 0; first < samples.length + tail.length; first += block) {
    const end = first + block
    const given = analyser.push([
      ...samples.slice(first, end),
      ...tail.slice(Math.max(0, first - samples.length), Math.max(0, end - samples.length)),
    ])
    for (const event of given) {
      events.push(event)
      told.push(Math.min(end, samples.length) / rateHz)
      const now = (end * 1000) / rateHz
      if (event.type === 'beat' && now > LEARNING_MS + 1000) latencyMs = Math.max(latencyMs, now - event.at)
    }
  }
  const found = events.flatMap((event) => (event.type === 'beat' ? [event.index] : []))
  const score = scoreBeats(reference.beats, found, { rateHz, flutter: reference.flutter, ...options })
  const seconds = samples.length / rateHz
  const named = namedFibrillation(events, told, seconds)
  const fibrillation = scoreFibrillation(reference, rateHz, seconds, named, knownRates(events, told, seconds))
  return { record, score, events, told, irregular: episodes(events, rateHz), latencyMs, fibrillation }
}

/** When a rate was shown as known, in seconds. */
export function knownRates(events: readonly EcgEvent[], told: readonly number[], end: number): Span[] {
  const known: Span[] = []
  let from: number | null = null
  for (const [i, event] of events.entries()) {
    if (event.type !== 'rate') continue
    const now = told[i] as number
    if (event.perMinute !== null) from ??= now
    else if (from !== null) {
      known.push({ from, to: now })
      from = null
    }
  }
  return from === null ? known : [...known, { from, to: end }]
}

/** Episodes of irregular rhythm in sample numbers, from the first of the intervals that showed them. */
function episodes(events: readonly EcgEvent[], rateHz: number): Span[] {
  const found: Span[] = []
  let from: number | null = null
  for (const event of events) {
    if (event.type === 'rhythm-begin') from = (event.since * rateHz) / 1000
    if (event.type === 'rhythm-end' && from !== null) {
      found.push({ from, to: (event.at * rateHz) / 1000 })
      from = null
    }
  }
  if (from !== null) found.push({ from, to: Number.POSITIVE_INFINITY })
  return found
}

/** `good`, or the grade and its reasons, in the second that holds a sample. */
export function qualityAt(events: readonly EcgEvent[], ms: number): string {
  let said = 'unknown'
  for (const event of events) {
    if (event.type !== 'quality') continue
    if (event.at > ms) break
    said = [event.grade, ...event.reasons].join(' ')
  }
  return said
}
