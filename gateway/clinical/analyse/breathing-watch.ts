/** Airflow: respiratory rate, how long there has been no breath, and whether the probe is where it was. */

import type { Signal } from '#gateway/clinical/normalise/judged.js'
import { airflow } from '#gateway/clinical/sensors/airflow/definition.js'
import { type Judgement, judgeAbsent, judgeQuantity } from '#gateway/clinical/sensors/judge.js'
import { BreathingAnalyser } from '#gateway/clinical/signals/breathing/breathing-analyser.js'
import type { BreathingEvent, ProbeReason } from '#gateway/clinical/signals/breathing/events.js'
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'
import type { Reading } from '#gateway/model/reading.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { PoorSignal } from './poor-signal.js'
import { SampleRow } from './sample-row.js'
import { type Conclusion, NOTHING_SAID, type Said, type SignalWatch } from './signal-watch.js'

const OBSERVABLE = 'respiratoryRate'
/** A longer gap continues nothing. */
const LONGEST_GAP_MS = 10_000
const POOR_SIGNAL_DELAY_MS = 10_000
/** Below this the breaths are too few or too unlike each other for a rate that is good. */
const LEAST_CONFIDENCE = 0.3

type Rate = Extract<BreathingEvent, { type: 'rate' }>

export class BreathingWatch implements SignalWatch {
  #periodMs: number | null = null
  #analyser: BreathingAnalyser | null = null
  #row = new SampleRow()
  #rate: Rate | null = null
  #lastBreathAt: number | null = null
  /** Since when nothing flows, where that has lasted long enough to be a pause. */
  #pausedSince: number | null = null
  #probe: ProbeReason | null = null
  readonly #poor = new PoorSignal('poor-signal-airflow', POOR_SIGNAL_DELAY_MS)
  #quality: SignalQuality | null = null
  /** The probe was off: what comes does not follow what came. */
  #anew = false

  push(reading: Reading, state: Signal['state'], now: number): Said {
    const { value } = reading
    if (value.type !== 'samples') return NOTHING_SAID
    const { periodMs, samples } = value
    const at = Math.round(reading.at + samples.length * periodMs)
    if (state !== 'ok') {
      this.#anew = true
      const judgement = judgeAbsent(airflow, state === 'flat' ? 'fault' : state)
      return {
        ...NOTHING_SAID,
        conclusions: [{ observable: OBSERVABLE, at, judgement }],
        technical: this.end(),
      }
    }
    if (periodMs !== this.#periodMs) this.#begin(periodMs)
    const analyser = this.#analyser
    if (!analyser) return NOTHING_SAID
    const lost = this.#row.place(reading, periodMs, samples.length)
    if (this.#anew || lost * periodMs > LONGEST_GAP_MS) {
      analyser.reset(lost * periodMs)
      this.#forget()
    } else for (const event of analyser.push(Array.from({ length: lost }, () => null))) this.#take(event)
    for (const event of analyser.push(samples)) this.#take(event)
    const conclusion = this.#conclusion(at)
    return {
      ...NOTHING_SAID,
      conclusions: conclusion ? [conclusion] : [],
      technical: [this.#poor.look(this.#isPoor, now)],
    }
  }

  /** A restart of the kit is a gap like any other: a patient who did not breathe before it may still not breathe. */
  restart(): void {
    this.#row.break()
  }

  end(): SystemCondition[] {
    return [this.#poor.end()]
  }

  #begin(periodMs: number): void {
    this.#periodMs = periodMs
    const rateHz = 1000 / periodMs
    this.#analyser = rateHz >= 20 && rateHz <= 100 ? new BreathingAnalyser({ rateHz }) : null
    this.#row = new SampleRow()
    this.#forget()
  }

  #forget(): void {
    this.#anew = false
    this.#probe = null
    this.#quality = null
    this.#rate = null
    this.#lastBreathAt = null
    this.#pausedSince = null
  }

  #take(event: BreathingEvent): void {
    if (event.type === 'rate') this.#rate = event
    else if (event.type === 'breath') this.#lastBreathAt = event.at
    // The limit `no-breath` says how long is too long: 10 to 40 s, by the patient's settings.
    else if (event.type === 'apnoea-begin') this.#pausedSince = event.since
    else if (event.type === 'apnoea-end') {
      this.#pausedSince = null
      // Otherwise it is not known when the last breath was.
      this.#lastBreathAt = event.reason === 'breath' ? event.at : null
    } else if (event.type === 'probe-begin') this.#probe = event.reason
    else if (event.type === 'probe-end') this.#probe = null
    else if (event.type === 'quality') this.#quality = event
  }

  /** A flat line can be a patient who does not breathe: the pause tells that. */
  get #isAway(): boolean {
    return this.#probe === 'displaced' || this.#probe === 'saturated'
  }

  get #isPoor(): boolean {
    if (this.#isAway) return true
    if (this.#pausedSince !== null) return false
    return this.#probe === 'flat' || this.#quality?.grade === 'bad'
  }

  #conclusion(at: number): Conclusion | null {
    const said = { observable: OBSERVABLE, at } as const
    if (this.#isAway) return { ...said, judgement: absent('poor-signal') }
    const since = this.#pausedSince ?? this.#lastBreathAt
    const silent = since === null ? {} : { secondsSinceBreath: Math.max(0, (this.#row.ms - since) / 1000) }
    if (this.#pausedSince !== null) return { ...said, ...silent, judgement: absent('no-breath') }
    const { perMinute = null, confidence = 0, unknown = null } = this.#rate ?? {}
    if (perMinute !== null) {
      const judgement = judgeQuantity(airflow, airflow.quantity, perMinute, '/min')
      const remarks = confidence < LEAST_CONFIDENCE ? [...judgement.remarks, 'uncertain'] : judgement.remarks
      return { ...said, ...silent, judgement: { ...judgement, remarks } }
    }
    // Before the first breaths there is nothing to say; after them, silence is.
    if (unknown === null || unknown === 'learning') return null
    return { ...said, ...silent, judgement: absent(unknown) }
  }
}

const absent = (remark: string): Judgement => ({ ...judgeAbsent(airflow, 'acquiring'), remarks: [remark] })
