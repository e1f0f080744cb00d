/** What the terminal view knows, and how an event of the console changes it. Pure. */
import type { SensorKind } from '#fhir/measurement.js'
import type { LiveValue } from '#gateway/model/live.js'
import type { GatewayStatus, LiveEvent } from '#gateway/surfaces/status/feed.js'
import { valueOfSamples } from '#gateway/wording/words.js'

const STRIP_MS = 6000
const SLACK_MS = 60

export interface EcgStrip {
  readonly periodMs: number
  readonly endAt: number
  readonly unit: string
  readonly samples: readonly (number | null)[]
}

export interface ViewState {
  /** The page, for people to open. */
  readonly url: string
  readonly connection: 'connecting' | 'live' | 'lost'
  /** Epoch ms. */
  readonly now: number
  readonly status: GatewayStatus | null
  readonly values: ReadonlyMap<SensorKind, LiveValue>
  readonly ecg: EcgStrip | null
  /** IANA name; the terminal's own when absent. */
  readonly timeZone?: string
}

export function emptyView(url: string, now: number): ViewState {
  return { url, connection: 'connecting', now, status: null, values: new Map(), ecg: null }
}

export function take(state: ViewState, event: LiveEvent): ViewState {
  if (event.type === 'status') return { ...state, connection: 'live', status: event.status }
  if (event.type === 'value') return withValue(state, event.value)
  if (event.type === 'alert') return state // the status that follows lists it
  const value = valueOfSamples(state.values.get(event.sensor), event)
  const next = value ? withValue(state, value) : state
  return event.sensor === 'ecg' ? { ...next, ecg: extended(state.ecg, event) } : next
}

function withValue(state: ViewState, value: LiveValue): ViewState {
  return { ...state, values: new Map(state.values).set(value.sensor, value) }
}

function extended(strip: EcgStrip | null, run: Extract<LiveEvent, { type: 'samples' }>): EcgStrip {
  const endAt = run.at + run.samples.length * run.periodMs
  const keep = Math.max(1, Math.round(STRIP_MS / run.periodMs))
  const gapMs = strip === null ? 0 : run.at - strip.endAt
  const fresh = strip === null || strip.periodMs !== run.periodMs || Math.abs(gapMs) > STRIP_MS
  const before = fresh ? new Array<null>(keep).fill(null) : strip.samples
  const gap = !fresh && gapMs > SLACK_MS ? new Array<null>(Math.round(gapMs / run.periodMs)).fill(null) : []
  return { periodMs: run.periodMs, endAt, unit: run.unit, samples: [...before, ...gap, ...run.samples].slice(-keep) }
}
