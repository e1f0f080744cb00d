import type { UartDevice } from '../serial-bus.js'
import type { FaultySensor } from './sensor-fault.js'
import type { SensorFaults } from './sensor-faults.js'

/** A cuff or glucometer behind a bad plug: not heard while the contact is open, bits of its answers turned over. */
export class FaultyUartDevice implements UartDevice {
  readonly #device: UartDevice
  readonly #sensor: FaultySensor
  readonly #faults: SensorFaults
  readonly #now: () => number
  #bits = 0

  constructor(device: UartDevice, sensor: FaultySensor, faults: SensorFaults, now: () => number) {
    this.#device = device
    this.#sensor = sensor
    this.#faults = faults
    this.#now = now
  }

  get baud(): number {
    return this.#device.baud
  }

  listens(): boolean {
    return this.#device.listens() && this.#faults.contact(this.#sensor, this.#now()) === 'good'
  }

  receive(byte: number): ReturnType<UartDevice['receive']> {
    const answer = this.#device.receive(byte)
    if (!answer || !this.#faults.get(this.#sensor).errorRate) return answer
    return { ...answer, bytes: answer.bytes.map((sent) => this.#disturbed(sent)) }
  }

  #disturbed(byte: number): number {
    let heard = byte
    for (let bit = 0; bit < 8; bit++) if (this.#faults.missed(this.#sensor, this.#bits++)) heard ^= 1 << bit
    return heard
  }
}
