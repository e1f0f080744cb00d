/**
 * evaluate: judged values, signals and silence → AlertTransitions. A tick runs it too: silence is an event. No I/O and no
 * clock: `now` (epoch ms, gateway) comes with each call.
 */
import type { SensorKind } from '#fhir/measurement.js'
import { compared } from '#gateway/clinical/limits/compared.js'
import { defaultFindings, type Finding, type FindingRow } from '#gateway/clinical/limits/findings.js'
import { isUpper, type Limit, limitedAs, limitGroups } from '#gateway/clinical/limits/limits.js'
import type { Judged, Signal } from '#gateway/clinical/normalise/judged.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { Actor, AlertTransition, Priority } from '#gateway/model/alert.js'
import type { DeviceEvent } from '#gateway/model/decoded.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { ConditionSet } from './condition-set.js'
import type { Waiting } from './confirmation.js'
import { type Inhibition, isInhibited, isNeverInhibited } from './inhibition.js'
import { LimitWatch, sensorOf } from './limit-watch.js'
import { type Condition, type Episode, restored, step } from './machine.js'
import { conditionsOf } from './machine-group.js'
import { isRepeatPrompt, RepeatPrompts, type WaitingLimit, waitingBefore } from './repeat-prompts.js'
import { kebab, TechnicalAlerts } from './technical.js'
import { type Doubt, Trust } from './trust.js'

/** A spot value older than this when it arrives says nothing of the patient now. */
const SPOT_FRESH_MS = 24 * 3_600_000
/** An oximeter that searches for a moment has not lost its value; one that searches for longer has. */
const ACQUIRING_GRACE_MS = 5000
/** The ECG's rate is held against the pulse's limits once no oximeter has given a pulse for so long. */
const PULSE_FRESH_MS = 15_000
/** Pulse and oxygen come from one clip: neither confirms the other. */
const CLIP: readonly (SensorKind | undefined)[] = ['pulse', 'spo2']
/** Findings that agree with a sensor that gives only impossible values. */
const ARRESTS = ['asystole', 'no-organised-heartbeat', 'no-readable-heartbeat', 'ecg-pause', 'suspected-fall']
/** Alerts on a vital sign that nobody knows: lost on its way to a limit, or behind impossible values. */
const DOUBT = /^(lost-while-(falling|rising)|unreadable)-/

