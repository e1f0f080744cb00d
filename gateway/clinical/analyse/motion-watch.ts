/** The chest strap's accelerometer: body position, suspected falls, and whether anybody wears it. */
import type { BodyPosition } from '#fhir/measurement.js'
import type { Finding } from '#gateway/clinical/limits/findings.js'
import type { Signal } from '#gateway/clinical/normalise/judged.js'
import { MotionAnalyser } from '#gateway/clinical/signals/motion/motion-analyser.js'
import { Posture } from '#gateway/clinical/signals/motion/posture.js'
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'
import type { Reading } from '#gateway/model/reading.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { PoorSignal } from './poor-signal.js'
import { SampleRow } from './sample-row.js'
import { NOTHING_SAID, type Said, type SignalWatch, type Surroundings } from './signal-watch.js'

/** A longer gap continues nothing but the wait for a recovery. */
const LONGEST_GAP_MS = 10_000
/** A sleeper's chest can move less than the strap shows for a while. */
const NOT_WORN_DELAY_MS = 5 * 60_000
const POOR_SIGNAL_DELAY_MS = 60_000
/** Finding conditions are looked at this often where nothing happens. */
const REPEAT_MS = 1000

export class MotionWatch implements SignalWatch {
  readonly #surroundings: Pick<Surroundings, 'options'>
  #periodMs: number | null = null
  #analyser: MotionAnalyser | null = null
  /** Where falls cannot be looked for. */
  #posture: Posture | null = null
  #row = new SampleRow()
  /** null: none was seen since the start. */
  #fall: 'down' | 'recovered' | null = null
  #quality: SignalQuality | null = null
  readonly #notWorn = new PoorSignal('not-worn-position', NOT_WORN_DELAY_MS)
  readonly #poor = new PoorSignal('poor-signal-position', POOR_SIGNAL_DELAY_MS)
  #saidAt = Number.NEGATIVE_INFINITY

  constructor(surroundings: Pick<Surroundings, 'options'>) {
    this.#surroundings = surroundings
  }

  push(reading: Reading, state: Signal['state'], now: number): Said {
    const { value } = reading
    if (value.type !== 'acceleration' || state !== 'ok') {
      this.restart()
      return { ...NOTHING_SAID, technical: this.end() }
    }
    const { periodMs, samples } = value
    if (periodMs !== this.#periodMs) this.#begin(periodMs)
    const lost = this.#row.place(reading, periodMs, samples.length)
    const position = this.#positionOf(lost, value)
    const due = now - this.#saidAt >= REPEAT_MS || now < this.#saidAt
    if (due) this.#saidAt = now
    return {
      conclusions:
        position === null
          ? []
          : [
              {
                observable: 'bodyPosition',
                at: reading.at,
                judgement: { status: 'ok', value: { type: 'position', position }, quality: 'good', remarks: [] },
              },
            ],
      findings: due ? [{ condition: 'suspected-fall', presence: this.#presence(position) }] : [],
      technical: due ? this.#technical(now) : [],
    }
  }

  restart(): void {
    this.#row.break()
    this.#posture?.reset()
  }

  end(): SystemCondition[] {
    return [this.#notWorn.end(), this.#poor.end()]
  }

  #begin(periodMs: number): void {
    this.#periodMs = periodMs
    const rateHz = 1000 / periodMs
    const supported = rateHz >= 26 && rateHz <= 100 && Number.isInteger(rateHz / 2)
    this.#analyser = supported ? new MotionAnalyser({ rateHz, fall: this.#surroundings.options().fall }) : null
    this.#posture = supported ? null : new Posture()
    this.#row = new SampleRow()
    this.#quality = null
  }

  #positionOf(lost: number, value: Extract<Reading['value'], { type: 'acceleration' }>): BodyPosition | null {
    const { periodMs, samples } = value
    const analyser = this.#analyser
    if (!analyser) return this.#posture?.push(periodMs, samples) ?? null
    const gapMs = lost * periodMs
    const events = gapMs > LONGEST_GAP_MS ? [] : analyser.push(Array.from({ length: lost }, () => null))
    if (gapMs > LONGEST_GAP_MS) {
      analyser.reset(gapMs)
      this.#quality = null
    }
    for (const event of [...events, ...analyser.push(samples)]) {
      if (event.type === 'suspected-fall') this.#fall = 'down'
      else if (event.type === 'recovered') this.#fall = 'recovered'
      else if (event.type === 'quality') this.#quality = event
    }
    return analyser.position
  }

  /** A fall of before a restart is over when the body is seen upright. */
  #presence(position: BodyPosition | null): Finding['presence'] {
    if (this.#fall === 'down') return 'present'
    return this.#fall === 'recovered' || (this.#analyser && position === 'upright') ? 'absent' : 'unknown'
  }

  #technical(now: number): SystemCondition[] {
    const { grade = 'good', reasons = [] } = this.#quality ?? {}
    const notWorn = reasons.includes('not-worn')
    return [this.#notWorn.look(notWorn, now), this.#poor.look(grade === 'bad' && !notWorn, now)]
  }
}
