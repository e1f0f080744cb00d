/**
 * The way from a Frame to what is committed: decode → normalise → analyse → evaluate. Holds state, does no I/O and reads no clock,
 * so the same frames at the same times give the same steps. The runtime commits a step and then settles its frame.
 */
import type { Measurement } from '#fhir/measurement.js'
import { type Analysed, Analysis } from '#gateway/clinical/analyse/analysis.js'
import type { AnalysisOptions } from '#gateway/clinical/analyse/options.js'
import { Evaluator } from '#gateway/clinical/evaluate/evaluate.js'
import type { Inhibition } from '#gateway/clinical/evaluate/inhibition.js'
import type { FindingRow } from '#gateway/clinical/limits/findings.js'
import type { Limit } from '#gateway/clinical/limits/limits.js'
import type { Judged, Normalised } from '#gateway/clinical/normalise/judged.js'
import { Normaliser } from '#gateway/clinical/normalise/normaliser.js'
import type { HourlyAggregates } from '#gateway/clinical/scores/hourly.js'
import { News2Watch } from '#gateway/clinical/scores/news2-watch.js'
import { Decoder, type DecoderOptions } from '#gateway/intake/decode/decoder.js'
import type { Mapper } from '#gateway/intake/mapping/mapper.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import type { DeviceEvent } from '#gateway/model/decoded.js'
import type { LiveData, LiveValue } from '#gateway/model/live.js'
import type { DigestItem, Dispatch, Dispatching, Notification } from '#gateway/model/notification.js'
import type { Reading } from '#gateway/model/reading.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Frame } from '#gateway/model/transport.js'
import type { KeptMessage } from '#gateway/model/unmapped.js'
import { LiveView } from './live.js'
import { SpotIdentities, type StoredContent } from './spot-identities.js'

export interface PipelineOptions extends DecoderOptions {
  /** Pseudonym of the patient. */
  readonly patient: string
  /** From `limitsInForce`. */
  readonly limits: readonly Limit[]
  /** Episodes that were open before a restart (the journal's `activeAlerts`). */
  readonly active: readonly AlertTransition[]
  readonly findings?: readonly FindingRow[]
  readonly analysis?: AnalysisOptions
  readonly inhibitions?: readonly Inhibition[]
  /** With the patient's scale and what was entered before a restart. */
  readonly news2?: News2Watch
  /** What the hours were, for trends. */
  readonly hours?: HourlyAggregates
  /** Decides who is told of the transitions. Nobody, where left out. */
  readonly dispatcher?: Dispatching
  /**
   * What is stored under an identifier: a record read from a memory again, or a message sent again, is not alarmed on
   * again. Asked only of spot values.
   */
  readonly stored?: (identifier: string) => StoredContent
}

const NO_DEVICES: ReadonlySet<string> = new Set()

export class Pipeline {
  readonly #decoder: Decoder
  readonly #normaliser: Normaliser
  readonly #analysis: Analysis
  readonly #evaluator: Evaluator
  readonly #dispatcher: Dispatching | undefined
  readonly #live: LiveView
  readonly #news2: News2Watch
  readonly #hours: HourlyAggregates | undefined
  readonly #identities: SpotIdentities
  /** Memories of which the journal has records: they were asked before. */
  readonly #asked = new Set<string>()
  readonly #devices = new Map<string, Set<string>>()
  /** The latest judged value, and the latest that is known, by device and observable: what a delay that runs out was caused by. */
  readonly #latest = new Map<string, Judged>()

  constructor(options: PipelineOptions) {
    this.#decoder = new Decoder(options)
    this.#normaliser = new Normaliser(options)
    this.#analysis = new Analysis(this.#normaliser, options.analysis)
    this.#evaluator = new Evaluator(options)
    this.#dispatcher = options.dispatcher
    this.#live = new LiveView(options.shiftMs)
    this.#news2 = options.news2 ?? new News2Watch()
    this.#hours = options.hours
    this.#identities = new SpotIdentities(options.stored ?? (() => null))
    this.#news2.note(options.active)
  }

