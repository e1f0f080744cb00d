/** Bytes of the Firmata protocol 2.5 (firmata/protocol on GitHub: protocol.md, i2c.md), as both sides use them. */

export const MESSAGE = {
  digital: 0x90,
  reportAnalog: 0xc0,
  reportDigital: 0xd0,
  analog: 0xe0,
  sysex: 0xf0,
  pinMode: 0xf4,
  endSysex: 0xf7,
  version: 0xf9,
  reset: 0xff,
} as const

export const SYSEX = {
  analogMappingQuery: 0x69,
  analogMapping: 0x6a,
  capabilityQuery: 0x6b,
  capabilities: 0x6c,
  pinStateQuery: 0x6d,
  pinState: 0x6e,
  string: 0x71,
  i2cRequest: 0x76,
  i2cReply: 0x77,
  i2cConfig: 0x78,
  firmware: 0x79,
  samplingInterval: 0x7a,
} as const

export const PIN = { input: 0, output: 1, analog: 2, pwm: 3, i2c: 6, pullup: 11 } as const

/** 14 bits in two 7-bit bytes, the low one first. */
export const split = (value: number): [number, number] => [value & 0x7f, (value >> 7) & 0x7f]
export const joined = (low: number | undefined, high: number | undefined): number => (low ?? 0) | ((high ?? 0) << 7)

/** Splits a stream into messages: whole sysex messages without their frame, and channel messages of 1 to 3 bytes. */
export class MessageParser {
  #bytes: number[] = []

  push(byte: number): { sysex: boolean; bytes: number[] } | null {
    if (byte >= 0x80 && byte !== MESSAGE.endSysex) this.#bytes = []
    this.#bytes.push(byte)
    const [first = 0] = this.#bytes
    if (first === MESSAGE.sysex) {
      return byte === MESSAGE.endSysex ? this.#take(true, this.#bytes.slice(1, -1)) : null
    }
    return this.#bytes.length >= lengthOf(first) ? this.#take(false, this.#bytes) : null
  }

  #take(sysex: boolean, bytes: number[]): { sysex: boolean; bytes: number[] } {
    this.#bytes = []
    return { sysex, bytes }
  }
}

function lengthOf(first: number): number {
  const kind = first < 0xf0 ? first & 0xf0 : first
  if (kind === MESSAGE.analog || kind === MESSAGE.digital || kind === MESSAGE.pinMode) return 3
  return kind === MESSAGE.reportAnalog || kind === MESSAGE.reportDigital ? 2 : 1
}
