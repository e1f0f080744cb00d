/** Fibrillation and flutter that the analyser named, against the annotated ones. Pure; everything in seconds. */
import type { EcgEvent } from '#gateway/clinical/signals/ecg/events.js'
import type { Reference, Span } from './annotations.js'
import { overlap } from './score.js'

const FIBRILLATION: ReadonlySet<string> = new Set(['VF', 'VFIB', 'VFL'])
/** Shorter ones are over before anybody could look. */
const LEAST_EPISODE_S = 10

export interface Named extends Span {
  /** When it was told. */
  readonly told: number
}

export interface FibrillationScore {
  readonly seconds: number
  readonly found: number
  /** Seconds of fibrillation for which a rate was shown as known. */
  readonly rateKnown: number
  /** Seconds of everything else, ventricular tachycardia apart, and those named. */
  readonly others: number
  readonly false: number
  readonly tachycardia: number
  readonly tachycardiaNamed: number
  /** Seconds from the beginning of each episode of 10 s and more to its alarm; null: none while it lasted. */
  readonly delays: readonly (number | null)[]
  /** Alarms raised where there is neither. */
  readonly falseAlarms: number
}

/** @param told seconds at which each event was given, beside `events` */
export function namedFibrillation(events: readonly EcgEvent[], told: readonly number[], end: number): Named[] {
  const named: Named[] = []
  for (const [i, event] of events.entries()) {
    if (event.type === 'fibrillation-begin') named.push({ from: event.since / 1000, to: end, told: told[i] as number })
    const last = named.at(-1)
    if (event.type === 'fibrillation-end' && last) named[named.length - 1] = { ...last, to: event.since / 1000 }
  }
  return named
}

export function scoreFibrillation(
  { flutter, rhythms }: Reference,
  rateHz: number,
  end: number,
  named: readonly Named[],
  known: readonly Span[],
): FibrillationScore {
  const inSeconds = ({ from, to }: Span) => ({ from: from / rateHz, to: Math.min(end, to / rateHz) })
  const labelled = (names: ReadonlySet<string>) => rhythms.filter(({ name }) => names.has(name)).map(inSeconds)
  const fibrillation = merged([...labelled(FIBRILLATION), ...flutter.map(inSeconds)])
  const tachycardia = labelled(new Set(['VT']))
  const length = (spans: readonly Span[]) => spans.reduce((sum, { from, to }) => sum + to - from, 0)
  const both = (spans: readonly Span[], others: readonly Span[]) =>
    spans.reduce((sum, span) => sum + overlap(span, others), 0)
  const seconds = length(fibrillation)
  const found = both(fibrillation, named)
  const tachycardiaNamed = both(tachycardia, named)
  return {
    seconds,
    found,
    rateKnown: both(fibrillation, known),
    others: end - seconds - length(tachycardia),
    false: length(named) - found - tachycardiaNamed,
    tachycardia: length(tachycardia),
    tachycardiaNamed,
    delays: fibrillation
      .filter(({ from, to }) => to - from >= LEAST_EPISODE_S)
      .map(({ from, to }) => {
        const alarm = named.find((one) => one.told <= to && one.to > from)
        return alarm ? Math.max(0, alarm.told - from) : null
      }),
    falseAlarms: named.filter((one) => overlap(one, fibrillation) + overlap(one, tachycardia) === 0).length,
  }
}

function merged(spans: readonly Span[]): Span[] {
  const found: Span[] = []
  for (const span of [...spans].sort((a, b) => a.from - b.from)) {
    const last = found.at(-1)
    // A label and a symbol that mark the same episode differ by parts of a second.
    if (last && span.from <= last.to + 0.5)
      found[found.length - 1] = { from: last.from, to: Math.max(last.to, span.to) }
    else found.push(span)
  }
  return found
}
