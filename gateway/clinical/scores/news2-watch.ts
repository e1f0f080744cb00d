/**
 * NEWS2 as it goes: takes judged values and entries, recomputes at most every few seconds, and says which of the score's
 * conditions hold. No I/O, no clock.
 */
import type { Observable } from '#fhir/measurement.js'
import type { Finding } from '#gateway/clinical/limits/findings.js'
import type { Judged } from '#gateway/clinical/normalise/judged.js'
import { type AlertTransition, PRIORITIES } from '#gateway/model/alert.js'
import type { Consciousness, OxygenSupply } from '#gateway/model/manual-observation.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import {
  NEWS2_DEFAULTS,
  type News2Inputs,
  type News2Options,
  type News2Score,
  news2,
  type OpenAlarm,
  type Timed,
} from './news2.js'

/** A score whose inputs are minutes old need not be computed each second. */
const EVERY_MS = 5000

/** Alerts that say that the value of before is not the patient's any more, and whose it is. */
const CONTRADICTS: Readonly<Record<string, 'pulse' | 'respiration'>> = {
  asystole: 'pulse',
  'no-organised-heartbeat': 'pulse',
  'no-readable-heartbeat': 'pulse',
  'no-breath': 'respiration',
}
/** A sensor that has no value for these reasons contradicts nothing: it searches, or cannot be read now. */
const SEARCHES = new Set(['acquiring', 'poor-signal', 'learning', 'uncertain', 'irregular'])
const PARAMETER_OF: Partial<Record<Observable, keyof News2Inputs>> = {
  respiratoryRate: 'respiration',
  oxygenSaturation: 'oxygenSaturation',
  // The oximeter's is the younger of the two where both speak.
  pulseRate: 'pulse',
  heartRate: 'pulse',
  bodyTemperature: 'temperature',
  bloodPressure: 'systolic',
}

const HIGH = 7
const MEDIUM = 5

export class News2Watch {
  #options: News2Options
  #inputs: News2Inputs
  #changed = true
  #lookedAt = Number.NEGATIVE_INFINITY
  #latest: string | undefined
  /** The sensor that gave each input. */
  readonly #sources = new Map<keyof News2Inputs, string>()
  readonly #open = new Map<string, AlertTransition>()

  constructor(options: News2Options = NEWS2_DEFAULTS, inputs: News2Inputs = {}) {
    this.#options = options
    this.#inputs = inputs
  }

  setOptions(options: News2Options): void {
    this.#options = options
    this.#changed = true
  }

  /**
   * A value as evaluate sees it. One that is held says nothing; one that is impossible, or absent because the probe is off or nobody
   * breathes, voids what the same sensor said before.
   */
  see({ measurement, superseded, held, undated, stored }: Judged, now: number): void {
    const { observable, sensor, deviceId, value, quality, at, until, identifier, remarks } = measurement
    const parameter = PARAMETER_OF[observable]
    if (superseded || held || undated || parameter === undefined) return
    const source = `${deviceId} ${sensor}`
    if (value.type === 'absent' || quality === 'implausible') {
      const why = remarks[0] ?? 'no-value'
      if (this.#sources.get(parameter) === source && !SEARCHES.has(why)) this.#void(parameter, why)
      return
    }
    const number = value.type === 'bloodPressure' ? value.systolic : value.type === 'quantity' ? value.value : null
    if (number === null) return
    this.#sources.set(parameter, source)
    this.#put(
      parameter,
      {
        value: number,
        // A device whose clock is ahead must not keep its value fresh for ever.
        at: Math.min(until ?? at, now),
        // An alert names a value that is on the record.
        ...(stored && { measurement: identifier }),
      },
      now,
    )
  }

  /** What was raised, acknowledged and ended: a finding voids the value that it contradicts, for as long as it holds. */
  note(transitions: readonly AlertTransition[]): void {
    for (const transition of transitions) {
      const { alertId, condition, state } = transition
      if (condition.startsWith('news2-') || condition === REHEARSAL) continue
      if (state === 'cleared') this.#open.delete(alertId)
      else this.#open.set(alertId, transition)
      const parameter = CONTRADICTS[condition]
      if (parameter && this.#contradictionOf(parameter)) this.#void(parameter, condition)
    }
  }

  enterConsciousness(entry: Timed<Consciousness>, now: number): void {
    this.#put('consciousness', entry, now)
  }

  enterOxygen(entry: Timed<OxygenSupply>, now: number): void {
    this.#put('oxygen', entry, now)
  }

  score(now: number): News2Score {
    const rank = ({ priority }: OpenAlarm) => PRIORITIES.indexOf(priority)
    const open = [...this.#open.values()]
      .map(({ condition, priority, raisedAt }) => ({ condition, priority, since: raisedAt }))
      .sort((a, b) => rank(a) - rank(b) || a.since - b.since)
    return news2(this.#inputs, now, this.#options, open)
  }

  /** Call about once a second. @returns nothing while there is no measured value, or it is too soon to look again. */
  tick(now: number): Finding[] {
    // Without a change only the ages grow, and they count in minutes.
    const due = now - this.#lookedAt
    if (due >= 0 && due < (this.#changed ? EVERY_MS : 6 * EVERY_MS)) return []
    this.#lookedAt = now
    this.#changed = false
    const score = this.score(now)
    const isHeard = Object.values(score.parts).some(
      ({ state }) => state === 'measured' || state === 'stale' || state === 'void',
    )
    return isHeard ? news2Findings(score, this.#latest) : []
  }

  #put<Key extends keyof News2Inputs>(key: Key, input: News2Inputs[Key], now: number): void {
    const known = this.#inputs[key]
    // An input from the future was measured before the clock was set back: it must not outlast newer ones.
    if (!input || (known && known.at > input.at && known.at <= now)) return
    if (known?.value !== input.value || known?.contradictedBy !== undefined) this.#changed = true
    const contradictedBy = this.#contradictionOf(key)
    this.#inputs = { ...this.#inputs, [key]: { ...input, ...(contradictedBy && { contradictedBy }) } }
    if (input.measurement !== undefined) this.#latest = input.measurement
  }

  #void(key: keyof News2Inputs, contradictedBy: string): void {
    const known = this.#inputs[key]
    if (!known || known.contradictedBy !== undefined) return
    this.#inputs = { ...this.#inputs, [key]: { ...known, contradictedBy } }
    this.#changed = true
  }

  /** The open alert that says that no value of this can be the patient's. A latched one is over. */
  #contradictionOf(key: keyof News2Inputs): string | undefined {
    for (const { condition, state } of this.#open.values())
      if (CONTRADICTS[condition] === key && state !== 'latched') return condition
    return undefined
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
  const wasRed = Object.values(parts).some(
    ({ state, points }) => (state === 'stale' || state === 'void') && points === 3,
  )
  const single = red.length > 0 ? 'present' : wasRed ? 'unknown' : 'absent'
  return [
    finding('news2-high', presenceOf(HIGH), total, HIGH),
    // The worse condition includes this one: no further alert begins, an open one goes on.
    finding('news2-medium', total >= HIGH ? 'unknown' : presenceOf(MEDIUM), total, MEDIUM),
    finding('news2-single-parameter', single === 'present' && total >= MEDIUM ? 'unknown' : single, 3, 3),
  ]
}
