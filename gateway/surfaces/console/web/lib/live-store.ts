/** What the page knows. Components read snapshots; waveforms go past them, straight to the painters. */
import type { SensorKind } from '#fhir/measurement.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { SENSORS } from '../../../../clinical/sensors/registry.js'
import type { LiveValue } from '../../../../model/live.js'
import { conditionWords, priorityWords, valueOfSamples } from '../../../../wording/words.js'
import type { GatewayStatus, LiveEvent } from '../../../status/feed.js'
import { TraceBuffer } from './trace-buffer.js'
import { TrendLog } from './trend-log.js'

export type Connection = 'connecting' | 'live' | 'lost'

export interface Snapshot {
  readonly connection: Connection
  readonly status: GatewayStatus | null
  readonly values: ReadonlyMap<SensorKind, LiveValue>
  /** What a screen reader is told next. */
  readonly announcement: string
}

/** Components are told at most this often. */
const NOTIFY_MS = 200

export class LiveStore {
  /** Of each sensor with a waveform, in their order on the page. */
  readonly traces: ReadonlyMap<SensorKind, TraceBuffer> = new Map(
    SENSORS.flatMap(({ kind, waveform }) => (waveform ? [{ kind, ...waveform.trace }] : []))
      .sort((a, b) => a.order - b.order)
      .map(({ kind }) => [kind, new TraceBuffer()]),
  )
  /** `performance.now()` at which samples last came. */
  readonly tracedAt = new Map<SensorKind, number>()
  readonly trends = new TrendLog()
  #snapshot: Snapshot = { connection: 'connecting', status: null, values: new Map(), announcement: '' }
  #listeners = new Set<() => void>()
  #timer: ReturnType<typeof setTimeout> | null = null
  /** Gateway's clock minus ours, ms. */
  #clockOffset = 0

  get snapshot(): Snapshot {
    return this.#snapshot
  }

  /** Epoch ms on the gateway's clock. */
  now(): number {
    return Date.now() + this.#clockOffset
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  setConnection(connection: Connection): void {
    if (connection === this.#snapshot.connection) return
    const announcement =
      connection === 'lost' ? 'The gateway cannot be reached. Values are not live.' : this.#snapshot.announcement
    this.#set({ connection, announcement })
  }

  take(event: LiveEvent): void {
    if (event.type === 'samples') {
      this.traces.get(event.sensor)?.push(event)
      this.tracedAt.set(event.sensor, performance.now())
      const value = valueOfSamples(this.#snapshot.values.get(event.sensor), event)
      if (value) this.take({ type: 'value', value })
    } else if (event.type === 'value') {
      this.#set({ values: new Map(this.#snapshot.values).set(event.value.sensor, event.value) })
    } else if (event.type === 'status') {
      this.#clockOffset = event.status.now - Date.now()
      this.#set({ status: event.status })
      this.trends.record(event.status.now, this.#snapshot.values)
    } else {
      this.#set({ announcement: announcementOf(event.transition) })
    }
  }

  #set(change: Partial<Snapshot>): void {
    this.#snapshot = { ...this.#snapshot, ...change }
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      for (const listener of this.#listeners) listener()
    }, NOTIFY_MS)
  }
}

function announcementOf(transition: AlertTransition): string {
  const { condition, state, actor } = transition
  const what = conditionWords(condition)
  if (state === 'active') return `${priorityWords(transition)}: ${what}`
  if (state === 'acknowledged') return `Acknowledged by ${actor?.by ?? 'somebody'}: ${what}`
  return state === 'latched' ? `Over, not acknowledged: ${what}` : `Cleared: ${what}`
}

/** A tile for each sensor, whether or not it has sent anything yet. */
export function tileValues(values: ReadonlyMap<SensorKind, LiveValue>): LiveValue[] {
  return SENSORS.map(
    ({ kind: sensor }) =>
      values.get(sensor) ?? { sensor, at: null, value: null, unit: '', quality: 'good', remarks: [] },
  )
}
