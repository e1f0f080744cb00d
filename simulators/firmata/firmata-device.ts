import { I2cBus } from './i2c-bus.js'
import { joined, MESSAGE, MessageParser, PIN, SYSEX, split } from './protocol.js'

const ANALOG_PINS = [14, 15, 16, 17, 18, 19]
const PIN_COUNT = 20
const PWM_PINS = [3, 5, 6, 9, 10, 11]
const DEFAULT_INTERVAL_MS = 19
const RESTART_MASK = 0x40

export interface FirmataDeviceOptions {
  /** ADC counts of a channel at a time (milliseconds since power-on). */
  readonly analog?: (channel: number, t: number) => number
  /** Acceleration in g at a time; by default the device stands upright. */
  readonly acceleration?: (t: number) => readonly [number, number, number]
  readonly adcBits?: number
}

/**
 * An Uno with StandardFirmata, at the level of the protocol: bytes in, bytes out. Its time passes in sampling intervals,
 * as `run` says. Not modelled: servo, one-wire, stepper, serial.
 */
export class FirmataDevice {
  readonly bus: I2cBus
  /** Where its bytes go. */
  onBytes: (bytes: Uint8Array) => void = () => {}
  /** Lines told by string messages, each ended by a line feed: what a board with a display would show. */
  readonly lines: string[] = []
  /** True: takes bytes and does nothing, as a crashed board does. */
  hung = false
  intervalMs = DEFAULT_INTERVAL_MS
  readonly #options: FirmataDeviceOptions
  #parser = new MessageParser()
  #now = 0
  #modes: number[] = []
  #levels: boolean[] = []
  #inputs: boolean[] = Array<boolean>(PIN_COUNT).fill(true)
  #analogReports = new Set<number>()
  #portReports = new Set<number>()
  #reads = new Map<number, { register: number; count: number; restart: boolean }>()
  #text = ''

  constructor(options: FirmataDeviceOptions = {}) {
    this.#options = options
    this.bus = new I2cBus(options.acceleration ?? (() => [0, 1, 0]), () => this.#now)
    this.#clear()
  }

  /** Power-on, or what opening its port does: forgets everything and introduces itself. */
  reset(): void {
    this.#parser = new MessageParser()
    this.#clear()
    this.#say([MESSAGE.version, 2, 5])
    this.#firmware()
  }

  take(bytes: Uint8Array): void {
    if (this.hung) return
    for (const byte of bytes) {
      const message = this.#parser.push(byte)
      if (message?.sysex) this.#sysex(message.bytes)
      else if (message) this.#message(message.bytes)
    }
  }

  /** How many analogue channels it reports. */
  get reporting(): number {
    return this.#analogReports.size
  }

  level(pin: number): boolean {
    return this.#levels[pin] ?? false
  }

  mode(pin: number): number | undefined {
    return this.#modes[pin]
  }

  /** A button to ground on a pin with pull-up: pressed is low. */
  press(pin: number, pressed: boolean): void {
    this.#inputs[pin] = !pressed
    if (this.#portReports.has(pin >> 3)) this.#reportPort(pin >> 3)
  }

  /** Lets sampling intervals pass; each reports what is switched on. @param lost channels whose message is not sent. */
  run(intervals: number, lost: readonly number[] = []): void {
    for (let i = 0; i < intervals; i++) {
      this.#now += this.intervalMs
      if (this.hung) continue
      for (const channel of [...this.#analogReports].sort((a, b) => a - b)) {
        if (!lost.includes(channel)) this.#reportAnalog(channel)
      }
      for (const [address, read] of this.#reads) this.#reply(address, read)
    }
  }

  /** Bytes as they are: noise on the line. */
  noise(bytes: readonly number[]): void {
    this.onBytes(Uint8Array.from(bytes))
  }

  #clear(): void {
    this.intervalMs = DEFAULT_INTERVAL_MS
    this.#modes = Array.from({ length: PIN_COUNT }, (_, pin) => (pin >= 14 ? PIN.analog : PIN.output))
    this.#levels = Array<boolean>(PIN_COUNT).fill(false)
    this.#analogReports.clear()
    this.#portReports.clear()
    this.#reads.clear()
    this.#text = ''
  }

  #message(bytes: number[]): void {
    const [first = 0, second = 0, third = 0] = bytes
    const kind = first < 0xf0 ? first & 0xf0 : first
    const index = first & 0x0f
    if (kind === MESSAGE.version) this.#say([MESSAGE.version, 2, 5])
    else if (kind === MESSAGE.pinMode) this.#modes[second] = third
    else if (kind === MESSAGE.digital) this.#writePort(index, joined(second, third))
    else if (kind === MESSAGE.reportAnalog) {
      if (second === 0) this.#analogReports.delete(index)
      else {
        this.#analogReports.add(index)
        this.#reportAnalog(index)
      }
    } else if (kind === MESSAGE.reportDigital) {
      if (second === 0) this.#portReports.delete(index)
      else {
        this.#portReports.add(index)
        this.#reportPort(index)
      }
    } else if (kind === MESSAGE.reset) this.#clear()
  }

  #sysex([command = 0, ...data]: number[]): void {
    if (command === SYSEX.firmware) this.#firmware()
    else if (command === SYSEX.capabilityQuery) this.#capabilities()
    else if (command === SYSEX.analogMappingQuery) {
      const channels = Array.from({ length: PIN_COUNT }, (_, pin) => ANALOG_PINS.indexOf(pin))
      this.#saySysex(
        SYSEX.analogMapping,
        channels.map((channel) => (channel < 0 ? 127 : channel)),
      )
    } else if (command === SYSEX.pinStateQuery) {
      const [pin = 0] = data
      this.#saySysex(SYSEX.pinState, [pin, this.#modes[pin] ?? 0, this.#levels[pin] ? 1 : 0])
    } else if (command === SYSEX.samplingInterval) this.intervalMs = joined(data[0], data[1])
    else if (command === SYSEX.string) this.#string(data)
    else if (command === SYSEX.i2cConfig) for (const pin of [18, 19]) this.#modes[pin] = PIN.i2c
    else if (command === SYSEX.i2cRequest) this.#i2c(data)
  }

