import { EEPROMMemoryBackend } from 'avr8js'
import type { VirtualPatient } from '#simulators/patient/patient.js'
import { AdcInputs, type Jumper } from './adc-inputs.js'
import { VirtualCuff } from './cuff.js'
import { VirtualGlucometer } from './glucometer.js'
import { parseIntelHex } from './intel-hex.js'
import { CPU_HZ, Machine, type ResetCause } from './machine.js'
import { Mma8452q } from './mma8452q.js'
import { OximeterDisplay } from './oximeter-display.js'
import { SerialBus } from './serial-bus.js'

export type { Jumper } from './adc-inputs.js'

/** Sensors that can be taken off the body or pulled off the board. */
export type DetachableSensor =
  | 'ecg'
  | 'gsr'
  | 'bodyTemperature'
  | 'oximeter'
  | 'accelerometer'
  | 'bloodPressure'
  | 'glucose'

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
}

/** ATmega328P. */
const EEPROM_BYTES = 1024
/** One request reads a long dump in passes: nobody measures again between them. */
const MEASURE_AGAIN_MS = 60_000
const toCycles = (ms: number) => Math.round((ms * CPU_HZ) / 1000)
/** Bytes reach the host at least this often. */
const SLICE_CYCLES = toCycles(5)
/** Volts on inputs whose sensor is off: no contact is a rail, a missing thermistor the upper one, dry skin the offset. */
const OFF_VOLTS = { ecg: [0, 0], gsr: [2, 0.5], bodyTemperature: [3, 5] } as const

/** The kit: an Uno with the shield, executing the real firmware, wired to a virtual body. Time moves only by `run`. */
export class VirtualBoard {
  readonly cuff = new VirtualCuff()
  readonly glucometer = new VirtualGlucometer()
  readonly oximeter: OximeterDisplay
  readonly accelerometer: Mma8452q
  /** Outlives every reset, as the real one does. */
  readonly eeprom = new EEPROMMemoryBackend(EEPROM_BYTES)
  readonly #inputs: AdcInputs
  readonly #bus: SerialBus
  readonly #program: Uint16Array
  readonly #patient: VirtualPatient
  readonly #epochMs: number
  readonly #bootloaderMs: number
  #machine: Machine
  #offset: number
  #listeners = new Set<(bytes: Uint8Array) => void>()
  #appointments: { at: number; action: () => void }[] = []

  constructor(options: VirtualBoardOptions) {
    this.#program = parseIntelHex(options.hex)
    this.#patient = options.patient
    this.#offset = options.startMs ?? 0
    this.#epochMs = options.epochMs ?? Date.UTC(2026, 0, 1)
    this.#bootloaderMs = options.bootloaderMs ?? 0
    const now = () => this.now
    this.#inputs = new AdcInputs(options.patient, now)
    this.#inputs.jumper = options.jumper ?? 'ecg'
    this.oximeter = new OximeterDisplay(options.patient, now)
    this.accelerometer = new Mma8452q((t) => options.patient.acceleration(t), now)
    this.#bus = new SerialBus([this.cuff, this.glucometer])
    if (options.measureOnRequest ?? true) {
      this.cuff.beforeDump = this.#atMostOnceAMinute(() => this.measureBloodPressure())
      this.glucometer.beforeDump = this.#atMostOnceAMinute(() => this.measureGlucose())
    }
    this.#machine = new Machine(this.#program, { cycles: 0, cause: 'powerOn', eeprom: this.eeprom })
    this.#wire()
  }

  /** The patient's time, milliseconds. */
  get now(): number {
    return this.#machine.ms + this.#offset
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

  /** Takes a sensor off the body (or a device off the board). */
  detach(sensor: DetachableSensor): void {
    this.#setAttached(sensor, false)
  }
  attach(sensor: DetachableSensor): void {
    this.#setAttached(sensor, true)
  }

  /** Runs as fast as it can. Listeners hear the bytes in slices of a few virtual milliseconds. */
  run(virtualMs: number): void {
    const end = this.#cycles + toCycles(virtualMs)
    while (this.#cycles < end) {
      this.#keepAppointments()
      const next = this.#appointments[0]?.at ?? end
      this.#machine.runUntil(Math.min(end, this.#cycles + SLICE_CYCLES, next))
      this.#deliver()
      if (this.#machine.stopped) this.#restart(this.#machine.stopped, 0)
    }
    this.#keepAppointments()
  }

  /** Lets the body's time go on without the board, as when the computer slept. */
  skip(virtualMs: number): void {
    this.#offset += virtualMs
  }

  /** Calls `action` after so many virtual milliseconds of `run`; a reset does not cancel it. */
  after(virtualMs: number, action: () => void): void {
    this.#appointments.push({ at: this.#cycles + Math.max(1, toCycles(virtualMs)), action })
    this.#appointments.sort((a, b) => a.at - b.at)
  }

  /** What the kit sends, as the host's port hears it. Returns a function that ends it. */
  onSerial(listener: (bytes: Uint8Array) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** What the host's port sends. */
  write(bytes: Uint8Array): void {
    this.#bus.writeFromHost(bytes)
  }

  /** A pulse on the reset line, as opening the port gives through DTR. */
  reset(): void {
    this.#deliver()
    this.#restart('external', this.#bootloaderMs)
  }

  /** Somebody takes the pressure now: the cuff stores it under its own clock. */
  measureBloodPressure(): void {
    const { systolic, diastolic, pulse } = this.#patient.vitals(this.now)
    const whole = { systolic: Math.round(systolic), diastolic: Math.round(diastolic), pulse: Math.round(pulse) }
    this.cuff.store({ ...this.#deviceTime(), ...whole })
  }
  /** Somebody takes the blood glucose now. */
  measureGlucose(): void {
    this.glucometer.store({ ...this.#deviceTime(), glucose: Math.round(this.#patient.vitals(this.now).glucose) })
  }

  #restart(cause: ResetCause, silentMs: number): void {
    const cycles = this.#cycles + toCycles(silentMs)
    this.#machine = new Machine(this.#program, { cycles, cause, eeprom: this.eeprom })
    this.#wire()
  }

  #wire(): void {
    const machine = this.#machine
    for (const part of [this.#inputs, this.oximeter, this.accelerometer, this.#bus]) part.attach(machine)
    machine.portD.addListener(() => {
      this.glucometer.enabled = machine.portD.pinState(5) === 1
    })
    this.glucometer.enabled = false
  }

  #atMostOnceAMinute(measure: () => void): () => void {
    let last = Number.NEGATIVE_INFINITY
    return () => {
      if (this.now - last < MEASURE_AGAIN_MS) return
      last = this.now
      measure()
    }
  }

  get #cycles(): number {
    return this.#machine.cpu.cycles
  }

  #setAttached(sensor: DetachableSensor, attached: boolean): void {
    switch (sensor) {
      case 'oximeter':
        this.oximeter.state = attached ? 'on' : 'off'
        return
      case 'accelerometer':
        this.accelerometer.connected = attached
        return
      case 'bloodPressure':
        this.cuff.connected = attached
        return
      case 'glucose':
        this.glucometer.connected = attached
        return
      default: {
        const [channel, volts] = OFF_VOLTS[sensor]
        if (attached) this.#inputs.detached.delete(channel)
        else this.#inputs.detached.set(channel, volts)
      }
    }
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
    const bytes = this.#bus.takeForHost()
    if (bytes.length === 0) return
    for (const listener of this.#listeners) listener(bytes)
  }
}
