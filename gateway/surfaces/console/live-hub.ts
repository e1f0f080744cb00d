/**
 * Sends the feed's events to every open page as Server-Sent Events. Cheap on a Raspberry Pi: nothing runs while no
 * page is open, samples and values are gathered for `FLUSH_MS`, and each event is written as text once for all.
 */
import type { SensorKind } from '#fhir/measurement.js'
import type { LiveValue } from '#gateway/model/live.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Feed, LiveEvent } from '#gateway/surfaces/status/feed.js'

type Samples = Extract<LiveEvent, { type: 'samples' }>

export const FLUSH_MS = 150
export const STATUS_MS = 1000
export const HEARTBEAT_MS = 15_000
/** Of one waveform between two flushes; older ones are dropped: the page draws a gap. */
const MAX_PENDING_SAMPLES = 5000
const MAX_PENDING_ALERTS = 200

/** Where one page's events go; an HTTP response in the server. */
export interface Sink {
  write(chunk: Buffer): void
  /** Bytes accepted but not yet taken by the other end. */
  buffered(): number
  /** Ends the connection at once. */
  drop(): void
  end(): void
}

export interface HubOptions {
  readonly feed: Feed
  readonly clock: Clock
  readonly logger: Logger
  readonly maxClients: number
  /** Bytes one page may lag behind before it is dropped. */
  readonly maxBuffered: number
}

export class LiveHub {
  readonly #options: HubOptions
  readonly #sinks = new Set<Sink>()
  #samples: { -readonly [K in keyof Samples]: K extends 'samples' ? (number | null)[] : Samples[K] }[] = []
  readonly #values = new Map<SensorKind, LiveValue>()
  #alerts: Extract<LiveEvent, { type: 'alert' }>[] = []
  #unsubscribe: (() => void) | null = null
  #cancelTimer: (() => void) | null = null
  #statusAt = 0
  #heartbeatAt = 0

  constructor(options: HubOptions) {
    this.#options = options
  }

  get clients(): number {
    return this.#sinks.size
  }

  full(): boolean {
    return this.#sinks.size >= this.#options.maxClients
  }

  /** Sends the status and all values, then whatever the feed says. Returns a function that removes the page. */
  add(sink: Sink): () => void {
    const { feed } = this.#options
    const first: LiveEvent[] = [
      { type: 'status', status: feed.status() },
      ...feed.values().map((value) => ({ type: 'value', value }) as const),
    ]
    sink.write(Buffer.from(`retry: 2000\n\n${first.map(encode).join('')}`))
    this.#sinks.add(sink)
    if (this.#sinks.size === 1) this.#open()
    return () => this.#remove(sink)
  }

  /** Ends every page's stream. */
  close(): void {
    for (const sink of [...this.#sinks]) {
      this.#remove(sink)
      sink.end()
    }
  }

  #open(): void {
    this.#unsubscribe = this.#options.feed.subscribe((event) => this.#take(event))
    this.#statusAt = this.#heartbeatAt = this.#options.clock.monotonic()
    this.#tick()
  }

  #remove(sink: Sink): void {
    if (!this.#sinks.delete(sink) || this.#sinks.size > 0) return
    this.#unsubscribe?.()
    this.#cancelTimer?.()
    this.#unsubscribe = this.#cancelTimer = null
    this.#samples = []
    this.#values.clear()
    this.#alerts = []
  }

  #take(event: LiveEvent): void {
    if (event.type === 'value') this.#values.set(event.value.sensor, event.value)
    else if (event.type === 'samples') this.#gather(event)
    else if (event.type === 'alert') {
      if (this.#alerts.length < MAX_PENDING_ALERTS) this.#alerts.push(event)
    } else this.#statusAt = Number.NEGATIVE_INFINITY
  }

  /** Appends to the run before it where it follows without a gap. */
  #gather(event: Samples): void {
    const last = this.#samples.findLast((run) => run.sensor === event.sensor)
    const follows =
      last !== undefined &&
      last.periodMs === event.periodMs &&
      last.unit === event.unit &&
      Math.abs(last.at + last.samples.length * last.periodMs - event.at) < event.periodMs / 2
    if (follows) last.samples.push(...event.samples.slice(0, MAX_PENDING_SAMPLES).map(rounded))
    else this.#samples.push({ ...event, samples: event.samples.slice(0, MAX_PENDING_SAMPLES).map(rounded) })
    const sameSensor = this.#samples.filter((run) => run.sensor === event.sensor)
    if (sameSensor.reduce((n, run) => n + run.samples.length, 0) <= MAX_PENDING_SAMPLES) return
    this.#samples = this.#samples.filter((run) => run.sensor !== event.sensor)
  }

  #tick(): void {
    this.#cancelTimer = this.#options.clock.after(FLUSH_MS, () => {
      this.#flush()
      if (this.#sinks.size > 0) this.#tick()
    })
  }

  #flush(): void {
    const now = this.#options.clock.monotonic()
    const events: LiveEvent[] = [
      ...this.#alerts,
      ...[...this.#values.values()].map((value) => ({ type: 'value', value }) as const),
      ...this.#samples,
    ]
    // An alert is followed by the status that lists it, at once.
    if (this.#alerts.length > 0 || now - this.#statusAt >= STATUS_MS) {
      this.#statusAt = now
      const status = this.#status()
      if (status) events.push(status)
    }
    this.#samples = []
    this.#values.clear()
    this.#alerts = []
    let text = events.map(encode).join('')
    if (now - this.#heartbeatAt >= HEARTBEAT_MS) {
      this.#heartbeatAt = now
      text += ': here\n\n'
    }
    if (text !== '') this.#broadcast(Buffer.from(text))
  }

  #status(): LiveEvent | null {
    try {
      return { type: 'status', status: this.#options.feed.status() }
    } catch (error) {
      this.#options.logger.warn({ reason: error instanceof Error ? error.message : 'unknown' }, 'console: no status')
      return null
    }
  }

  #broadcast(chunk: Buffer): void {
    for (const sink of [...this.#sinks]) {
      if (sink.buffered() > this.#options.maxBuffered) {
        this.#remove(sink)
        sink.drop()
        this.#options.logger.info('console: a page that reads too slowly was dropped; it will connect again')
      } else sink.write(chunk)
    }
  }
}

function encode(event: LiveEvent): string {
  return `data: ${JSON.stringify(event)}\n\n`
}

/** A trace is drawn, not measured: four decimals are below a step of any converter here and halve the bytes. */
function rounded(sample: number | null): number | null {
  return sample === null ? null : Math.round(sample * 1e4) / 1e4
}
