/**
 * evaluate: judged values, signals and silence → AlertTransitions. A tick runs it too: silence is an event. No I/O and no
 * clock: `now` (epoch ms, gateway) comes with each call.
 */
import type { SensorKind } from '#fhir/measurement.js'
import { defaultFindings, type Finding, type FindingRow } from '#gateway/clinical/limits/findings.js'
import { isUpper, type Limit, type LimitComponent, limitedAs, limitGroups } from '#gateway/clinical/limits/limits.js'
import type { Judged, Signal } from '#gateway/clinical/normalise/judged.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import type { DeviceEvent } from '#gateway/model/decoded.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { ConditionSet } from './condition-set.js'
import type { Waiting } from './confirmation.js'
import { type Inhibition, isInhibited } from './inhibition.js'
import { type Episode, restored, step } from './machine.js'
import { conditionsOf, LimitGroup } from './machine-group.js'
import { isRepeatPrompt, RepeatPrompts, type WaitingLimit, waitingBefore } from './repeat-prompts.js'
import { TechnicalAlerts } from './technical.js'

/** Without a value for this long a pending condition is dropped: it cannot be said to still hold. */
const PENDING_STALE_MS = 15_000
/** A spot value older than this when it arrives says nothing of the patient now. */
const SPOT_FRESH_MS = 24 * 3_600_000
/** An oximeter that searches for a moment does not end a delay; one that searches for longer does. */
const ACQUIRING_GRACE_MS = 5000

/** A sensor that speaks continuously knows better than a stored value of the same thing. */
const CONTINUOUS_MS = 30_000
/** The ECG's rate is held against the pulse's limits once no oximeter has given a pulse for so long. */
const PULSE_FRESH_MS = 15_000
const NEVER = { seenAt: 0, spot: false, continuousAt: 0, measuredAt: 0 }

interface Group {
  readonly limits: readonly [Limit, ...Limit[]]
  readonly machine: LimitGroup
  /** `seenAt`: when a value last came; `spot`: it was a spot value; `continuousAt`: when a continuous value last came. */
  seenAt: number
  spot: boolean
  continuousAt: number
  /** The time of the latest measurement that counted. */
  measuredAt: number
}

export class Evaluator {
  #groups: Group[] = []
  readonly #technical: TechnicalAlerts
  /** What analysers found, by condition. */
  readonly #findings: ConditionSet
  readonly #prompts: RepeatPrompts
  #findingRows: ReadonlyMap<string, FindingRow>
  #inhibitions: readonly Inhibition[] = []
  readonly #shiftMs: () => number
  /** When a pulse that can be believed last came from an oximeter, and when the ECG's rate last stood in for it. */
  #pulseAt = Number.NEGATIVE_INFINITY
  #heartRateAt = Number.NEGATIVE_INFINITY
  /** Alerts from before the restart whose condition is no longer defined. */
  #orphans: AlertTransition[]

  /** @param options.shiftMs from `now` to wall time, in which devices stamp */
  constructor(options: {
    limits: readonly Limit[]
    findings?: readonly FindingRow[]
    active?: readonly AlertTransition[]
    inhibitions?: readonly Inhibition[]
    shiftMs?: () => number
  }) {
    const { limits, findings = defaultFindings, active = [], inhibitions = [], shiftMs = () => 0 } = options
    this.#findingRows = byCondition(findings)
    this.#inhibitions = inhibitions
    this.#shiftMs = shiftMs
    const technical = active.filter(({ kind }) => kind === 'technical')
    const prompts = technical.filter(isRepeatPrompt)
    this.#prompts = new RepeatPrompts(prompts)
    const episodes = new Map(active.map((transition) => [transition.condition, restored(transition)]))
    this.#regroup(limits, episodes, waitingBefore(prompts, limits))
    this.#technical = new TechnicalAlerts(technical.filter((transition) => !isRepeatPrompt(transition)))
    const physiological = active.filter(({ kind }) => kind === 'physiological')
    this.#findings = new ConditionSet(
      'physiological',
      physiological.filter(({ condition }) => this.#findingRows.has(condition)),
    )
    const defined = new Set([...conditionsOf(limits), ...findings.map(({ condition }) => condition)])
    this.#orphans = physiological.filter(({ condition }) => !defined.has(condition))
  }

