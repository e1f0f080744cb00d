/** Readings and judged values → LiveDatas for drawing and for the latest value of each sensor. No I/O, no clock. */
import type { SensorKind } from '#fhir/measurement.js'
import { TERMINOLOGY } from '#fhir/terminology.js'
import type { Judged, Normalised } from '#gateway/clinical/normalise/judged.js'
import { scaleOf } from '#gateway/clinical/normalise/waveform-channel.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { numberOf, observablesOf } from '#gateway/clinical/sensors/sensor-definition.js'
import type { LiveData, LiveValue } from '#gateway/model/live.js'
import type { Reading } from '#gateway/model/reading.js'

/** An unchanged value is repeated so often, so that its age stays true. */
const REPEAT_MS = 1000
/** While the clip speaks, a stored value of the same sensor is not shown as the latest. */
const CONTINUOUS_MS = 30_000
/** That there is no value is said again at least so often. */
const ABSENT_MS = 5000

interface Shown {
  value: LiveValue
  at: number
  continuousAt: number
  /** When the sensor last gave a value, or said why it has none. */
  judgedAt: number
}

export class LiveView {
  readonly #shown = new Map<SensorKind, Shown>()
  readonly #shiftMs: () => number

  /** @param shiftMs from the readings' time to wall time, in which all events are */
  constructor(shiftMs: () => number = () => 0) {
    this.#shiftMs = shiftMs
  }

  /** The latest value of each sensor heard so far. */
  values(): LiveValue[] {
    return [...this.#shown.values()].map(({ value }) => value)
  }

  accept(reading: Reading, { judged, signals }: Normalised, now: number): LiveData[] {
    const events: LiveData[] = []
    const shift = this.#shiftMs()
    const samples = samplesOf(reading, shift)
    if (samples) events.push(samples)
    const values = judged.filter(({ measurement, superseded }) => isShown(measurement) && !superseded)
    for (const one of values) events.push(...this.#show(liveValue(one, shift), one.spot, now, now))
    const state = signals[0]?.state ?? 'ok'
    if (samples && values.length === 0 && !this.#hasWord(reading.sensor, now)) {
      const { sensor } = reading
      const { at } = samples
      const definition = sensorDefinitions[sensor]
      const { absent } = definition
      const number = numberOf(definition)?.observable ?? observablesOf(definition)[0]
      const unit = TERMINOLOGY[number].unit ?? ''
      // A sensor with a rate has none yet; one without has nothing more to say than that it is there.
      const waiting = state === 'ok' && numberOf(definition) !== undefined
      const remarks = waiting
        ? ['acquiring']
        : state === 'ok'
          ? []
          : [state === 'flat' ? 'flat-line' : absent[state].remark]
      const quality = waiting ? 'missing' : state === 'ok' ? 'good' : state === 'flat' ? 'questionable' : 'missing'
      events.push(...this.#show({ sensor, at, value: null, unit, quality, remarks }, false, now))
    }
    return events
  }

  /** A waveform shows its rate; between two rates, or two words on why there is none, nothing is to be shown instead. */
  #hasWord(sensor: SensorKind, now: number): boolean {
    const shown = this.#shown.get(sensor)
    return shown !== undefined && now - shown.judgedAt < (shown.value.value === null ? ABSENT_MS : CONTINUOUS_MS)
  }

  #show(value: LiveValue, spot: boolean, now: number, judgedAt = Number.NEGATIVE_INFINITY): LiveData[] {
    const last = this.#shown.get(value.sensor)
    if (last && spot && now - last.continuousAt < CONTINUOUS_MS) return []
    if (last && spot && (value.at ?? 0) < (last.value.at ?? 0)) return []
    const continuousAt = spot ? (last?.continuousAt ?? Number.NEGATIVE_INFINITY) : now
    const repeated = last !== undefined && same(last.value, value) && now - last.at < REPEAT_MS && now >= last.at
    if (repeated) {
      last.continuousAt = continuousAt
      last.judgedAt = Math.max(last.judgedAt, judgedAt)
      return []
    }
    this.#shown.set(value.sensor, { value, at: now, continuousAt, judgedAt })
    return [{ type: 'value', value }]
  }
}

/** Not the samples, which are drawn, nor what is concluded beside the sensor's own number. */
function isShown({ sensor, observable, value }: Judged['measurement']): boolean {
  const number = numberOf(sensorDefinitions[sensor])
  return value.type !== 'waveform' && (number === undefined || number.observable === observable)
}

function samplesOf(reading: Reading, shift: number): Extract<LiveData, { type: 'samples' }> | null {
  const { sensor, value } = reading
  if (value.type !== 'samples') return null
  const part = sensorDefinitions[sensor].waveform
  if (!part) return null
  const { origin, factor, unit } = scaleOf(part, value)
  const at = reading.timedByDevice ? reading.at : reading.at + shift
  const samples = value.samples.map((sample) => (sample === null ? null : origin + factor * sample))
  return { type: 'samples', sensor, at, periodMs: value.periodMs, unit, samples }
}

function liveValue({ measurement }: Judged, shift: number): LiveValue {
  const { sensor, observable, value, quality, remarks } = measurement
  const at = measurement.timedByDevice ? measurement.at : measurement.at + shift
  const unit = TERMINOLOGY[observable].unit ?? ''
  const shown =
    value.type === 'quantity'
      ? value.value
      : value.type === 'bloodPressure'
        ? { systolic: value.systolic, diastolic: value.diastolic }
        : value.type === 'position'
          ? value.position
          : null
  const comparator = value.type === 'quantity' ? value.comparator : undefined
  return { sensor, at, value: shown, ...(comparator && { comparator }), unit, quality, remarks }
}

function same(a: LiveValue, b: LiveValue): boolean {
  const equal =
    typeof a.value === 'object' && typeof b.value === 'object' && a.value && b.value
      ? a.value.systolic === b.value.systolic && a.value.diastolic === b.value.diastolic
      : a.value === b.value
  return equal && a.comparator === b.comparator && a.quality === b.quality && a.remarks.join() === b.remarks.join()
}