export class Evaluator {
  #watches: LimitWatch[] = []
  readonly #technical: TechnicalAlerts
  /** What analysers found, by condition. */
  readonly #findings: ConditionSet
  /** Vital signs that are not known: lost, or behind impossible values. */
  readonly #doubts: ConditionSet
  readonly #trust = new Trust()
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
    this.#doubts = new ConditionSet(
      'physiological',
      physiological.filter(({ condition }) => DOUBT.test(condition)),
    )
    const defined = new Set([...conditionsOf(limits), ...findings.map(({ condition }) => condition)])
    this.#orphans = physiological.filter(({ condition }) => !defined.has(condition) && !DOUBT.test(condition))
  }

  /** New limits hold from the next value on. An open episode goes on under them, and is withdrawn where its limit is gone. */
  setLimits(limits: readonly Limit[], now: number): AlertTransition[] {
    const kept = new Set(conditionsOf(limits))
    const gone = this.#watches.flatMap(({ machine }) => machine.withdraw((condition) => !kept.has(condition), now))
    const waiting = this.#waiting().map(({ limit, waiting }) => [limit.condition, waiting] as const)
    const before = this.#watches
    this.#regroup(limits, new Map(before.flatMap(({ machine }) => machine.episodes())), new Map(waiting))
    for (const { key, limits: unwatched } of before)
      if (!this.#watches.some((watch) => watch.key === key))
        gone.push(...this.#doubts.step(lostCondition(unwatched[0]), 'withdrawn', now))
    return [...gone, ...this.#prompts.step(this.#waiting(), now)]
  }

  setFindings(rows: readonly FindingRow[]): void {
    this.#findingRows = byCondition(rows)
  }

  /** No physiological condition of these is raised while somebody cares for the patient. Replaces earlier inhibitions. */
  setInhibitions(inhibitions: readonly Inhibition[]): void {
    this.#inhibitions = inhibitions
  }

  /** While nobody is to be watched, what only says that nobody is connected is not raised. Values are judged as always. */
  setMonitored(monitored: boolean, now: number): AlertTransition[] {
    return this.#technical.setMonitored(monitored, now)
  }

  /** Somebody says that they know. @returns nothing where no such alert waits for that */
  acknowledge(alertId: string, now: number, actor: Actor): AlertTransition[] {
    return [
      ...this.#watches.flatMap(({ machine }) => machine.acknowledge(alertId, now, actor)),
      ...this.#doubts.acknowledge(alertId, now, actor),
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
    const { measurement, spot, superseded, held, undated } = judged
    if (superseded || undated) return []
    const { sensor, observable, deviceId, value } = measurement
    const at = measurement.timedByDevice ? measurement.at - this.#shiftMs() : measurement.at
    if (spot && now - at > SPOT_FRESH_MS) return []
    if (spot) this.#trust.heard(sensor, deviceId, true, now)
    const isKnown = measurement.quality !== 'implausible' && value.type !== 'absent' && !held
    if (isKnown && now - at < SPOT_FRESH_MS) this.#trust.possible(measurement, at, now)
    if (observable === 'pulseRate' && now - at < PULSE_FRESH_MS && isKnown) this.#pulseAt = now
    if (observable === 'heartRate') {
      if (now - this.#pulseAt < PULSE_FRESH_MS) return []
      if (isKnown) this.#heartRateAt = now
    }
    const transitions: AlertTransition[] = []
    for (const watch of this.#watches) {
      const [{ observable: limited, component }] = watch.limits
      if (limited !== limitedAs(observable) || !watch.takes({ spot, at }, now)) continue
      // What the oximeter lacks makes no difference while the ECG stands in.
      if (!isKnown && observable === 'pulseRate' && now - this.#heartRateAt < PULSE_FRESH_MS) continue
      if (measurement.quality === 'implausible') transitions.push(...this.#lose(watch, now))
      else if (!isKnown && component === 'value') transitions.push(...watch.gap(now))
      else transitions.push(...this.#look(watch, judged, at, now))
    }
    if (measurement.quality === 'implausible') this.#trust.impossible(measurement, now)
    return [...transitions, ...this.#prompts.step(this.#waiting(), now)]
  }

  #look(
    watch: LimitWatch,
    { measurement, spot, secondsSinceBreath }: Judged,
    at: number,
    now: number,
  ): AlertTransition[] {
    const { component } = watch.limits[0]
    const number = component === 'secondsSinceBreath' ? (secondsSinceBreath ?? null) : compared(measurement, component)
    if (number === null) return []
    const { sensor, observable, value, identifier } = measurement
    const shown = value.type === 'quantity' ? value.value : number
    const sample = {
      compared: number,
      spot,
      at,
      sensor,
      standsIn: observable === 'heartRate',
      // An analyser's value has no message of its own.
      derived: observable === 'heartRate' || (observable === 'respiratoryRate' && !spot),
      cause: { measurement: identifier, value: component === 'secondsSinceBreath' ? number : shown },
    }
    const transitions = watch.see(sample, now, this.#isInhibited(watch, now))
    if (this.#doubts.open.length === 0) return transitions
    const found = watch.limits.some(({ condition }) => watch.machine.isOpen(condition))
    if (!found && !watch.isSafe) return transitions
    const sight = found ? 'withdrawn' : 'safe'
    return [...transitions, ...this.#doubts.step(lostCondition(watch.limits[0]), sight, now, sample.cause)]
  }

  /** A value that was beyond a limit, or on its way there, when it was lost alarms at once. */
  #lose(watch: LimitWatch, now: number): AlertTransition[] {
    const { transitions, lost } = watch.lose(now)
    if (!lost) return transitions
    const doubt = lostCondition(lost.limit)
    if (this.#isInhibited(watch, now) && !isNeverInhibited(doubt.condition)) return transitions
    return [...this.#doubts.step(doubt, 'crossed', now, lost.sample.cause), ...transitions]
  }

  /** How a sensor is; `expected`: it sends continuously, so its silence will count. */
  signal(signal: Signal, expected: boolean, now: number): AlertTransition[] {
    if (signal.spot) return []
    this.#trust.heard(signal.sensor, signal.deviceId, false, now)
    // A flat line beside an asystole is only its trace: one event gives one alert of high priority.
    const flatPriority = this.#findings.open.includes('asystole') ? 'low' : 'high'
    const { transitions, state, sinceMs } = this.#technical.signal(signal, expected, now, flatPriority)
    if (state === 'ok' || state === 'flat') return transitions
    if (state !== 'acquiring') this.#trust.off(signal.sensor, sinceMs)
    const searches = state === 'acquiring' && sinceMs < ACQUIRING_GRACE_MS
    return [...transitions, ...this.#inhibit(signal.sensor, searches, now)]
  }

  /** @param devices heard over the transport, for transport events. */
  event(event: DeviceEvent, devices: ReadonlySet<string>, now: number): AlertTransition[] {
    const transitions = this.#technical.event(event, devices, now)
    if (event.type !== 'transport' || event.event !== 'ended') return transitions
    const over = { unknown: false, checkProbe: false, hidden: false }
    return [...transitions, ...this.#trust.end(devices).flatMap((sensor) => this.#doubt({ sensor, ...over }, now))]
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
    for (const watch of this.#watches) {
      transitions.push(...(watch.isStale(now) ? this.#lose(watch, now) : watch.tick(now)))
      if (!this.#isInhibited(watch, now)) transitions.push(...watch.machine.expire(now))
    }
    const explained = (deviceId: string) => this.#technical.explains(deviceId, now)
    for (const doubt of this.#trust.tick(now, explained, (sensor) => this.#agrees(sensor)))
      transitions.push(...this.#doubt(doubt, now))
    return [...transitions, ...this.#prompts.step(this.#waiting(), now)]
  }

  #waiting(): WaitingLimit[] {
    return this.#watches.flatMap(({ machine }) => machine.waiting())
  }

  /** What is not known of a vital sign, as conditions. Impossible values take the priority of what they hide. */
  #doubt({ sensor, unknown, checkProbe, hidden }: Doubt, now: number): AlertTransition[] {
    const name = kebab(sensor)
    const limits = this.#watches
      .flatMap(({ limits: rows }) => rows)
      .filter((row) => sensorOf(row.observable) === sensor)
    const priority = limits.some((row) => row.priority === 'high') ? 'high' : 'medium'
    const observable = limits[0]?.observable
    const inhibited = observable && isInhibited(this.#inhibitions, `unreadable-${name}`, observable, now)
    const unreadable = {
      condition: `unreadable-${name}`,
      priority,
      delayMs: 0,
      ...(observable && { observable }),
    } as const
    const technical = (condition: string, of: Priority, present: boolean | null) =>
      present === null ? [] : this.system({ condition, priority: of, delayMs: 0, present }, now)
    // Nothing is hidden by a sensor without limits.
    const isHidden = hidden === true && limits.length > 0
    const clock = sensorDefinitions[sensor].silentAfterMs === null ? 'low' : 'medium'
    return [
      ...(hidden === null || inhibited ? [] : this.#doubts.step(unreadable, isHidden ? 'crossed' : 'safe', now)),
      ...technical(`check-probe-${name}`, 'medium', checkProbe ?? (hidden === null ? null : hidden && !isHidden)),
      ...technical(`no-trusted-value-${name}`, clock, unknown),
    ]
  }

  /** Whether another sensor than this one says that the patient is in danger. */
  #agrees(sensor: SensorKind): boolean {
    const isOther = (other: SensorKind | undefined) =>
      other !== undefined && other !== sensor && !(CLIP.includes(sensor) && CLIP.includes(other))
    return (
      this.#findings.open.some((condition) => ARRESTS.includes(condition)) ||
      this.#watches.some(
        (watch) => isOther(watch.sensor) && watch.limits.some(({ condition }) => watch.machine.isOpen(condition)),
      )
    )
  }

  #isInhibited({ limits }: LimitWatch, now: number): boolean {
    return limits.some((row) => isInhibited(this.#inhibitions, row.condition, row.observable, now))
  }

  #regroup(
    limits: readonly Limit[],
    episodes: ReadonlyMap<string, Episode>,
    waiting: ReadonlyMap<string, Waiting>,
  ): void {
    const before = new Map(this.#watches.map((watch) => [watch.key, watch]))
    this.#watches = limitGroups(limits).flatMap(([worst, ...others]) => {
      if (!worst) return []
      const made = new LimitWatch([worst, ...others], episodes, waiting)
      const known = before.get(made.key)
      return known ? new LimitWatch([worst, ...others], episodes, waiting, known) : made
    })
  }

  /** The sensor cannot be believed. A pulse sensor for which another one stands in makes no difference. */
  #inhibit(sensor: SensorKind, briefly: boolean, now: number): AlertTransition[] {
    const standsIn = now - this.#heartRateAt < PULSE_FRESH_MS
    if (sensor === 'pulse' && standsIn) return []
    if (sensor === 'ecg' && !standsIn) return []
    return this.#watches
      .filter(({ limits }) => sensorDefinitions[sensor].inhibits.includes(limits[0].observable))
      .flatMap((watch) => (briefly ? watch.gap(now) : this.#lose(watch, now)))
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

/** A vital sign lost on its way to this limit, in its priority. */
function lostCondition(limit: Limit): Omit<Condition, 'kind'> {
  const { comparator, observable, priority, value } = limit
  const name = kebab(sensorOf(observable))
  return {
    condition: isUpper(comparator) ? `lost-while-rising-${name}` : `lost-while-falling-${name}`,
    ...{ priority, delayMs: 0, observable, limit: { comparator, value } },
  }
}
