import { garble, sameRate } from './garble.js'
import type { Machine } from './machine.js'

/** A device on the kit's only UART besides the host. */
export interface UartDevice {
  readonly baud: number
  /** True when the device can hear now (its link is enabled). */
  listens(): boolean
  /** A byte that came at the device's own rate. The answer starts `afterMs` later, at the device's rate. */
  receive(byte: number): { readonly bytes: Uint8Array; readonly afterMs: number } | undefined
}

const BITS_PER_BYTE = 10
const UCSRA = 0xc0
const RXC = 0x80

/**
 * The one UART of the kit, shared by the host (USB), the cuff and the glucometer. Everybody hears what the kit sends;
 * who listens at another rate hears noise: the host gets that noise, the devices ignore it. Only the kit hears the
 * devices and the host.
 */
export class SerialBus {
  /** The rate the host has set on its port. */
  hostBaud = 115200
  /** Bytes that came before the firmware had read the one before: a firmware that is too slow. */
  overruns = 0
  readonly #devices: readonly UartDevice[]
  #machine: Machine | undefined
  #toHost: number[] = []
  #fromHost: number[] = []
  #hostBusy = false
  #lineBusyUntil = 0

  constructor(devices: readonly UartDevice[]) {
    this.#devices = devices
  }

  /** Connects to a (new) processor; what was under way is lost. */
  attach(machine: Machine): void {
    this.#machine = machine
    this.#fromHost = []
    this.#hostBusy = false
    this.#lineBusyUntil = 0
    machine.usart.onByteTransmit = (byte) => this.#transmitted(machine, byte)
  }

  /** Takes what the host has heard since the last call. */
  takeForHost(): Uint8Array {
    const bytes = Uint8Array.from(this.#toHost)
    this.#toHost = []
    return bytes
  }

  /** The host sends: one byte after the other, at its rate. */
  writeFromHost(bytes: Uint8Array): void {
    for (const byte of bytes) this.#fromHost.push(byte)
    if (!this.#hostBusy) this.#nextFromHost()
  }

  #nextFromHost(): void {
    const machine = this.#machine
    const byte = this.#fromHost.shift()
    this.#hostBusy = machine !== undefined && byte !== undefined
    if (!machine || byte === undefined) return
    machine.after((BITS_PER_BYTE * 1000) / this.hostBaud, () => {
      this.#arrived(machine, byte, this.hostBaud)
      this.#nextFromHost()
    })
  }

  #transmitted(machine: Machine, byte: number): void {
    const baud = machine.usart.baudRate
    if (sameRate(baud, this.hostBaud)) this.#toHost.push(byte)
    else this.#toHost.push(...garble(byte, baud, this.hostBaud))
    for (const device of this.#devices) {
      if (!sameRate(baud, device.baud) || !device.listens()) continue
      const answer = device.receive(byte)
      if (answer) machine.after(answer.afterMs, () => this.#send(machine, answer.bytes, 0, device))
    }
  }

  #send(machine: Machine, bytes: Uint8Array, index: number, device: UartDevice): void {
    const byte = bytes[index]
    if (byte === undefined || !device.listens()) return
    machine.after((BITS_PER_BYTE * 1000) / device.baud, () => {
      this.#arrived(machine, byte, device.baud)
      this.#send(machine, bytes, index + 1, device)
    })
  }

  /** A byte's stop bit has reached the processor. */
  #arrived(machine: Machine, byte: number, baud: number): void {
    const { usart, cpu } = machine
    if (!usart.rxEnable) return
    let heard: number | undefined = byte
    if (!sameRate(usart.baudRate, baud)) {
      // Out of step: the receiver is busy with what it takes for a byte, and hears nothing else meanwhile.
      if (cpu.cycles < this.#lineBusyUntil) return
      heard = garble(byte, baud, usart.baudRate)[0]
      this.#lineBusyUntil = cpu.cycles + (BITS_PER_BYTE * 16_000_000) / usart.baudRate
    }
    if (heard === undefined) return
    if ((cpu.data[UCSRA] as number) & RXC) this.overruns++
    usart.writeByte(heard, true)
  }
}
