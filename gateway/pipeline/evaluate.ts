/**
 * evaluate: judged values, signals and silence → AlertTransitions. A tick runs it too: silence is an event. No I/O and no
 * clock: `now` (epoch ms, gateway) comes with each call.
 */
import type { SensorKind } from '#fhir/measurement.js'
import type { AlertTransition } from '#gateway/alerts/alert.js'
import { type Limit, type LimitComponent, limitGroups } from '#gateway/alerts/limits.js'
import { restored, step } from '#gateway/alerts/machine.js'
import { LimitGroup } from '#gateway/alerts/machine-group.js'
import type { SystemCondition } from '#gateway/alerts/system-condition.js'
import type { DeviceEvent } from './decode/result.js'
import type { Judged, Signal } from './normalise/judged.js'
import { TechnicalAlerts } from './technical.js'

/** Without a value for this long a pending condition is dropped: it cannot be said to still hold. */
const PENDING_STALE_MS = 15_000
/** A spot value older than this when it arrives says nothing of the patient now. */
const SPOT_FRESH_MS = 24 * 3_600_000
/** An oximeter that searches for a moment does not end a delay; one that searches for longer does. */
const ACQUIRING_GRACE_MS = 5000

/** A sensor that speaks continuously knows better than a stored value of the same thing. */
const CONTINUOUS_MS = 30_000
const NEVER = { seenAt: 0, spot: false, continuousAt: 0, measuredAt: 0 }

interface Group {
  readonly limits: readonly [Limit, ...Limit[]]
  readonly machine: LimitGroup
  /** When a value last came, whether it was a spot value, and when a continuous one last came. */
  seenAt: number
  spot: boolean
  continuousAt: number
  /** The time of the latest measurement that counted. */
  measuredAt: number
}

export class Evaluator {
  readonly #groups: Group[]
  readonly #technical: TechnicalAlerts
  readonly #shiftMs: () => number
  /** Active before the restart under a condition that is no longer defined. */
  #orphans: AlertTransition[]

  /** @param options.shiftMs from `now` to wall time, in which devices stamp */
  constructor(options: {
    limits: readonly Limit[]
    active?: readonly AlertTransition[]
    shiftMs?: () => number
  }) {
    const active = options.active ?? []
    this.#shiftMs = options.shiftMs ?? (() => 0)
    this.#groups = limitGroups(options.limits).flatMap(([worst, ...others]) =>
      worst
        ? [{ limits: [worst, ...others] as const, machine: new LimitGroup([worst, ...others], active), ...NEVER }]
        : [],
    )
    this.#technical = new TechnicalAlerts(active.filter(({ kind }) => kind === 'technical'))
    const defined = new Set(options.limits.map(({ condition }) => condition))
    this.#orphans = active.filter(({ kind, condition }) => kind === 'physiological' && !defined.has(condition))
  }

  /** One judged value, stored or not. */
  see(judged: Judged, now: number): AlertTransition[] {
    const { measurement, spot, superseded } = judged
    if (superseded || measurement.quality === 'implausible') return []
    const at = measurement.timedByDevice ? measurement.at - this.#shiftMs() : measurement.at
    if (spot && now - at > SPOT_FRESH_MS) return []
    const transitions: AlertTransition[] = []
    for (const group of this.#groups) {
      if (group.limits[0].observable !== measurement.observable) continue
      const value = component(judged, group.limits[0].component)
      if (value === null) continue
      if (spot && (now - group.continuousAt < CONTINUOUS_MS || at < group.measuredAt)) continue
      group.seenAt = now
      group.spot = spot
      group.measuredAt = Math.min(at, now)
      if (!spot) group.continuousAt = now
      transitions.push(...group.machine.see(value, now, { measurement: measurement.identifier, value }))
    }
    return transitions
  }

  /** How a sensor is; `expected`: it sends continuously, so its silence will count. */
  signal(signal: Signal, expected: boolean, now: number): AlertTransition[] {
    if (signal.spot) return []
    const { transitions, state, sinceMs } = this.#technical.signal(signal, expected, now)
    const trusted = state === 'ok' || state === 'flat' || (state === 'acquiring' && sinceMs < ACQUIRING_GRACE_MS)
    return trusted ? transitions : [...transitions, ...this.#inhibit(signal.sensor, now)]
  }

  /** @param devices heard over the transport, for transport events. */
  event(event: DeviceEvent, devices: ReadonlySet<string>, now: number): AlertTransition[] {
    return this.#technical.event(event, devices, now)
  }

  /** How the gateway itself is. */
  system(condition: SystemCondition, now: number): AlertTransition[] {
    return this.#technical.system(condition, now)
  }

  /** Delays and silence. */
  tick(now: number): AlertTransition[] {
    const transitions = [...this.#withdraw(now), ...this.#technical.tick(now)]
    for (const group of this.#groups) {
      const stale = !group.spot && now - group.seenAt > PENDING_STALE_MS
      transitions.push(...(stale ? group.machine.inhibit(now) : group.machine.tick(now)))
    }
    return transitions
  }

  #inhibit(sensor: SensorKind, now: number): AlertTransition[] {
    return this.#groups
      .filter(({ limits }) => observablesOf[sensor]?.includes(limits[0].observable))
      .flatMap(({ machine }) => machine.inhibit(now))
  }

  #withdraw(now: number): AlertTransition[] {
    const orphans = this.#orphans
    this.#orphans = []
    return orphans.flatMap((orphan) => {
      const { condition, kind, priority, observable, limit } = orphan
      const gone = { condition, kind, priority, delayMs: 0, ...(observable && { observable }), ...(limit && { limit }) }
      return step(gone, restored(orphan), 'withdrawn', now).transition ?? []
    })
  }
}

/** Continuous sensors whose state decides whether a number is believed. */
const observablesOf: Partial<Record<SensorKind, readonly string[]>> = {
  pulse: ['pulseRate'],
  spo2: ['oxygenSaturation'],
  airflow: ['respiratoryRate'],
  bodyTemperature: ['bodyTemperature'],
}

function component({ measurement: { value }, secondsSinceBreath }: Judged, name: LimitComponent): number | null {
  if (name === 'secondsSinceBreath') return secondsSinceBreath ?? null
  if (name === 'value') return value.type === 'quantity' ? value.value : null
  return value.type === 'bloodPressure' ? value[name] : null
}
