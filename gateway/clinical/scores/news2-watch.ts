/**
 * NEWS2 as it goes: takes judged values and entries, recomputes at most every few seconds, and says which of the score's
 * conditions hold. No I/O, no clock.
 */
import type { Finding } from '#gateway/clinical/limits/findings.js'
import type { Judged } from '#gateway/clinical/normalise/judged.js'
import type { Consciousness, OxygenSupply } from '#gateway/model/manual-observation.js'
import { NEWS2_DEFAULTS, type News2Inputs, type News2Options, type News2Score, news2, type Timed } from './news2.js'

/** A score whose inputs are minutes old need not be computed each second. */
const EVERY_MS = 5000

const HIGH = 7
const MEDIUM = 5

export class News2Watch {
  #options: News2Options
  #inputs: News2Inputs
  #changed = true
  #lookedAt = Number.NEGATIVE_INFINITY
  #latest: string | undefined

  constructor(options: News2Options = NEWS2_DEFAULTS, inputs: News2Inputs = {}) {
    this.#options = options
    this.#inputs = inputs
  }

  setOptions(options: News2Options): void {
    this.#options = options
    this.#changed = true
  }

  /** A value as evaluate sees it; what is implausible, or older than the one known, says nothing. */
  see({ measurement, superseded, stored }: Judged, now: number): void {
    const { observable, value, quality, at, until, identifier } = measurement
    if (superseded || quality === 'implausible') return
    const timed = (number: number): Timed<number> => ({
      value: number,
      // A device whose clock is ahead must not keep its value fresh for ever.
      at: Math.min(until ?? at, now),
      // An alert names a value that is on the record.
      ...(stored && { measurement: identifier }),
    })
    if (value.type === 'bloodPressure') this.#put('systolic', timed(value.systolic), now)
    if (value.type !== 'quantity') return
    if (observable === 'respiratoryRate') this.#put('respiration', timed(value.value), now)
    else if (observable === 'oxygenSaturation') this.#put('oxygenSaturation', timed(value.value), now)
    // The oximeter's is the younger of the two where both speak.
    else if (observable === 'pulseRate' || observable === 'heartRate') this.#put('pulse', timed(value.value), now)
    else if (observable === 'bodyTemperature') this.#put('temperature', timed(value.value), now)
  }

  enterConsciousness(entry: Timed<Consciousness>, now: number): void {
    this.#put('consciousness', entry, now)
  }

  enterOxygen(entry: Timed<OxygenSupply>, now: number): void {
    this.#put('oxygen', entry, now)
  }

  score(now: number): News2Score {
    return news2(this.#inputs, now, this.#options)
  }

  /** Call about once a second. @returns nothing while there is no measured value, or it is too soon to look again. */
  tick(now: number): Finding[] {
    // Without a change only the ages grow, and they count in minutes.
    const due = now - this.#lookedAt
    if (due >= 0 && due < (this.#changed ? EVERY_MS : 6 * EVERY_MS)) return []
    this.#lookedAt = now
    this.#changed = false
    const score = this.score(now)
    const isHeard = Object.values(score.parts).some(({ state }) => state === 'measured' || state === 'stale')
    return isHeard ? news2Findings(score, this.#latest) : []
  }

  #put<Key extends keyof News2Inputs>(key: Key, input: News2Inputs[Key], now: number): void {
    const known = this.#inputs[key]
    // An input from the future was measured before the clock was set back: it must not outlast newer ones.
    if (!input || (known && known.at > input.at && known.at <= now)) return
    if (known?.value !== input.value) this.#changed = true
    this.#inputs = { ...this.#inputs, [key]: input }
    if (input.measurement !== undefined) this.#latest = input.measurement
  }
}

/**
 * Which conditions hold. An episode ends one point below its threshold's neighbour, so that a score at its edge does not
 * alarm again and again; and it does not end because an input has grown too old.
 * @param measurement identifier of the latest input
 */
export function news2Findings(score: News2Score, measurement?: string): Finding[] {
  const { total, totalWithStale, red, parts } = score
  const finding = (condition: string, presence: Finding['presence'], value: number, limit: number): Finding => ({
    condition,
    presence,
    value,
    limit: { comparator: '>=', value: limit },
    ...(measurement !== undefined && { measurement }),
  })
  /** Neither beyond nor clearly back: nothing begins and nothing ends. */
  const presenceOf = (threshold: number): Finding['presence'] =>
    total >= threshold ? 'present' : totalWithStale >= threshold - 1 ? 'unknown' : 'absent'
  const wasRed = Object.values(parts).some(({ state, points }) => state === 'stale' && points === 3)
  const single = red.length > 0 ? 'present' : wasRed ? 'unknown' : 'absent'
  return [
    finding('news2-high', presenceOf(HIGH), total, HIGH),
    // The worse condition includes this one: no further alert begins, an open one goes on.
    finding('news2-medium', total >= HIGH ? 'unknown' : presenceOf(MEDIUM), total, MEDIUM),
    finding('news2-single-parameter', single === 'present' && total >= MEDIUM ? 'unknown' : single, 3, 3),
  ]
}