  /** New limits hold from the next value on. An open episode goes on under them, and is withdrawn where its limit is gone. */
  setLimits(limits: readonly Limit[], now: number): AlertTransition[] {
    const kept = new Set(conditionsOf(limits))
    const gone = this.#groups.flatMap(({ machine }) => machine.withdraw((condition) => !kept.has(condition), now))
    const waiting = this.#waiting().map(({ limit, waiting }) => [limit.condition, waiting] as const)
    this.#regroup(limits, new Map(this.#groups.flatMap(({ machine }) => machine.episodes())), new Map(waiting))
    return [...gone, ...this.#prompts.step(this.#waiting(), now)]
  }

  setFindings(rows: readonly FindingRow[]): void {
    this.#findingRows = byCondition(rows)
  }

  /** No physiological condition of these is raised while somebody cares for the patient. Replaces earlier inhibitions. */
  setInhibitions(inhibitions: readonly Inhibition[]): void {
    this.#inhibitions = inhibitions
  }

  /** Somebody says that they know. @returns nothing where no such alert waits for that */
  acknowledge(alertId: string, now: number, actor: Actor): AlertTransition[] {
    return [
      ...this.#groups.flatMap(({ machine }) => machine.acknowledge(alertId, now, actor)),
      ...this.#findings.acknowledge(alertId, now, actor),
      ...this.#technical.acknowledge(alertId, now, actor),
      ...this.#prompts.acknowledge(alertId, now, actor),
    ]
  }

  /** A finding of an analyser. A condition without a row is passed over: somebody has switched it off. */
  finding({ condition, presence, measurement, value, limit }: Finding, now: number): AlertTransition[] {
    const row = this.#findingRows.get(condition)
    const seen = row && {
      condition,
      priority: row.priority,
      delayMs: row.delaySeconds * 1000,
      ...(row.latching && { latching: true }),
      ...(row.observable && { observable: row.observable }),
      ...(limit && { limit }),
    }
    if (!seen) {
      return this.#findings.step({ condition, priority: 'low', delayMs: 0 }, 'withdrawn', now)
    }
    const inhibited = presence === 'unknown' || isInhibited(this.#inhibitions, condition, row.observable, now)
    const sight = inhibited ? 'inhibited' : presence === 'present' ? 'crossed' : 'safe'
    const cause = measurement === undefined ? undefined : { measurement, ...(value !== undefined && { value }) }
    return this.#findings.step(seen, sight, now, cause)
  }

  /** One judged value, stored or not. */
  see(judged: Judged, now: number): AlertTransition[] {
    const { measurement, spot, superseded, held } = judged
    if (superseded || held || measurement.quality === 'implausible') return []
    const at = measurement.timedByDevice ? measurement.at - this.#shiftMs() : measurement.at
    if (spot && now - at > SPOT_FRESH_MS) return []
    if (measurement.observable === 'pulseRate' && now - at < PULSE_FRESH_MS && component(judged, 'value') !== null) {
      this.#pulseAt = now
    }
    if (measurement.observable === 'heartRate') {
      if (now - this.#pulseAt < PULSE_FRESH_MS) return []
      if (component(judged, 'value') !== null) this.#heartRateAt = now
    }
    const transitions: AlertTransition[] = []
    for (const group of this.#groups) {
      if (group.limits[0].observable !== limitedAs(measurement.observable)) continue
      const value = component(judged, group.limits[0].component)
      if (value === null) continue
      if (spot && (now - group.continuousAt < CONTINUOUS_MS || at < group.measuredAt)) continue
      group.seenAt = now
      group.spot = spot
      group.measuredAt = Math.min(at, now)
      // The ECG only stands in: a pulse that a device sends goes before it.
      if (!spot && measurement.observable !== 'heartRate') group.continuousAt = now
      const inhibited = this.#isInhibited(group, now)
      const { machine } = group
      const cause = { measurement: measurement.identifier, value }
      transitions.push(...(inhibited ? machine.inhibit(now) : machine.see(value, now, cause, group.measuredAt)))
    }
    return [...transitions, ...this.#prompts.step(this.#waiting(), now)]
  }

  /** How a sensor is; `expected`: it sends continuously, so its silence will count. */
  signal(signal: Signal, expected: boolean, now: number): AlertTransition[] {
    if (signal.spot) return []
    // A flat line beside an asystole is only its trace: one event gives one alert of high priority.
    const flatPriority = this.#findings.open.includes('asystole') ? 'low' : 'high'
    const { transitions, state, sinceMs } = this.#technical.signal(signal, expected, now, flatPriority)
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
    const inhibited = this.#inhibitions.some(({ until }) => now < until)
    const transitions = [
      ...this.#withdraw(now),
      ...this.system({ condition: 'alarms-inhibited', priority: 'low', delayMs: 0, present: inhibited }, now),
      ...this.#technical.tick(now),
      ...this.#findings.tick(now),
    ]
    for (const group of this.#groups) {
      const stale = !group.spot && now - group.seenAt > PENDING_STALE_MS
      transitions.push(...(stale ? group.machine.inhibit(now) : group.machine.tick(now)))
      if (!this.#isInhibited(group, now)) transitions.push(...group.machine.expire(now))
    }
    return [...transitions, ...this.#prompts.step(this.#waiting(), now)]
  }

  #waiting(): WaitingLimit[] {
    return this.#groups.flatMap(({ machine }) => machine.waiting())
  }

  #isInhibited({ limits }: Group, now: number): boolean {
    return limits.some((row) => isInhibited(this.#inhibitions, row.condition, row.observable, now))
  }

  #regroup(
    limits: readonly Limit[],
    episodes: ReadonlyMap<string, Episode>,
    waiting: ReadonlyMap<string, Waiting>,
  ): void {
    const before = new Map(this.#groups.map((group) => [groupKey(group.limits[0]), group]))
    this.#groups = limitGroups(limits).flatMap(([worst, ...others]) => {
      if (!worst) return []
      const { seenAt, spot, continuousAt, measuredAt } = before.get(groupKey(worst)) ?? NEVER
      const machine = new LimitGroup([worst, ...others], episodes, waiting)
      return [{ limits: [worst, ...others] as const, machine, seenAt, spot, continuousAt, measuredAt }]
    })
  }

  /** The sensor cannot be believed. A pulse sensor for which another one stands in makes no difference. */
  #inhibit(sensor: SensorKind, now: number): AlertTransition[] {
    const standsIn = now - this.#heartRateAt < PULSE_FRESH_MS
    if (sensor === 'pulse' && standsIn) return []
    if (sensor === 'ecg' && !standsIn) return []
    return this.#groups
      .filter(({ limits }) => sensorDefinitions[sensor].inhibits.includes(limits[0].observable))
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

const byCondition = (rows: readonly FindingRow[]) => new Map(rows.map((row) => [row.condition, row]))

const groupKey = ({ observable, component, comparator }: Limit) => `${observable} ${component} ${isUpper(comparator)}`

function component({ measurement: { value }, secondsSinceBreath }: Judged, name: LimitComponent): number | null {
  if (name === 'secondsSinceBreath') return secondsSinceBreath ?? null
  if (name === 'value') return value.type === 'quantity' ? value.value : null
  return value.type === 'bloodPressure' ? value[name] : null
}