  /** The latest value of each sensor heard so far. */
  values(): LiveValue[] {
    return this.#live.values()
  }

  /** @param now epoch ms on the clock that the frames' times are of: one that never jumps (`SteadyClock.run`). */
  accept(frame: Frame, now: number): PipelineStep {
    const { readings, events, lost, refused, unmapped } = this.#decoder.decode(frame)
    const step = new StepBuilder()
    for (const event of events) this.#event(event, now, step)
    for (const reading of readings) {
      this.#devicesOf(frame.transport).add(reading.deviceId)
      const { normalised, again } = this.#place(reading, this.#normaliser.accept(reading, now))
      const analysed = this.#analysis.accept(reading, normalised, now)
      // Of a dump only the newest record would be alarmed on.
      const undated = reading.undated !== undefined && !this.#isTakenSince(reading, again) && !reading.superseded
      const all = [...normalised.judged.map((one) => (undated ? asUndated(one) : one)), ...analysed.judged]
      const known = again || analysed.judged.some((one) => one.spot && this.#identities.isRepeated(one.measurement))
      const repeated = known && reading.undated !== 'since-last-poll'
      for (const judged of all) {
        const transitions = repeated ? [] : this.#evaluator.see(judged, now)
        if (!repeated) this.#score(judged, now)
        step.add(judged, transitions)
        // A value that is lost was caused by the one before it.
        this.#keepCauses(transitions, step)
        const { deviceId, observable, value, quality } = judged.measurement
        const isKnown = value.type !== 'absent' && quality !== 'implausible'
        this.#latest.set(`${deviceId} ${observable} ${isKnown}`, {
          ...judged,
          stored: judged.stored || transitions.length > 0,
        })
      }
      this.#conclude(analysed, now, step)
      const expected = frame.format === 'kit-line'
      for (const signal of normalised.signals) this.#raise(this.#evaluator.signal(signal, expected, now), step)
      if (!repeated && !undated) step.live.push(...this.#live.accept(reading, { ...normalised, judged: all }, now))
    }
    const received = frame.format === 'transport-event' ? 0 : 1
    return this.#done(step, now, { lost, refused, received, events, ...(unmapped && { unmapped: [unmapped] }) })
  }

  /** Remembers what one run over kept messages needs; give the same to each call of the run. */
  recovery(): Mapper {
    return this.#decoder.mapper()
  }

