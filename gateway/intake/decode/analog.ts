/** Decodes what a board without a protocol of its own sampled (Firmata): raw counts, converted as the kit's are. */

import { type Decoded, refuse } from '#gateway/model/decoded.js'
import type { Reading } from '#gateway/model/reading.js'
import type { AnalogSamplesFrame } from '#gateway/model/transport.js'
import { KitClock } from './kit-clock.js'

const ADC_MAX = 1023
/**
 * A diagnostic ECG needs 150 Hz of bandwidth and so 500 samples a second (Kligfield et al., Recommendations for the
 * standardization and interpretation of the electrocardiogram, part I, Circulation 2007;115:1306). Firmata gives 100 at
 * most: a rhythm can be seen, a waveform cannot be judged, and every chunk says so.
 */
const DIAGNOSTIC_PERIOD_MS = 2
export const REDUCED_RATE = 'below-diagnostic-rate'

export class AnalogDecoder {
  readonly #deviceId: string
  readonly #clock = new KitClock()

  constructor(deviceId: string) {
    this.#deviceId = deviceId
  }

  decode(frame: AnalogSamplesFrame): Decoded {
    const { clockMs, periodMs, channels, acceleration, receivedAt } = frame
    const length = acceleration?.length ?? channels[0]?.samples.length ?? 0
    if (!Number.isFinite(clockMs) || !(periodMs > 0) || length === 0) {
      return refuse('analog', 'A block of samples has no usable time, period or length.')
    }
    for (const { samples } of channels) {
      if (samples.length !== length || !samples.every(isCount)) {
        return refuse('analog', 'A block of samples has counts that no 10-bit converter gives.')
      }
    }
    // A block arrives when its last sample was taken; it is placed by its first.
    const duration = length * periodMs
    const at = Math.round(this.#clock.learn(clockMs + duration, receivedAt) - duration)
    const common = { deviceId: this.#deviceId, at, clockMs }
    const readings = channels.map(
      ({ sensor, samples }): Reading => ({
        ...common,
        sensor,
        status: 'ok',
        value: { type: 'samples', periodMs, samples },
        remarks: sensor === 'ecg' && periodMs > DIAGNOSTIC_PERIOD_MS ? [REDUCED_RATE] : [],
      }),
    )
    if (acceleration) readings.push(accelerationReading(acceleration, periodMs, common))
    return { readings, events: [], lost: 0, refused: null }
  }
}

function accelerationReading(
  acceleration: NonNullable<AnalogSamplesFrame['acceleration']>,
  periodMs: number,
  common: Pick<Reading, 'deviceId' | 'at' | 'clockMs'>,
): Reading {
  const samples = acceleration.filter((counts) => counts !== null)
  // A lost answer or two shorten the block by a few hundredths of a second; a sensor that says nothing is broken.
  if (samples.length === 0) {
    return { ...common, sensor: 'position', status: 'fault', value: { type: 'none' }, remarks: [] }
  }
  return {
    ...common,
    sensor: 'position',
    status: 'ok',
    value: { type: 'acceleration', periodMs, samples },
    remarks: [],
  }
}

const isCount = (sample: number | null) =>
  sample === null || (Number.isInteger(sample) && sample >= 0 && sample <= ADC_MAX)
