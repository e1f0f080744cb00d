/**
 * The devices of a home, seen from outside: MQTT clients that measure at a steady rate and count what the gateway has
 * acknowledged (PUBACK at QoS 1, PUBCOMP at QoS 2). What was not acknowledged is kept in memory and published again,
 * with the same id, on the next connection (MQTT 3.1.1, 4.4). They know nothing of the gateway but its broker.
 */
import mqtt, { type MqttClient } from 'mqtt'
import type { Observable } from '#fhir/measurement.js'
import { measurementIdentifier } from '#gateway/clinical/normalise/identifier.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { until } from './waiting.js'

/** Messages of one device that wait for their acknowledgement; with more it measures no more. */
const MEMORY = 60
const RECONNECT_MS = 50

export interface PublisherDevice {
  readonly id: string
  readonly secret: string
  readonly qos: 1 | 2
  readonly sensor: 'bloodPressure' | 'glucose' | 'spo2'
}

export interface PublisherOptions {
  /** `mqtt://127.0.0.1:port` */
  readonly broker: string
  readonly devices: readonly PublisherDevice[]
  /** Messages a second of each device. */
  readonly perSecond: number
  readonly patient: string
  /** User name of all, where the broker is not the gateway's own. */
  readonly user?: string
}

/** What each kind of message becomes. */
const OBSERVABLES = {
  bloodPressure: ['bloodPressure', 'pulseRate'],
  glucose: ['bloodGlucose'],
  spo2: ['oxygenSaturation'],
} as const satisfies Record<PublisherDevice['sensor'], readonly Observable[]>

export class Publisher implements Lifecycle {
  /** Measurements behind acknowledged messages, in the order of the acknowledgements. */
  readonly acknowledged: string[] = []
  /** Called at each acknowledgement. */
  onAcknowledged: () => void = () => {}
  readonly #options: PublisherOptions
  readonly #devices: Device[]
  #timers: NodeJS.Timeout[] = []
  #sequence = 0
  #messages = 0

  constructor(options: PublisherOptions) {
    this.#options = options
    this.#devices = options.devices.map(
      (device) => new Device(device, options, (messageId) => this.#settle(device, messageId)),
    )
  }

  /** Messages acknowledged; one may be several measurements. */
  get messages(): number {
    return this.#messages
  }
  /** Measured, and waiting for the gateway. */
  get unacknowledged(): number {
    return this.#devices.reduce((sum, { open }) => sum + open, 0)
  }

  async start(): Promise<void> {
    for (const device of this.#devices) device.start()
    this.resume()
  }

  /** Measures no more; what is open is still published. */
  pause(): void {
    for (const timer of this.#timers.splice(0)) clearInterval(timer)
  }

  resume(): void {
    if (this.#timers.length > 0) return
    this.#timers = this.#devices.map((device) =>
      setInterval(() => {
        if (device.open < MEMORY) device.publish(++this.#sequence)
      }, 1000 / this.#options.perSecond),
    )
  }

  /** Stops measuring and resolves when everything measured is acknowledged. */
  async settled(patienceMs = 120_000): Promise<void> {
    this.pause()
    await until('the last acknowledgements', () => this.unacknowledged === 0, { patienceMs })
  }

  async stop(): Promise<void> {
    this.pause()
    await Promise.all(this.#devices.map((device) => device.stop()))
  }

  #settle({ id: deviceId, sensor }: PublisherDevice, messageId: string): void {
    const { patient } = this.#options
    this.#messages++
    for (const observable of OBSERVABLES[sensor])
      this.acknowledged.push(measurementIdentifier({ deviceId, patient, observable, messageId, at: 0 }))
    this.onAcknowledged()
  }
}

/** One device. Every connection has a client of its own, to which all that is open is given again. */
class Device {
  readonly #device: PublisherDevice
  readonly #options: PublisherOptions
  readonly #acknowledged: (messageId: string) => void
  /** Payloads by message id, in the order of measuring. */
  readonly #open = new Map<string, string>()
  #client: MqttClient | null = null
  #retry: NodeJS.Timeout | undefined
  #running = false

  constructor(device: PublisherDevice, options: PublisherOptions, acknowledged: (messageId: string) => void) {
    this.#device = device
    this.#options = options
    this.#acknowledged = acknowledged
  }

  get open(): number {
    return this.#open.size
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#connect()
  }

  async stop(): Promise<void> {
    this.#running = false
    clearTimeout(this.#retry)
    await this.#client?.endAsync(true)
    this.#client = null
  }

  publish(n: number): void {
    const messageId = `m${n}`
    this.#open.set(messageId, JSON.stringify({ id: messageId, ...reading(this.#device.sensor, n) }))
    if (this.#client?.connected) this.#send(this.#client, messageId)
  }

  #connect(): void {
    const { broker, user } = this.#options
    const { id, secret } = this.#device
    const client = mqtt.connect(broker, {
      clientId: id,
      username: user ?? id,
      password: secret,
      protocolVersion: 4,
      clean: false,
      reconnectPeriod: 0,
      connectTimeout: 5000,
    })
    this.#client = client
    client.on('error', () => {}) // a gateway that is gone is what this is about
    client.on('connect', () => {
      for (const messageId of this.#open.keys()) this.#send(client, messageId)
    })
    client.once('close', () => {
      client.end(true)
      if (this.#running) this.#retry = setTimeout(() => this.#connect(), RECONNECT_MS)
    })
  }

  #send(client: MqttClient, messageId: string): void {
    const { id, sensor, qos } = this.#device
    const payload = this.#open.get(messageId)
    if (payload === undefined) return
    client.publish(`homebeat/v1/${id}/${sensor}`, payload, { qos }, (error) => {
      if (!error && this.#open.delete(messageId)) this.#acknowledged(messageId)
    })
  }
}

/** Mostly what a living body gives; now and then what raises an alert, and ends it. */
function reading(sensor: PublisherDevice['sensor'], n: number): object {
  switch (sensor) {
    case 'bloodPressure':
      return { systolic: 120 + (n % 20), diastolic: 75 + (n % 10), pulse: 60 + (n % 20), unit: 'mm[Hg]' }
    case 'glucose':
      return { value: n % 60 < 6 ? 320 : 95 + (n % 30), unit: 'mg/dL' }
    case 'spo2':
      return { value: 95 + (n % 4), unit: '%' }
  }
}
