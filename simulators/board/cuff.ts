import type { UartDevice } from './serial-bus.js'

/** One measurement as the cuff stores it, in its own clock's local time. */
export interface CuffRecord {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly systolic: number
  readonly diastolic: number
  readonly pulse: number
}

const REQUEST = [0xaa, 0x55, 0x88] as const
const HEADER = [0xc1, 0xc2, 0xc3, 0xc4] as const
const TRAILER = [0xff, 0xf0, 0xf1, 0xf2] as const
const END = [0xd1, 0xd2, 0xd3, 0xd4] as const
const MEMORY = 80
const ANSWER_AFTER_MS = 20

/** The sphygmomanometer on the UART: it only dumps what it has stored, the oldest first. */
export class VirtualCuff implements UartDevice {
  readonly baud = 19200
  /** Called before a dump: somebody may press its start button first. */
  beforeDump: (() => void) | undefined
  #records: CuffRecord[] = []
  #heard: number[] = []

  get records(): readonly CuffRecord[] {
    return this.#records
  }
  /** Keeps the newest 80. */
  store(...records: readonly CuffRecord[]): void {
    this.#records = [...this.#records, ...records].slice(-MEMORY)
  }

  listens(): boolean {
    return true
  }

  receive(byte: number): { bytes: Uint8Array; afterMs: number } | undefined {
    this.#heard = [...this.#heard, byte].slice(-REQUEST.length)
    if (!REQUEST.every((expected, i) => this.#heard[i] === expected)) return undefined
    this.#heard = []
    this.beforeDump?.()
    const records = this.#records.flatMap((record) => [...encodeRecord(record), ...TRAILER])
    return { bytes: Uint8Array.from([...HEADER, ...records, ...END]), afterMs: ANSWER_AFTER_MS }
  }
}

/** The eight bytes of a record: each is NOT(nibble-swap(value)). */
export function encodeRecord(r: CuffRecord): number[] {
  const plain = [r.year - 2000, r.month, r.day, r.hour, r.minute, r.systolic - 30, r.diastolic, r.pulse]
  return plain.map((value) => {
    const inverted = ~value & 0xff
    return ((inverted << 4) | (inverted >> 4)) & 0xff
  })
}
