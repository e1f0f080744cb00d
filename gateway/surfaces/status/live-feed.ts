/** The Feed of a running gateway: what the console, `homebeat status` and the demo's terminal view look at. */
import type { SensorKind } from '#fhir/measurement.js'
import { TERMINOLOGY } from '#fhir/terminology.js'
import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import { observablesOf } from '#gateway/clinical/sensors/sensor-definition.js'
import type { LiveValue } from '#gateway/model/live.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { Transport } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Feed, GatewayStatus, LiveEvent } from '#gateway/surfaces/status/feed.js'
import type { Timekeeper } from '#gateway/time/timekeeper.js'
import { journalStatus, type StatusSource } from './journal-status.js'

export interface LiveFeedOptions {
  readonly version: string
  readonly home: string
  readonly journal: StatusSource
  readonly transports: readonly Transport[]
  readonly contacts?: GatewayStatus['contacts']
  readonly clock: Clock
  /** What lanes say of their far ends, by key. */
  readonly remarks?: ReadonlyMap<string, string>
  readonly timekeeper?: Pick<Timekeeper, 'status'> | undefined
}

export class LiveFeed implements Feed {
  readonly #options: LiveFeedOptions
  readonly #startedAt: number
  readonly #listeners = new Set<(event: LiveEvent) => void>()
  readonly #values = new Map<SensorKind, LiveValue>()
  readonly #frames = { received: 0, lost: 0, refused: 0 }

  constructor(options: LiveFeedOptions) {
    this.#options = options
    this.#startedAt = options.clock.now()
  }

  /** Takes what one step of the pipeline gave; live values do not wait for the commit. */
  take(step: PipelineStep): void {
    this.#frames.received += step.received
    this.#frames.lost += step.lost
    this.#frames.refused += step.refused?.count ?? 0
    for (const event of step.live) {
      if (event.type === 'value') this.#values.set(event.value.sensor, event.value)
      this.#emit(event)
    }
    for (const transition of step.transitions) this.#emit({ type: 'alert', transition })
  }

  status(): GatewayStatus {
    const { version, home, journal, transports, contacts, clock, timekeeper, remarks } = this.#options
    const known = journalStatus(journal, clock.now())
    const lanes = known.lanes.map((lane) => {
      const remark = remarks?.get(lane.lane)
      return remark === undefined ? lane : { ...lane, remark }
    })
    const { user, system } = process.cpuUsage()
    return {
      version,
      home,
      ...(contacts && { contacts }),
      running: true,
      startedAt: this.#startedAt,
      now: clock.now(),
      transports: transports.map((transport) => transport.status()),
      frames: { ...this.#frames },
      ...known,
      lanes,
      ...(timekeeper && { clock: timekeeper.status() }),
      process: { rssMb: Math.round(process.memoryUsage.rss() / 1e5) / 10, cpuSeconds: (user + system) / 1e6 },
    }
  }

  values(): readonly LiveValue[] {
    return SENSORS.map(
      (definition) =>
        this.#values.get(definition.kind) ?? {
          sensor: definition.kind,
          at: null,
          value: null,
          unit: TERMINOLOGY[observablesOf(definition)[0]].unit ?? '',
          quality: 'missing',
          remarks: [],
        },
    )
  }

  subscribe(listener: (event: LiveEvent) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #emit(event: LiveEvent): void {
    for (const listener of this.#listeners) listener(event)
  }
}
