/**
 * A measuring device that publishes over MQTT 3.1.1 at QoS 1. What it measures is a pure function of the scenario's
 * time, cut into slots: a device that is started again in a slot repeats the same message with the same id, never
 * a different one. A message that was not acknowledged is published again after every reconnection (MQTT 3.1.1 §4.4).
 */
import { type IClientOptions, type MqttClient, connect as mqttConnect } from 'mqtt'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, systemClock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { VirtualPatient } from '#simulators/patient/patient.js'
import { type DeviceKind, measurementId } from './kinds.js'

/** Unacknowledged measurements kept; with more the device stops measuring, as one with a full memory does. */
const MEMORY = 1000
const RECONNECT_MS = 500
const GOODBYE_MS = 1000
/** CONNACK return codes that will not change by trying again: bad user name or password, not authorised. */
const REFUSED = [4, 5]

/** A measurement that the gateway has acknowledged: it must be found at the other end, once. */
export interface AcknowledgedMeasurement {
  readonly id: string
  /** ISO 8601. */
  readonly at: string
  readonly deviceId: string
  readonly sensor: string
}

export interface MqttDeviceOptions {
  readonly kind: DeviceKind
  /** `mqtt://host:port` */
  readonly broker: string
  /** The password; user name and client id are the device id. */
  readonly secret: Buffer | string
  readonly patient: VirtualPatient
  /** Distinguishes patients in the ids. */
  readonly seed: number
  /** Epoch milliseconds of the scenario's t = 0; may be ahead. */
  readonly startAt: number
  readonly everyMs: number
  readonly clock?: Clock
  /** mqtt.js' `connect`, or a stand-in for its network. */
  readonly connect?: (broker: string, options: IClientOptions) => MqttClient
  readonly onAcknowledged?: (measurement: AcknowledgedMeasurement) => void
  /** Called once when the gateway refuses this device, which has then stopped. HomebeatError `device.refused`. */
  readonly onRefused?: (error: HomebeatError) => void
}

export class MqttDevice implements Lifecycle {
  readonly #options: MqttDeviceOptions
  readonly #clock: Clock
  #client: MqttClient | null = null
  #cancel: () => void = () => {}
  /** Number of the next slot to measure in. */
  #slot = 0
  #unacknowledged = 0

  constructor(options: MqttDeviceOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Measured, and waiting for the gateway. */
  get unacknowledged(): number {
    return this.#unacknowledged
  }

  /** Connects (and goes on trying), and measures in the current slot and every one after it. */
  async start(): Promise<void> {
    if (this.#client) return
    const { kind, broker, secret, startAt, everyMs, connect = mqttConnect } = this.#options
    this.#client = connect(broker, {
      clientId: kind.deviceId,
      username: kind.deviceId,
      password: secret,
      protocolVersion: 4,
      clean: false,
      keepalive: 30,
      reconnectPeriod: RECONNECT_MS,
      connectTimeout: 10_000,
      reconnectOnConnackError: true,
    })
    this.#client.on('error', (error) => this.#onError(error))
    this.#slot = Math.max(this.#slot, Math.floor((this.#clock.now() - startAt) / everyMs), 0)
    this.#schedule()
  }

  /** A measurement that is not acknowledged by now is not counted, though the gateway may have it. */
  async stop(): Promise<void> {
    this.#cancel()
    const client = this.#client
    this.#client = null
    // Waiting for acknowledgements could take for ever: say goodbye only when nothing is open.
    if (client) {
      const ended = client.endAsync(!client.connected || this.#unacknowledged > 0)
      // A gateway that hangs does not answer a goodbye either.
      await Promise.race([ended, wait(this.#clock, GOODBYE_MS)])
    }
    this.#unacknowledged = 0
  }

  #schedule(): void {
    const { startAt, everyMs } = this.#options
    const due = startAt + this.#slot * everyMs - this.#clock.now()
    this.#cancel = this.#clock.after(Math.min(Math.max(0, due), 2 ** 30), () => {
      const now = this.#clock.now()
      // Timers may come a little early, or (a suspended machine) slots late: late slots are left out.
      const current = Math.floor((now - startAt) / everyMs)
      if (current >= this.#slot) {
        this.#measure(current)
        this.#slot = current + 1
      }
      this.#schedule()
    })
  }

  #measure(slot: number): void {
    const client = this.#client
    if (!client || this.#unacknowledged >= MEMORY) return
    const { kind, patient, seed, startAt, everyMs, onAcknowledged } = this.#options
    const { deviceId, sensor } = kind
    const id = measurementId(deviceId, seed, startAt, everyMs, slot)
    const at = new Date(startAt + slot * everyMs).toISOString()
    const payload = JSON.stringify({ id, at, ...kind.measure(patient.vitals(slot * everyMs)) })
    this.#unacknowledged++
    // While disconnected mqtt.js keeps it, and calls back only at the PUBACK, or with an error when it is ended.
    client.publish(`homebeat/v1/${deviceId}/${sensor}`, payload, { qos: 1 }, (error) => {
      if (error || client !== this.#client) return
      this.#unacknowledged--
      onAcknowledged?.({ id, at, deviceId, sensor })
    })
  }

  #onError(error: Error): void {
    // Everything else (connection refused, reset) is tried again by mqtt.js.
    if (!REFUSED.includes((error as { code?: number }).code ?? -1)) return
    const { kind, onRefused } = this.#options
    const refusal = new HomebeatError(
      'device.refused',
      `The gateway refuses ${kind.deviceId}: list it under "devices" in homebeat.yaml, with the same secret.`,
      { cause: error },
    )
    void this.stop().then(() => onRefused?.(refusal))
  }
}