  #i2c([address = 0, mode = 0, ...rest]: number[]): void {
    const bytes: number[] = []
    for (let i = 0; i + 1 < rest.length; i += 2) bytes.push(joined(rest[i], rest[i + 1]))
    const restart = (mode & RESTART_MASK) !== 0
    const [register = 0, count = 0] = bytes
    const asked = (mode >> 3) & 3
    if (asked === 0) this.bus.write(address, bytes)
    else if (asked === 1) this.#reply(address, { register, count, restart })
    else if (asked === 2) this.#reads.set(address, { register, count, restart })
    else this.#reads.delete(address)
  }

  #reply(address: number, { register, count, restart }: { register: number; count: number; restart: boolean }): void {
    const bytes = this.bus.read(address, register, count, restart)
    if (bytes.length < count)
      this.#saySysex(
        SYSEX.string,
        [...'I2C: Too few bytes received'].flatMap((c) => split(c.charCodeAt(0))),
      )
    this.#saySysex(SYSEX.i2cReply, [address, register, ...bytes].flatMap(split))
  }

  #string(data: number[]): void {
    for (let i = 0; i + 1 < data.length; i += 2) {
      const code = joined(data[i], data[i + 1])
      if (code === 10) {
        this.lines.push(Buffer.from(this.#text, 'latin1').toString('utf8'))
        this.#text = ''
      } else if (code !== 0) this.#text += String.fromCharCode(code)
    }
  }

  #writePort(port: number, levels: number): void {
    for (let bit = 0; bit < 8; bit++) {
      const pin = 8 * port + bit
      const level = ((levels >> bit) & 1) === 1
      if (this.#modes[pin] !== PIN.output || this.#levels[pin] === level) continue
      this.#levels[pin] = level
    }
  }

  #reportAnalog(channel: number): void {
    const counts = Math.round(this.#options.analog?.(channel, this.#now) ?? 0)
    this.#say([MESSAGE.analog | channel, ...split(counts)])
  }

  #reportPort(port: number): void {
    let levels = 0
    for (let bit = 0; bit < 8; bit++) {
      const mode = this.#modes[8 * port + bit]
      if ((mode === PIN.input || mode === PIN.pullup) && this.#inputs[8 * port + bit]) levels |= 1 << bit
    }
    this.#say([MESSAGE.digital | port, ...split(levels)])
  }

  #firmware(): void {
    this.#saySysex(SYSEX.firmware, [2, 5, ...[...'StandardFirmata.ino'].flatMap((c) => split(c.charCodeAt(0)))])
  }

  #capabilities(): void {
    const adcBits = this.#options.adcBits ?? 10
    const bytes: number[] = []
    for (let pin = 0; pin < PIN_COUNT; pin++) {
      // The first two pins are the UART.
      if (pin >= 2) {
        bytes.push(PIN.input, 1, PIN.pullup, 1, PIN.output, 1)
        if (ANALOG_PINS.includes(pin)) bytes.push(PIN.analog, adcBits)
        if (PWM_PINS.includes(pin)) bytes.push(PIN.pwm, 8)
        if (pin >= 18) bytes.push(PIN.i2c, 1)
      }
      bytes.push(127)
    }
    this.#saySysex(SYSEX.capabilities, bytes)
  }

  #saySysex(command: number, data: readonly number[]): void {
    this.#say([MESSAGE.sysex, command, ...data, MESSAGE.endSysex])
  }

  #say(bytes: readonly number[]): void {
    if (!this.hung) this.onBytes(Uint8Array.from(bytes))
  }
}
