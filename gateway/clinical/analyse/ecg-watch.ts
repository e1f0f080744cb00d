/** One ECG lead: heart rate, standstill, pauses, rhythm, and how far the trace can be believed. */

import type { Finding } from '#gateway/clinical/limits/findings.js'
import { isSameScale, type Scale } from '#gateway/clinical/normalise/chunker.js'
import type { Signal } from '#gateway/clinical/normalise/judged.js'
import { scaleOf } from '#gateway/clinical/normalise/waveform-channel.js'
import { ecg } from '#gateway/clinical/sensors/ecg/definition.js'
import { type Judgement, judgeAbsent, judgeQuantity } from '#gateway/clinical/sensors/judge.js'
import { EcgAnalyser } from '#gateway/clinical/signals/ecg/analyser.js'
import { HIGHEST_RATE_HZ, LOWEST_RATE_HZ } from '#gateway/clinical/signals/ecg/beat-detector.js'
import type { EcgEvent } from '#gateway/clinical/signals/ecg/events.js'
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'
import type { Reading } from '#gateway/model/reading.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { PoorSignal } from './poor-signal.js'
import { SampleRow } from './sample-row.js'
import { type Conclusion, NOTHING_SAID, type Said, type SignalWatch, type Surroundings } from './signal-watch.js'

const HEART_RATE = 'heartRate'
const CONDITIONS = [
  'asystole',
  'no-organised-heartbeat',
  'no-readable-heartbeat',
  'ecg-unreadable',
  'ecg-pause',
  'irregular-rhythm',
] as const
/** A flat line is held for the heart's after so long, if an oximeter shows a pulse that may be of before. */
const FLAT_DECIDED_MS = 9000
/** No rate for so long, whatever else is seen. */
const UNKNOWN_MS = 60_000
/** Pauses that follow each other within this are one episode. */
const PAUSES_TOGETHER_MS = 60_000
/** The rhythm's entropy needs 48 intervals, and 8 beats of it: at 60 /min about a minute of a rate that is known. */
const RHYTHM_KNOWN_MS = 90_000
/** A rhythm that is regular for less than this, between two that are not, makes one episode of them. */
const IRREGULAR_TOGETHER_MS = 5 * 60_000
/** What does not change is said again so often. */
const REPEAT_MS = 1000
const POOR_SIGNAL_DELAY_MS = 10_000

type Samples = Extract<Reading['value'], { type: 'samples' }>
type Rate = Extract<EcgEvent, { type: 'rate' }>

interface Lead {
  readonly periodMs: number
  readonly scale: Scale
  /** null: not made for this rate. */
  readonly analyser: EcgAnalyser | null
  readonly row: SampleRow
}

export class EcgWatch implements SignalWatch {
  readonly #surroundings: Surroundings
  #lead: Lead | null = null
  #rate: Rate | null = null
  /** Since when it has been known without a break, on the sample clock. */
  #knownSince: number | null = null
  #everKnown = false
  #quality: SignalQuality | null = null
  /** Their onsets are on the clock of `now`. */
  #asystole: { readonly flat: boolean; readonly onset: number } | null = null
  #unreadableSince: number | null = null
  /** Since when a trace that is there and not flat has given no rate. */
  #unknownSince: number | null = null
  #unorganised = false
  #pausedAt = Number.NEGATIVE_INFINITY
  #rhythm: 'unknown' | 'irregular' | 'regular' = 'unknown'
  #irregularAt = Number.NEGATIVE_INFINITY
  readonly #poor = new PoorSignal('poor-signal-ecg', POOR_SIGNAL_DELAY_MS)
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(surroundings: Surroundings) {
    this.#surroundings = surroundings
  }

