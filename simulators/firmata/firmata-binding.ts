import type { SerialBinding, SerialBindingPort } from '#gateway/intake/transports/serial/binding.js'
import type { FirmataDevice } from './firmata-device.js'

/** What serialport expects of a read that a close interrupts. */
class Canceled extends Error {
  readonly canceled = true
}

/** A @serialport binding whose ports are simulated Firmata devices, in process. Opening resets the device, as DTR does. */
export class FirmataBinding implements SerialBinding {
  readonly #devices = new Map<string, FirmataDevice>()
  readonly #open = new Map<string, FirmataPort>()
  opened = 0

  plug(path: string, device: FirmataDevice): void {
    this.#devices.set(path, device)
  }

  /** Pulls the cable. */
  unplug(path: string): void {
    this.#devices.delete(path)
    this.#open.get(path)?.pull()
  }

  isOpen(path: string): boolean {
    return this.#open.has(path)
  }

  /** Bytes of the device that nobody has read yet. */
  unread(path: string): number {
    return this.#open.get(path)?.unread ?? 0
  }

  async list() {
    return [...this.#devices.keys()].map((path) => ({ path }))
  }

  async open({ path, baudRate }: { path: string; baudRate: number }): Promise<SerialBindingPort> {
    this.opened += 1
    const device = this.#devices.get(path)
    if (!device) throw new Error(`Error: No such file or directory, cannot open ${path}`)
    if (this.#open.has(path)) throw new Error('Error Resource temporarily unavailable Cannot lock port')
    const port = new FirmataPort(device, baudRate, () => this.#open.delete(path))
    this.#open.set(path, port)
    return port
  }
}

class FirmataPort implements SerialBindingPort {
  isOpen = true
  readonly #device: FirmataDevice
  readonly #released: () => void
  #baudRate: number
  #received: number[] = []
  #wake: (() => void) | null = null
  #pulled = false

  constructor(device: FirmataDevice, baudRate: number, released: () => void) {
    this.#device = device
    this.#baudRate = baudRate
    this.#released = released
    device.onBytes = (bytes) => {
      for (const byte of bytes) this.#received.push(byte)
      this.#wake?.()
    }
    device.reset()
  }

  get unread(): number {
    return this.#received.length
  }

  pull(): void {
    this.#pulled = true
    this.#device.onBytes = () => {}
    this.#wake?.()
  }

  async close(): Promise<void> {
    this.isOpen = false
    this.#device.onBytes = () => {}
    this.#released()
    this.#wake?.()
  }

  read = async (buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }> => {
    for (;;) {
      if (!this.isOpen) throw new Canceled('Port is not open')
      if (this.#pulled) throw new Error('the device hung up')
      const bytes = this.#received.splice(0, length)
      if (bytes.length > 0) {
        buffer.set(bytes, offset)
        return { buffer, bytesRead: bytes.length }
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
      this.#wake = null
    }
  }

  async write(buffer: Buffer): Promise<void> {
    if (!this.isOpen) throw new Canceled('Port is not open')
    if (!this.#pulled) this.#device.take(buffer)
  }

  async update({ baudRate }: { baudRate: number }): Promise<void> {
    this.#baudRate = baudRate
  }
  async set(): Promise<void> {}
  async get(): Promise<object> {
    return { cts: false, dsr: false, dcd: false }
  }
  async getBaudRate(): Promise<{ baudRate: number }> {
    return { baudRate: this.#baudRate }
  }
  async flush(): Promise<void> {
    this.#received = []
  }
  async drain(): Promise<void> {}
}
