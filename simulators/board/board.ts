import { EEPROMMemoryBackend } from 'avr8js'
import type { VirtualPatient } from '#simulators/patient/patient.js'
import { AdcInputs, type Jumper } from './adc-inputs.js'
import { VirtualCuff } from './cuff.js'
import { DisplayFaults } from './faults/display-faults.js'
import { faultyUartDevice } from './faults/faulty-uart-device.js'
import { type LineFault, LineFaults } from './faults/line-faults.js'
import type { FaultySensor } from './faults/sensor-fault.js'
import { SensorFaults } from './faults/sensor-faults.js'
import { VirtualGlucometer } from './glucometer.js'
import { parseIntelHex } from './intel-hex.js'
import { CPU_HZ, Machine, type ResetCause } from './machine.js'
import { Mma8452q } from './mma8452q.js'
import { OximeterDisplay } from './oximeter-display.js'
import { SerialBus } from './serial-bus.js'

export type { Jumper } from './adc-inputs.js'

export interface VirtualBoardOptions {
  /** The firmware, as the text of an Intel HEX file. */
  readonly hex: string
  readonly patient: VirtualPatient
  /** The patient's time at which the board is plugged in, milliseconds. Default 0. */
  readonly startMs?: number
  /** The wall time of the patient's t = 0, epoch milliseconds: what the cuff's and glucometer's clocks go by. */
  readonly epochMs?: number
  /** Default true: on each request somebody measures pressure or glucose first, so that the dump has a fresh record. */
  readonly measureOnRequest?: boolean
  /** Default `ecg`. */
  readonly jumper?: Jumper
  /** Silence of the bootloader after a reset through DTR, milliseconds. Default 0; a real Uno takes about 1500. */
  readonly bootloaderMs?: number
  /** Seed of the disturbances in `faults` and `line`. Default 1. */
  readonly faultSeed?: number
}

/** ATmega328P. */
const EEPROM_BYTES = 1024
/** One request reads a long dump in passes that follow each other sooner than this: nobody measures again between them. */
const NEXT_PASS_MS = 15_000
const CYCLES_PER_MS = CPU_HZ / 1000
/** Bytes reach the host at least this often. */
const SLICE_CYCLES = 5 * CYCLES_PER_MS

/** The kit: an Uno with the shield, executing the real firmware, wired to a virtual body. Time moves only by `run`. */
export class VirtualBoard {
  readonly cuff = new VirtualCuff()
  readonly glucometer = new VirtualGlucometer()
  readonly oximeter: OximeterDisplay
  readonly accelerometer: Mma8452q
  /** Outlives every reset, as the real one does. */
  readonly eeprom = new EEPROMMemoryBackend(EEPROM_BYTES)
  /** What is wrong with the sensors: `faults.set('ecg', { hum: 0.4 })`. */
  readonly faults: SensorFaults
  readonly #line: LineFaults
  readonly #display: DisplayFaults
  readonly #inputs: AdcInputs
  readonly #bus: SerialBus
  readonly #program: Uint16Array
  readonly #patient: VirtualPatient
  readonly #epochMs: number
  readonly #bootloaderMs: number
  #machine: Machine
  /** `low`: browned out, and coming back by itself; `none`: the cable is pulled. */
  #supply: 'on' | 'low' | 'none' = 'on'
  /** The patient's time at a count of the processor's cycles; from there on, time follows the processor's clock. */
  #anchor: { cycles: number; at: number }
  #cyclesPerMs = CYCLES_PER_MS
  #listeners = new Set<(bytes: Uint8Array) => void>()
  #appointments: { at: number; action: () => void }[] = []

