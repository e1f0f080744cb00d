/**
 * Technical conditions: probes off, faults, silence, a transport that is gone. Only the widest condition that explains the
 * others is raised: an unplugged kit is one alert, not one for each sensor.
 */
import type { SensorKind } from '#fhir/measurement.js'
import { ConditionSet } from '#gateway/clinical/evaluate/condition-set.js'
import type { Sight } from '#gateway/clinical/evaluate/machine.js'
import type { Signal } from '#gateway/clinical/normalise/judged.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { Actor, AlertTransition, Priority } from '#gateway/model/alert.js'
import type { DeviceEvent } from '#gateway/model/decoded.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'

const PROBE_DELAY_MS = 10_000
const DISCONNECTED_DELAY_MS = 5000
/** A device that sends nothing at all for so long is silent as a whole. */
const DEVICE_SILENT_MS = 30_000

/** What a kit says that nobody wears, or that is switched off. */
const OF_A_PERSON_WHO_IS_NOT_THERE =
  /^(probe-off|sensor-fault|flat-line|silent|check-probe|no-trusted-value|poor-signal|not-worn|device-lost|transport-disconnected)(-|$)/

interface Heard {
  readonly sensor: SensorKind
  readonly deviceId: string
  at: number
  state: Signal['state']
  /** Since when it is in this state. */
  since: number
  expected: boolean
}

export class TechnicalAlerts {
  readonly #conditions: ConditionSet
  readonly #heard = new Map<string, Heard>()
  /** Devices behind a transport that is down. */
  readonly #unreachable = new Set<string>()
  #monitored = true

  constructor(active: readonly AlertTransition[] = []) {
    this.#conditions = new ConditionSet('technical', active)
  }

  /** @returns also the sensor's state and for how long it has been in it. */
  signal(
    { sensor, deviceId, state }: Signal,
    expected: boolean,
    now: number,
    flatPriority: Priority = 'high',
  ): { transitions: AlertTransition[]; state: Signal['state']; sinceMs: number } {
    const key = `${deviceId} ${sensor}`
    const heard = this.#heard.get(key) ?? { sensor, deviceId, at: now, state, since: now, expected }
    if (heard.state !== state) heard.since = now
    heard.at = now
    heard.state = state
    heard.expected = expected
    this.#heard.set(key, heard)
    const name = kebab(sensor)
    const probe = (suffix: string, priority: Priority, is: boolean) =>
      this.#step(`${suffix}-${name}`, priority, PROBE_DELAY_MS, is ? 'crossed' : 'safe', now)
    const transitions = [
      ...probe('probe-off', 'low', state === 'off'),
      ...probe('sensor-fault', 'medium', state === 'fault'),
      // The electrodes or the patient can be the cause: look at both.
      ...probe('flat-line', flatPriority, state === 'flat'),
      ...this.#step(`silent-${name}`, 'medium', 0, 'safe', now),
      ...this.#step(`silent-device-${deviceId}`, 'medium', 0, 'safe', now),
    ]
    return { transitions, state, sinceMs: now - heard.since }
  }

  /** @param devices heard over the transport, for transport events. */
  event(event: DeviceEvent, devices: ReadonlySet<string>, now: number): AlertTransition[] {
    if (event.type === 'mode') {
      // ECG and EMG share one input: the other of the two is no longer expected.
      this.#heard.delete(`${event.deviceId} ${event.mode === 'ecg' ? 'emg' : 'ecg'}`)
      const other = event.mode === 'ecg' ? 'emg' : 'ecg'
      return ['probe-off', 'sensor-fault', 'flat-line', 'silent'].flatMap((name) =>
        this.#step(`${name}-${other}`, 'low', 0, 'withdrawn', now),
      )
    }
    if (event.type !== 'transport' || event.event === 'refused') return []
    const condition = `transport-disconnected-${event.transport}`
    if (event.event === 'disconnected') {
      for (const device of devices) this.#unreachable.add(device)
      return this.#step(condition, 'medium', DISCONNECTED_DELAY_MS, 'crossed', now)
    }
    for (const device of devices) this.#unreachable.delete(device)
    for (const [key, heard] of this.#heard) {
      if (!devices.has(heard.deviceId)) continue
      if (event.event === 'ended') this.#heard.delete(key)
      else heard.at = now
    }
    return this.#step(condition, 'medium', DISCONNECTED_DELAY_MS, 'safe', now)
  }

  /** The state of the gateway itself, as one of its health checks says it. */
  system({ condition, priority, delayMs, present }: SystemCondition, now: number): AlertTransition[] {
    return this.#step(condition, priority, delayMs, present ? 'crossed' : 'safe', now)
  }

  tick(now: number): AlertTransition[] {
    const transitions: AlertTransition[] = []
    const latest = new Map<string, number>()
    for (const heard of this.#heard.values()) {
      // The clock may have been set back.
      heard.at = Math.min(heard.at, now)
      if (heard.expected) latest.set(heard.deviceId, Math.max(latest.get(heard.deviceId) ?? 0, heard.at))
    }
    for (const [deviceId, at] of latest) {
      if (this.#unreachable.has(deviceId) || now - at <= DEVICE_SILENT_MS) continue
      transitions.push(...this.#step(`silent-device-${deviceId}`, 'medium', 0, 'crossed', now))
    }
    for (const { sensor, deviceId, at, expected } of this.#heard.values()) {
      const silentAfterMs = sensorDefinitions[sensor].silentAfterMs
      if (!expected || silentAfterMs === null || this.#unreachable.has(deviceId)) continue
      if (now - (latest.get(deviceId) ?? now) > DEVICE_SILENT_MS || now - at <= silentAfterMs) continue
      transitions.push(...this.#step(`silent-${kebab(sensor)}`, 'medium', 0, 'crossed', now))
    }
    transitions.push(...this.#conditions.tick(now))
    return transitions
  }

  /** Whether a wider condition says that nothing comes from the device. */
  explains(deviceId: string, now: number): boolean {
    const own = [...this.#heard.values()].filter((heard) => heard.deviceId === deviceId && heard.expected)
    const isSilent = own.length > 0 && own.every(({ at }) => now - at > DEVICE_SILENT_MS)
    return isSilent || this.#unreachable.has(deviceId)
  }

  /** @param monitored false: what is open of a person who is not there is over, and nothing more of it is raised. */
  setMonitored(monitored: boolean, now: number): AlertTransition[] {
    this.#monitored = monitored
    if (monitored) return []
    return this.#conditions.names
      .filter((name) => OF_A_PERSON_WHO_IS_NOT_THERE.test(name))
      .flatMap((name) => this.#step(name, 'low', 0, 'withdrawn', now))
  }

  acknowledge(alertId: string, now: number, actor: Actor): AlertTransition[] {
    return this.#conditions.acknowledge(alertId, now, actor)
  }

  #step(condition: string, priority: Priority, delayMs: number, sight: Sight, now: number): AlertTransition[] {
    const unseen = sight === 'crossed' && !this.#monitored && OF_A_PERSON_WHO_IS_NOT_THERE.test(condition)
    return this.#conditions.step({ condition, priority, delayMs }, unseen ? 'withdrawn' : sight, now)
  }
}

/** `bodyTemperature` → `body-temperature`. */
export const kebab = (kind: string): string => kind.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
