import type { TWIEventHandler } from 'avr8js'
import { CPU_HZ, type Machine } from './machine.js'

const ADDRESS = 0x1d
const REGISTER = { status: 0x00, outX: 0x01, outEnd: 0x06, whoAmI: 0x0d, dataConfig: 0x0e, control1: 0x2a } as const
const IDENTITY = 0x2a
const ACTIVE = 1
/** Output data rates, Hz, by bits 5:3 of CTRL_REG1. */
const RATES = [800, 400, 200, 100, 50, 12.5, 6.25, 1.56] as const

/** An MMA8452Q on the I²C bus, at register level, with the bus's own pace (NXP datasheet, rev. 8.1). */
export class Mma8452q implements TWIEventHandler {
  /** False: nothing answers at its address. */
  connected = true
  readonly #acceleration: (t: number) => readonly [number, number, number]
  readonly #now: () => number
  readonly #contact: () => boolean
  #registers = new Uint8Array(0x80)
  #machine: Machine | undefined
  #selected = false
  #pointer: number | undefined

  /** @param acceleration g at a time; @param now that time, milliseconds. @param contact whether its wires are sound now */
  constructor(acceleration: (t: number) => readonly [number, number, number], now: () => number, contact = () => true) {
    this.#acceleration = acceleration
    this.#now = now
    this.#contact = contact
    this.#registers[REGISTER.whoAmI] = IDENTITY
  }

  /** The processor's reset does not reset the accelerometer. */
  attach(machine: Machine): void {
    this.#machine = machine
    this.#selected = false
    machine.twi.eventHandler = this
  }

  /** Power came back: the registers are as from the factory, in standby. */
  powerUp(): void {
    this.#registers = new Uint8Array(0x80)
    this.#registers[REGISTER.whoAmI] = IDENTITY
    this.#pointer = undefined
  }

  start(): void {
    this.#later(1, (machine) => machine.twi.completeStart())
  }
  stop(): void {
    this.#selected = false
    this.#later(1, (machine) => machine.twi.completeStop())
  }
  connectToSlave(address: number, write: boolean): void {
    this.#selected = this.connected && this.#contact() && address === ADDRESS
    if (write) this.#pointer = undefined
    else this.#sample()
    this.#later(9, (machine) => machine.twi.completeConnect(this.#selected))
  }
  writeByte(value: number): void {
    if (this.#selected) this.#write(value)
    this.#later(9, (machine) => machine.twi.completeWrite(this.#selected))
  }
  readByte(): void {
    const value = this.#selected ? (this.#registers[this.#pointer ?? 0] as number) : 0xff
    if (this.#selected) this.#advance()
    this.#later(9, (machine) => machine.twi.completeRead(value))
  }

  #write(value: number): void {
    const at = this.#pointer
    if (at === undefined) {
      this.#pointer = value & 0x7f
      return
    }
    // Registers other than CTRL_REG1 take a value only in standby.
    const standby = ((this.#registers[REGISTER.control1] as number) & ACTIVE) === 0
    const writable = at >= REGISTER.dataConfig && (standby || at === REGISTER.control1)
    if (writable) this.#registers[at] = value
    this.#advance()
  }

  #advance(): void {
    this.#pointer = ((this.#pointer ?? 0) + 1) & 0x7f
  }

  /** Puts the newest conversion into the output registers. */
  #sample(): void {
    const control = this.#registers[REGISTER.control1] as number
    if (!(control & ACTIVE)) return
    const period = 1000 / (RATES[(control >> 3) & 7] ?? 800)
    const at = Math.floor(this.#now() / period) * period
    const countsPerG = 1024 >> ((this.#registers[REGISTER.dataConfig] as number) & 3)
    for (const [axis, g] of this.#acceleration(at).entries()) {
      const counts = Math.max(-2048, Math.min(2047, Math.round(g * countsPerG)))
      this.#registers[REGISTER.outX + 2 * axis] = (counts >> 4) & 0xff
      this.#registers[REGISTER.outX + 2 * axis + 1] = (counts << 4) & 0xf0
    }
    this.#registers[REGISTER.status] = 0x0f
  }

  #later(bits: number, action: (machine: Machine) => void): void {
    const machine = this.#machine
    if (!machine) return
    machine.cpu.addClockEvent(() => action(machine), Math.round((bits * CPU_HZ) / machine.twi.sclFrequency))
  }
}