  constructor(options: VirtualBoardOptions) {
    this.#program = parseIntelHex(options.hex)
    this.#patient = options.patient
    this.#anchor = { cycles: 0, at: options.startMs ?? 0 }
    this.faults = new SensorFaults(options.faultSeed)
    this.#line = new LineFaults(options.faultSeed)
    this.#epochMs = options.epochMs ?? Date.UTC(2026, 0, 1)
    this.#bootloaderMs = options.bootloaderMs ?? 0
    const now = () => this.now
    this.#inputs = new AdcInputs(options.patient, this.faults, now)
    this.#inputs.jumper = options.jumper ?? 'ecg'
    this.oximeter = new OximeterDisplay(options.patient, now)
    this.#display = new DisplayFaults(this.oximeter, this.faults, (t) => options.patient.vitals(t).pulse, now)
    const acceleration = (t: number) => this.faults.acceleration(t, options.patient.acceleration(t))
    const contact = () => this.faults.contact('accelerometer', this.now) === 'good'
    this.accelerometer = new Mma8452q(acceleration, now, contact)
    this.#bus = new SerialBus([
      faultyUartDevice(this.cuff, 'bloodPressure', this.faults, now),
      faultyUartDevice(this.glucometer, 'glucose', this.faults, now),
    ])
    if (options.measureOnRequest ?? true) {
      this.cuff.beforeDump = this.#oncePerDump(() => this.measureBloodPressure())
      this.glucometer.beforeDump = this.#oncePerDump(() => this.measureGlucose())
    }
    this.#machine = new Machine(this.#program, { cycles: 0, cause: 'powerOn', eeprom: this.eeprom })
    this.#wire()
  }

  /** The patient's time, milliseconds. */
  get now(): number {
    return this.#anchor.at + (this.#cycles - this.#anchor.cycles) / this.#cyclesPerMs
  }
  /** Received bytes that the firmware was too slow to read: 0, or the firmware is wrong. */
  get receiveOverruns(): number {
    return this.#bus.overruns
  }
  /** The processor, from the last reset on: for measuring the firmware. */
  get machine(): Machine {
    return this.#machine
  }
  get hostBaud(): number {
    return this.#bus.hostBaud
  }
  set hostBaud(baud: number) {
    this.#bus.hostBaud = baud
  }
  get jumper(): Jumper {
    return this.#inputs.jumper
  }

  /** Somebody moves the jumper on the shield: A0 is another signal from now on. The firmware is not told. */
  moveJumper(to: Jumper): void {
    this.#inputs.jumper = to
  }

  /** What is wrong with the cable to the host; `{}` ends it. */
  get line(): LineFault {
    return this.#line.get()
  }
  set line(fault: LineFault) {
    this.#line.set(fault, this.now)
  }

  /**
   * By how much the processor's clock is fast, in parts per million (an Uno's resonator may be 5000 off to either side).
   * Everything the firmware times goes with it; the body and the host do not.
   */
  get clockErrorPpm(): number {
    return Math.round((this.#cyclesPerMs / CYCLES_PER_MS - 1) * 1e6)
  }
  set clockErrorPpm(ppm: number) {
    this.#anchor = { cycles: this.#cycles, at: this.now }
    this.#cyclesPerMs = CYCLES_PER_MS * (1 + ppm / 1e6)
  }

  /** Takes a sensor off the body (or a device off the board). */
  detach(sensor: FaultySensor): void {
    this.faults.set(sensor, { ...this.faults.get(sensor), contact: 'off' })
    this.#display.look()
  }
  attach(sensor: FaultySensor): void {
    this.faults.set(sensor, { ...this.faults.get(sensor), contact: 'good' })
    this.#display.look()
  }

  /** Whether the kit has power: it comes through the cable. */
  get powered(): boolean {
    return this.#supply === 'on'
  }

  /** Somebody pulls the cable: no power, no bytes, what was in memory is gone. */
  pullCable(): void {
    this.#deliver()
    this.#supply = 'none'
  }
  /** … and plugs it in again: the kit starts from the beginning. */
  plugCable(): void {
    if (!this.powered) this.#powerUp('powerOn')
  }

  /** The supply drops too low for the processor for so long; what was in memory is lost, the host is still connected. */
  brownOut(virtualMs: number): void {
    if (!this.powered) return
    this.#deliver()
    this.#supply = 'low'
    this.after(virtualMs, () => {
      if (this.#supply === 'low') this.#powerUp('brownOut')
    })
  }

  /** Runs as fast as it can. Listeners hear the bytes in slices of a few virtual milliseconds. */
  run(virtualMs: number): void {
    const end = this.#cycles + this.#toCycles(virtualMs)
    while (this.#cycles < end) {
      this.#keepAppointments()
      this.#display.look()
      const next = this.#appointments[0]?.at ?? end
      const until = Math.min(end, this.#cycles + SLICE_CYCLES, next)
      if (this.powered) this.#machine.runUntil(until)
      else this.#machine.cpu.cycles = until
      this.#deliver()
      if (this.#machine.stopped) this.#restart(this.#machine.stopped, 0)
    }
    this.#keepAppointments()
  }

  /** Lets the body's time go on without the board, as when the computer slept. */
  skip(virtualMs: number): void {
    this.#anchor = { ...this.#anchor, at: this.#anchor.at + virtualMs }
  }

  /** Calls `action` after so many virtual milliseconds of `run`; a reset does not cancel it. */
  after(virtualMs: number, action: () => void): void {
    this.#appointments.push({ at: this.#cycles + Math.max(1, this.#toCycles(virtualMs)), action })
    this.#appointments.sort((a, b) => a.at - b.at)
  }

  /** What the kit sends, as the host's port hears it. Returns a function that ends it. */
  onSerial(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the host's port sends. */
  write(bytes: Uint8Array): void {
    if (this.powered) this.#bus.writeFromHost(this.#line.pass(bytes))
  }

  /** A pulse on the reset line, as opening the port gives through DTR. */
  reset(): void {
    this.#deliver()
    if (this.powered) this.#restart('external', this.#bootloaderMs)
  }

  /** Somebody takes the pressure now: the cuff stores it under its own clock, or nothing where it finds no pulse. */
  measureBloodPressure(): void {
    const { systolic, diastolic, pulse } = this.#patient.vitals(this.now)
    if (pulse < 1) return
    const whole = { systolic: Math.round(systolic), diastolic: Math.round(diastolic), pulse: Math.round(pulse) }
    this.cuff.store({ ...this.#deviceTime(), ...whole })
  }
  /** Somebody takes the blood glucose now. */
  measureGlucose(): void {
    this.glucometer.store({ ...this.#deviceTime(), glucose: Math.round(this.#patient.vitals(this.now).glucose) })
  }

  #powerUp(cause: ResetCause): void {
    this.#supply = 'on'
    this.accelerometer.powerUp()
    this.#restart(cause, 0)
  }

  #restart(cause: ResetCause, silentMs: number): void {
    const cycles = this.#cycles + this.#toCycles(silentMs)
    this.#machine = new Machine(this.#program, { cycles, cause, eeprom: this.eeprom })
    this.#wire()
  }

  #wire(): void {
    const machine = this.#machine
    const parts = [this.#inputs, this.#display, this.oximeter, this.accelerometer, this.#bus]
    for (const part of parts) part.attach(machine)
    machine.portD.addListener(() => {
      this.glucometer.enabled = machine.portD.pinState(5) === 1
    })
    this.glucometer.enabled = false
  }

  #oncePerDump(measure: () => void): () => void {
    let asked = Number.NEGATIVE_INFINITY
    return () => {
      const anew = this.now - asked >= NEXT_PASS_MS
      asked = this.now
      if (anew) measure()
    }
  }

  get #cycles(): number {
    return this.#machine.cpu.cycles
  }

  #toCycles(ms: number): number {
    return Math.round(ms * this.#cyclesPerMs)
  }

  #deviceTime() {
    const at = new Date(this.#epochMs + this.now)
    const [year, month, day] = [at.getFullYear(), at.getMonth() + 1, at.getDate()]
    return { year, month, day, hour: at.getHours(), minute: at.getMinutes() }
  }

  #keepAppointments(): void {
    while (this.#appointments[0] && this.#appointments[0].at <= this.#cycles) this.#appointments.shift()?.action()
  }

  #deliver(): void {
    const sent = this.#line.pass(this.#bus.takeForHost())
    for (const bytes of [sent, this.#line.garbage(this.now)]) {
      if (bytes.length > 0) for (const listener of this.#listeners) listener(bytes)
    }
  }
}
