import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, systemClock, wait } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import { createPatient } from '#simulators/patient/patients.js'
import { DEVICE_KINDS } from './kinds.js'
import { MqttDevice } from './mqtt-device.js'

/** Connections begun at a time, and the pause between: a broker is to be measured, not stormed. */
const BATCH = 50
const BATCH_PAUSE_MS = 50

export interface FleetOptions {
  readonly homes: number
  /** `mqtt://host:port` */
  readonly broker: string
  /** The password of every device. Empty for a broker that asks for none. */
  readonly secret: Buffer | string
  /** Device ids are `<prefix>-0001-cuff`, `<prefix>-0001-glucometer`, … */
  readonly prefix: string
  readonly script: string
  /** Seed of the first home; each further home has the next. */
  readonly seed: number
  /** Epoch milliseconds of the scripts' t = 0. Homes measure spread over `everyMs`, not all at once. */
  readonly startAt: number
  readonly everyMs: number
  readonly clock?: Clock
  /** Called when the broker refuses a device, which has then stopped. */
  readonly onRefused?: (error: HomebeatError) => void
}

/**
 * Many homes, each with a patient, a cuff and a glucometer of its own: a load for somebody's broker. Keeps nothing of
 * what was acknowledged but its number; an unreachable broker makes each device hold at most MEMORY messages.
 */
export class Fleet implements Lifecycle {
  readonly #options: FleetOptions
  #devices: MqttDevice[] = []
  #running = false
  #acknowledged = 0

  constructor(options: FleetOptions) {
    this.#options = options
  }

  get devices(): number {
    return this.#devices.length
  }
  /** Messages whose PUBACK came. */
  get acknowledged(): number {
    return this.#acknowledged
  }
  /** Measured, and waiting for the broker. */
  get unacknowledged(): number {
    return this.#devices.reduce((sum, device) => sum + device.unacknowledged, 0)
  }

  /** Resolves when every device has begun to connect; they go on trying. */
  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const { homes, clock = systemClock } = this.#options
    for (let home = 0; home < homes && this.#running; home++) {
      for (const device of this.#home(home)) {
        this.#devices.push(device)
        await device.start()
      }
      if (home % BATCH === BATCH - 1) await wait(clock, BATCH_PAUSE_MS)
    }
  }

  async stop(): Promise<void> {
    this.#running = false
    const devices = this.#devices
    this.#devices = []
    await Promise.all(devices.map((device) => device.stop()))
  }

  #home(index: number): MqttDevice[] {
    const { homes, broker, secret, prefix, script, seed, startAt, everyMs, clock, onRefused } = this.#options
    const patient = createPatient({ script, seed: seed + index })
    const name = `${prefix}-${String(index + 1).padStart(Math.max(4, String(homes).length), '0')}`
    return (['cuff', 'glucometer'] as const).map((kind) => {
      const { sensor, measure } = DEVICE_KINDS[kind]
      return new MqttDevice({
        kind: { deviceId: `${name}-${kind}`, sensor, measure },
        broker,
        secret,
        patient,
        seed: seed + index,
        // A share of the period later than the home before.
        startAt: startAt + Math.floor((everyMs * index) / homes),
        everyMs,
        onAcknowledged: () => {
          this.#acknowledged++
        },
        ...(clock && { clock }),
        ...(onRefused && { onRefused }),
      })
    })
  }
}