  push(reading: Reading, state: Signal['state'], now: number): Said {
    const { value } = reading
    if (value.type !== 'samples') return NOTHING_SAID
    const due = now - this.#saidAt >= REPEAT_MS || now < this.#saidAt
    if (state !== 'ok' && state !== 'flat') {
      if (!due) return NOTHING_SAID
      this.#saidAt = now
      this.#unknownSince = null
      const end = Math.round(reading.at + value.samples.length * value.periodMs)
      return {
        conclusions: [{ observable: HEART_RATE, at: end, judgement: judgeAbsent(ecg, state) }],
        findings: CONDITIONS.map((condition) => ({ condition, presence: 'unknown' })),
        // The electrode that is off says it all.
        technical: [this.#poor.end()],
      }
    }
    const { analyser, row } = this.#leadOf(value)
    const lost = row.place(reading, value.periodMs, value.samples.length)
    if (!analyser) return due ? this.#tooSlow(reading, now) : NOTHING_SAID
    const events = lost > 0 ? [...analyser.gap(lost)] : []
    events.push(...analyser.push(value.samples))
    const rates = events.filter((event) => event.type === 'rate')
    for (const event of events) this.#take(event, now, (ms) => now - (row.ms - ms))
    const told = events.some(({ type }) => type !== 'beat')
    if (!told && !due) return NOTHING_SAID
    this.#saidAt = now
    const isSaid = this.#rate?.perMinute != null || this.#asystole !== null || this.#unorganised || state === 'flat'
    this.#unknownSince = isSaid ? null : (this.#unknownSince ?? now)
    const conclusions = rates.map((rate) => this.#conclusion(rate, row.at(rate.at)))
    // A number is as old as its beats; that there is none holds until now.
    if (rates.length === 0 && this.#rate && this.#rate.perMinute === null) {
      conclusions.push(this.#conclusion(this.#rate, row.at(row.ms)))
    }
    return {
      conclusions,
      findings: this.#findings(this.#rate?.perMinute == null ? 'unknown' : 'absent', now, row.ms),
      technical: [this.#poor.look(this.#isPoor, now)],
    }
  }

  restart(): void {
    this.#lead?.row.break()
  }

  end(): SystemCondition[] {
    return [this.#poor.end()]
  }

  #leadOf(value: Samples): Lead {
    const scale = scaleOf(ecg.waveform, value)
    const { periodMs } = value
    const known = this.#lead
    if (known?.periodMs === periodMs && isSameScale(known.scale, scale)) return known
    const rateHz = 1000 / periodMs
    const rails = value.scale ? { low: scale.lowerLimit, high: scale.upperLimit } : ecg.waveform.rails
    const supported = rateHz >= LOWEST_RATE_HZ && rateHz <= HIGHEST_RATE_HZ
    const analyser = supported
      ? new EcgAnalyser({
          rateHz,
          lowest: rails.low,
          highest: rails.high,
          ...this.#surroundings.options().ecg,
          ...(scale.unit === 'mV' && { countsPerMillivolt: 1 / scale.factor }),
        })
      : null
    // What another lead or rate has shown says nothing of this one; what was raised stays until this one shows better.
    this.#rate = null
    this.#knownSince = null
    this.#everKnown = false
    this.#quality = null
    this.#asystole = null
    this.#unorganised = false
    this.#unreadableSince = null
    this.#unknownSince = null
    this.#rhythm = 'unknown'
    this.#lead = { periodMs, scale, analyser, row: new SampleRow() }
    return this.#lead
  }

  /** @param onset from the sample clock to that of `now` */
  #take(event: EcgEvent, now: number, onset: (ms: number) => number): void {
    const { type } = event
    if (type === 'rate') {
      this.#rate = event
      this.#knownSince = event.perMinute === null ? null : (this.#knownSince ?? event.at)
      if (event.perMinute !== null) this.#everKnown = true
    } else if (type === 'quality') this.#quality = event
    else if (type === 'pause') this.#pausedAt = now
    else if (type === 'asystole-begin') this.#asystole = { flat: event.flat, onset: onset(event.since) }
    else if (type === 'asystole-end') this.#asystole = null
    else if (type === 'fibrillation-begin' || type === 'fibrillation-end')
      this.#unorganised = type === 'fibrillation-begin'
    else if (type === 'unreadable-begin') this.#unreadableSince = onset(event.since)
    else if (type === 'unreadable-end') this.#unreadableSince = null
    else if (type === 'rhythm-begin') this.#rhythm = 'irregular'
    else if (type === 'rhythm-end') {
      this.#irregularAt = now
      this.#rhythm = event.reason === 'regular' ? 'regular' : 'unknown'
      this.#knownSince = null
    }
  }

  /** @param otherwise what holds for whatever is not there now */
  #findings(otherwise: 'absent' | 'unknown', now: number, ms: number): Finding[] {
    if (otherwise === 'absent' && this.#rhythm === 'unknown' && ms - (this.#knownSince ?? ms) >= RHYTHM_KNOWN_MS) {
      this.#rhythm = 'regular'
    }
    const regular = now - this.#irregularAt < IRREGULAR_TOGETHER_MS ? 'unknown' : otherwise
    const rhythm = { irregular: 'present', regular, unknown: 'unknown' } as const
    return [
      { condition: 'asystole', presence: this.#standstill(otherwise, now) },
      { condition: 'no-organised-heartbeat', presence: this.#unorganised ? 'present' : otherwise },
      ...this.#readable(otherwise, now),
      { condition: 'ecg-pause', presence: now - this.#pausedAt < PAUSES_TOGETHER_MS ? 'present' : otherwise },
      { condition: 'irregular-rhythm', presence: rhythm[this.#rhythm] },
    ]
  }

  /**
   * A flat line is what a heart that stands still looks like, and what electrodes look like that nobody wears. It is the
   * heart's only where beats were seen before and no oximeter still sees a pulse; the flat line itself is told in any case.
   */
  #standstill(otherwise: 'absent' | 'unknown', now: number): Finding['presence'] {
    const asystole = this.#asystole
    if (!asystole) return otherwise
    if (!asystole.flat) return 'present'
    const { grade, reasons = [] } = this.#quality ?? {}
    const isNoise = grade === 'bad' && !reasons.includes('flat')
    if (!this.#everKnown || isNoise || this.#surroundings.pulseSince(asystole.onset, now)) return 'unknown'
    return now - asystole.onset < FLAT_DECIDED_MS && this.#surroundings.pulseSeen(now) ? 'unknown' : 'present'
  }

  /**
   * What cannot be read may be fibrillation or a seizure that shakes. Where beats were seen before and no oximeter sees newer
   * ones somebody has to look at once; otherwise after a minute.
   */
  #readable(otherwise: 'absent' | 'unknown', now: number): Finding[] {
    const since = this.#unreadableSince
    const urgent = since !== null && this.#everKnown && !this.#surroundings.pulseSince(since, now)
    const long = !urgent && this.#unknownSince !== null && now - this.#unknownSince >= UNKNOWN_MS
    return [
      { condition: 'no-readable-heartbeat', presence: urgent ? 'present' : otherwise },
      { condition: 'ecg-unreadable', presence: long ? 'present' : otherwise },
    ]
  }

  get #isPoor(): boolean {
    const { grade = 'good', reasons = [] } = this.#quality ?? {}
    // A flat line has an alert of its own.
    if (reasons.includes('flat')) return false
    return grade === 'bad' || this.#rate?.unknown === 'poor-signal'
  }

  #conclusion({ perMinute, unknown }: Rate, at: number): Conclusion {
    if (perMinute !== null) {
      const judgement = judgeQuantity(ecg, ecg.derived, perMinute, '/min')
      const poor = this.#quality?.grade === 'poor' || this.#quality?.grade === 'bad'
      const remarks = poor ? [...judgement.remarks, 'poor-signal'] : judgement.remarks
      return { observable: HEART_RATE, at, judgement: { ...judgement, remarks } }
    }
    const remark = unknown === 'learning' || unknown === null ? 'acquiring' : unknown
    const judgement: Judgement = {
      status: 'acquiring',
      value: { type: 'absent', reason: remark === 'acquiring' ? 'temp-unknown' : 'unknown' },
      quality: 'missing',
      remarks: [remark],
    }
    return { observable: HEART_RATE, at, judgement }
  }

  /** A board that samples too slowly: the trace is recorded, beats are not counted. */
  #tooSlow(reading: Reading, now: number): Said {
    this.#saidAt = now
    const judgement: Judgement = {
      status: 'acquiring',
      value: { type: 'absent', reason: 'not-performed' },
      quality: 'missing',
      remarks: ['sampling-rate-not-supported'],
    }
    return { ...NOTHING_SAID, conclusions: [{ observable: HEART_RATE, at: reading.at, judgement, shownOnly: true }] }
  }
}
