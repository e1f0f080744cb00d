import type { Machine } from '#simulators/board/machine.js'
import { Mma8452q } from '#simulators/board/mma8452q.js'

/** The I²C bus of a simulated Firmata board, with the accelerometer model that also sits on the emulated Uno's bus. */
export class I2cBus {
  readonly accelerometer: Mma8452q
  #acknowledged = false
  #value = 0xff

  /** @param acceleration g at a time; @param now that time, milliseconds. */
  constructor(acceleration: (t: number) => readonly [number, number, number], now: () => number) {
    this.accelerometer = new Mma8452q(acceleration, now)
    // The model answers through a bus controller; here that is a few lines instead of an emulated processor.
    const controller = {
      cpu: { addClockEvent: (action: () => void) => action() },
      twi: {
        sclFrequency: 100_000,
        eventHandler: null,
        completeStart() {},
        completeStop() {},
        completeConnect: (acknowledged: boolean) => {
          this.#acknowledged = acknowledged
        },
        completeWrite() {},
        completeRead: (value: number) => {
          this.#value = value
        },
      },
    }
    this.accelerometer.attach(controller as unknown as Machine)
  }

  /** @returns false when nothing answers at the address. */
  write(address: number, bytes: readonly number[]): boolean {
    this.accelerometer.start()
    this.accelerometer.connectToSlave(address, true)
    for (const byte of bytes) this.accelerometer.writeByte(byte)
    this.accelerometer.stop()
    return this.#acknowledged
  }

  /** @param restart a repeated START after the register: with a STOP the MMA8452Q begins at register 0 again. */
  read(address: number, register: number, count: number, restart: boolean): number[] {
    this.accelerometer.start()
    this.accelerometer.connectToSlave(address, true)
    this.accelerometer.writeByte(restart ? register : 0)
    this.accelerometer.start()
    this.accelerometer.connectToSlave(address, false)
    const bytes: number[] = []
    if (this.#acknowledged) {
      for (let i = 0; i < count; i++) {
        this.accelerometer.readByte()
        bytes.push(this.#value)
      }
    }
    this.accelerometer.stop()
    return bytes
  }
}
