/** EMG: the envelope as a number once a second. A trend: nothing is alarmed on but the signal itself. */

import { isSameScale, type Scale } from '#gateway/clinical/normalise/chunker.js'
import type { Signal } from '#gateway/clinical/normalise/judged.js'
import { scaleOf } from '#gateway/clinical/normalise/waveform-channel.js'
import { emg } from '#gateway/clinical/sensors/emg/definition.js'
import { type Judgement, judgeAbsent, judgeQuantity } from '#gateway/clinical/sensors/judge.js'
import { MuscleAnalyser } from '#gateway/clinical/signals/muscle/muscle-analyser.js'
import type { SignalQuality } from '#gateway/clinical/signals/quality.js'
import type { Reading } from '#gateway/model/reading.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { PoorSignal } from './poor-signal.js'
import { SampleRow } from './sample-row.js'
import { type Conclusion, NOTHING_SAID, type Said, type SignalWatch } from './signal-watch.js'

const OBSERVABLE = 'emgEnvelope'
const LONGEST_GAP_MS = 10_000
const POOR_SIGNAL_DELAY_MS = 30_000

type Samples = Extract<Reading['value'], { type: 'samples' }>

interface Lead {
  readonly periodMs: number
  readonly scale: Scale
  /** null: not made for this rate. */
  readonly analyser: MuscleAnalyser | null
  readonly row: SampleRow
}

export class MuscleWatch implements SignalWatch {
  #lead: Lead | null = null
  readonly #poor = new PoorSignal('poor-signal-emg', POOR_SIGNAL_DELAY_MS)
  #quality: SignalQuality | null = null

  push(reading: Reading, state: Signal['state'], now: number): Said {
    const { value } = reading
    if (value.type !== 'samples') return NOTHING_SAID
    const { periodMs, samples } = value
    if (state !== 'ok') {
      const at = Math.round(reading.at + samples.length * periodMs)
      const judgement = judgeAbsent(emg, state === 'flat' ? 'fault' : state)
      return {
        ...NOTHING_SAID,
        conclusions: [{ observable: OBSERVABLE, at, judgement }],
        technical: [this.#poor.end()],
      }
    }
    const { analyser, row } = this.#leadOf(value)
    if (!analyser) return NOTHING_SAID
    const lost = row.place(reading, periodMs, samples.length)
    const events = []
    if (lost * periodMs > LONGEST_GAP_MS) analyser.reset(lost * periodMs)
    else events.push(...analyser.push(Array.from({ length: lost }, () => null)))
    events.push(...analyser.push(samples))
    const scale = scaleOf(emg.waveform, value)
    const conclusions: Conclusion[] = []
    for (const event of events) {
      if (event.type === 'quality') this.#quality = event
      else if (event.type === 'envelope') {
        const judgement =
          event.rms === null ? UNBELIEVED : judgeQuantity(emg, emg.derived, event.rms * scale.factor, scale.unit)
        conclusions.push({ observable: OBSERVABLE, at: row.at(event.at), judgement })
      }
    }
    if (conclusions.length === 0) return NOTHING_SAID
    return { ...NOTHING_SAID, conclusions, technical: [this.#poor.look(this.#quality?.grade === 'bad', now)] }
  }

  restart(): void {
    this.#lead?.row.break()
  }

  end(): SystemCondition[] {
    return [this.#poor.end()]
  }

  #leadOf(value: Samples): Lead {
    const scale = scaleOf(emg.waveform, value)
    const { periodMs } = value
    const known = this.#lead
    if (known?.periodMs === periodMs && isSameScale(known.scale, scale)) return known
    const rateHz = 1000 / periodMs
    const { low, high } = value.scale ? { low: scale.lowerLimit, high: scale.upperLimit } : emg.waveform.rails
    const supported = scale.unit in emg.derived.units && rateHz >= 250 && rateHz <= 1000 && rateHz % 50 === 0
    this.#quality = null
    this.#lead = {
      periodMs,
      scale,
      analyser: supported ? new MuscleAnalyser({ rateHz, lowest: low, highest: high }) : null,
      row: new SampleRow(),
    }
    return this.#lead
  }
}

const UNBELIEVED: Judgement = {
  status: 'acquiring',
  value: { type: 'absent', reason: 'unknown' },
  quality: 'missing',
  remarks: ['poor-signal'],
}