  /**
   * A kept message by the mappings of today. Nothing is alarmed on: it is old.
   * @returns its measurements, at their own time; none where it only repeats another or a rule ignores it; null where it
   *   is still unmapped
   */
  recover(message: KeptMessage, run: Mapper, now: number): readonly Measurement[] | null {
    const { deviceId, topic, payload, receivedAt } = message
    const frame = { ...{ format: 'mqtt-publish' as const, transport: '' }, deviceId, topic, payload, receivedAt }
    const { readings, refused } = this.#decoder.decodeMqtt({ ...frame, settle: () => {} }, run)
    if (refused) return null
    return readings.flatMap((reading) =>
      this.#place(reading, this.#normaliser.accept(reading, now)).normalised.judged.map(
        ({ measurement }) => measurement,
      ),
    )
  }

  /** What a person read off an instrument: judged like a device's message. @param performer contact's id or login */
  enter(reading: Reading, performer: string, now: number): PipelineStep {
    const step = new StepBuilder()
    const normalised = this.#normaliser.accept(reading, now)
    for (const one of normalised.judged) {
      const judged = { ...one, measurement: { ...one.measurement, performer } }
      // A slip of the pen: nothing is made of it, and it is refused to the person.
      if (judged.measurement.quality === 'implausible') {
        step.add(judged, [])
        continue
      }
      this.#score(judged, now)
      step.add(judged, this.#evaluator.see(judged, now))
    }
    step.live.push(...this.#live.accept(reading, normalised, now))
    return this.#done(step, now)
  }

  /**
   * Call about once a second: delays, silence, chunks of what fell silent.
   * @param conditions what the gateway's health checks say of the gateway itself
   */
  tick(now: number, conditions: readonly SystemCondition[] = []): PipelineStep {
    const step = new StepBuilder()
    for (const condition of conditions) step.raise(this.#evaluator.system(condition, now))
    step.keep(this.#normaliser.tick(now))
    this.#conclude(this.#analysis.tick(now), now, step)
    this.#raise(this.#evaluator.tick(now), step)
    for (const finding of this.#news2.tick(now)) step.raise(this.#evaluator.finding(finding, now))
    if (this.#dispatcher) step.tell(this.#dispatcher.tick(now))
    return this.#done(step, now)
  }

  /** Somebody says that they know of these alerts; those that nobody has to know of are passed over. */
  acknowledge(alertIds: readonly string[], actor: Actor, now: number): PipelineStep {
    const step = new StepBuilder()
    for (const alertId of alertIds) step.raise(this.#evaluator.acknowledge(alertId, now, actor))
    return this.#done(step, now)
  }

  /** No reminders of these alerts until then (epoch ms). */
  silence(alertIds: readonly string[], until: number, now: number): PipelineStep {
    const step = new StepBuilder()
    if (this.#dispatcher) step.tell(this.#dispatcher.silence(alertIds, until, now))
    return this.#done(step, now)
  }

  /** The next in the chain are told at once. */
  escalate(alertId: string, now: number): PipelineStep {
    const step = new StepBuilder()
    if (this.#dispatcher) step.tell(this.#dispatcher.escalate(alertId, now))
    return this.#done(step, now)
  }

  /** All inhibitions in force from now on. */
  setInhibitions(inhibitions: readonly Inhibition[]): void {
    this.#evaluator.setInhibitions(inhibitions)
  }

  /** Whether somebody is to be watched, from now on. */
  setMonitored(monitored: boolean, now: number): PipelineStep {
    const step = new StepBuilder()
    step.raise(this.#evaluator.setMonitored(monitored, now))
    return this.#done(step, now)
  }

  /** The patient's limits and findings from now on. */
  setLimits(limits: readonly Limit[], findings: readonly FindingRow[], now: number): PipelineStep {
    const step = new StepBuilder()
    this.#evaluator.setFindings(findings)
    step.raise(this.#evaluator.setLimits(limits, now))
    return this.#done(step, now)
  }

  /** What a clinician set of the analysers, from now on. */
  setAnalysis(options: AnalysisOptions, now: number): PipelineStep {
    const step = new StepBuilder()
    this.#conclude(this.#analysis.setOptions(options), now, step)
    return this.#done(step, now)
  }

  /** Before the end: what is still being gathered. */
  flush(now: number): PipelineStep {
    const step = new StepBuilder()
    step.keep(this.#normaliser.flush())
    this.#raise(this.#evaluator.tick(now), step)
    return this.#done(step, now)
  }

  #score(judged: Judged, now: number): void {
    this.#news2.see(judged, now)
    this.#hours?.see(judged, now)
  }

  #done(step: StepBuilder, now: number, rest: Parameters<StepBuilder['build']>[0] = {}): PipelineStep {
    this.#news2.note(step.transitions)
    if (this.#dispatcher && step.transitions.length > 0) step.tell(this.#dispatcher.take(step.transitions, now))
    return step.build(rest)
  }

  #event(event: DeviceEvent, now: number, step: StepBuilder): void {
    if (event.type === 'transport') {
      const devices = this.#devicesOf(event.transport)
      if (event.event === 'disconnected' || event.event === 'ended') {
        for (const deviceId of devices) step.keep(this.#normaliser.flush(deviceId))
      }
      if (event.event === 'ended') {
        for (const deviceId of devices) this.#conclude(this.#analysis.end(deviceId), now, step)
      }
      step.raise(this.#evaluator.event(event, devices, now))
      return
    }
    const { deviceId } = event
    if (event.type === 'boot') {
      step.keep(this.#normaliser.restart(deviceId))
      this.#analysis.restart(deviceId)
    } else if (event.type === 'calibration') this.#normaliser.calibrate(deviceId, event.name, event.value)
    else if (event.type === 'mode') {
      const other = event.mode === 'ecg' ? 'emg' : 'ecg'
      step.keep(this.#normaliser.flush(deviceId, other))
      this.#conclude(this.#analysis.end(deviceId, other), now, step)
    } else if (event.type === 'hand-over' && event.phase === 'begin') this.#normaliser.remark(deviceId, 'hand-over')
    step.raise(this.#evaluator.event(event, NO_DEVICES, now))
  }

  #conclude({ findings, technical }: Analysed, now: number, step: StepBuilder): void {
    for (const finding of findings) this.#raise(this.#evaluator.finding(finding, now), step)
    for (const condition of technical) step.raise(this.#evaluator.system(condition, now))
  }

  /** The devices heard over a transport so far. */
  #devicesOf(transport: string): Set<string> {
    let devices = this.#devices.get(transport)
    if (!devices) {
      devices = new Set()
      this.#devices.set(transport, devices)
    }
    return devices
  }

  /** Transitions of a delay, or of a value that was lost. */
  #raise(transitions: readonly AlertTransition[], step: StepBuilder): void {
    this.#keepCauses(transitions, step)
    step.raise(transitions)
  }

  /** The value that caused a transition is stored, even where it said nothing new. */
  #keepCauses(transitions: readonly AlertTransition[], step: StepBuilder): void {
    for (const { measurement } of transitions) {
      for (const [key, latest] of this.#latest) {
        if (latest.stored || latest.measurement.identifier !== measurement) continue
        step.measurements.push(latest.measurement)
        this.#latest.set(key, { ...latest, stored: true })
      }
    }
  }

  /** Whether a record without a date was taken since the device was last asked; after a restart the journal tells it. */
  #isTakenSince({ deviceId, sensor, undated }: Reading, isStored: boolean): boolean {
    const memory = `${deviceId} ${sensor}`
    if (isStored) this.#asked.add(memory)
    return undated === 'since-last-poll' || (undated === 'no-last-poll' && !isStored && this.#asked.has(memory))
  }

  /** Gives spot values their names. `again`: one of them was there before. */
  #place({ deviceTime }: Reading, normalised: Normalised): { normalised: Normalised; again: boolean } {
    let again = false
    const judged = normalised.judged.map((one): Judged => {
      if (!one.spot) return one
      const { measurement, repeated } = this.#identities.place(one.measurement, deviceTime !== undefined)
      again ||= repeated
      return { ...one, measurement }
    })
    return { normalised: { ...normalised, judged }, again }
  }
}

/** It came from a memory and nobody knows of when it is: kept, and not alarmed on. */
const asUndated = (one: Judged): Judged => ({
  ...one,
  undated: true,
  measurement: { ...one.measurement, remarks: [...one.measurement.remarks, 'undated-from-memory'] },
})

class StepBuilder {
  readonly measurements: Measurement[] = []
  readonly transitions: AlertTransition[] = []
  readonly notifications: Notification[] = []
  readonly digestItems: DigestItem[] = []
  readonly live: LiveData[] = []

  /** A judged value and what it caused: a value that raises or ends an alert is stored in any case. */
  add(judged: Judged, transitions: readonly AlertTransition[]): void {
    if (judged.stored || transitions.length > 0) this.measurements.push(judged.measurement)
    this.raise(transitions)
  }

  keep(judged: readonly Judged[]): void {
    for (const { measurement } of judged) this.measurements.push(measurement)
  }

  raise(transitions: readonly AlertTransition[]): void {
    this.transitions.push(...transitions)
  }

  tell({ notifications, digestItems }: Dispatch): void {
    this.notifications.push(...notifications)
    this.digestItems.push(...digestItems)
  }

  build(rest: Partial<Pick<PipelineStep, 'lost' | 'refused' | 'received' | 'events' | 'unmapped'>> = {}): PipelineStep {
    const { measurements, transitions, notifications, digestItems, live } = this
    return {
      measurements,
      transitions,
      notifications,
      digestItems,
      live,
      lost: 0,
      refused: null,
      received: 0,
      events: [],
      ...rest,
    }
  }
}
