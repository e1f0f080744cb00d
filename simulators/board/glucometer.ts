import type { UartDevice } from './serial-bus.js'

/** One measurement as the glucometer stores it, in its own clock's local time (24 hours here, 12 on the wire). */
export interface GlucoseRecord {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  /** mg/dL. */
  readonly glucose: number
}

const REQUEST = 0x55
const MEMORY = 100
const ANSWER_AFTER_MS = 200

/** The glucometer on the UART: hears only while D5 is high, and dumps what it has stored. */
export class VirtualGlucometer implements UartDevice {
  readonly baud = 1200
  /** Called before a dump: somebody may prick a finger first. */
  beforeDump: (() => void) | undefined
  /** D5, the shield's link enable. */
  enabled = false
  #records: GlucoseRecord[] = []

  get records(): readonly GlucoseRecord[] {
    return this.#records
  }
  store(...records: readonly GlucoseRecord[]): void {
    this.#records = [...this.#records, ...records].slice(-MEMORY)
  }

  listens(): boolean {
    return this.enabled
  }

  receive(byte: number): { bytes: Uint8Array; afterMs: number } | undefined {
    if (byte !== REQUEST) return undefined
    this.beforeDump?.()
    const records = this.#records.flatMap(encodeGlucose)
    return { bytes: Uint8Array.from([this.#records.length, 0, ...records]), afterMs: ANSWER_AFTER_MS }
  }
}

/** The ten bytes of a record; the kind of its two checksum bytes is not documented, so they are 0 here. */
export function encodeGlucose(r: GlucoseRecord): number[] {
  const half = r.hour >= 12 ? 0xbb : 0xaa
  const hour = r.hour % 12 === 0 ? 12 : r.hour % 12
  return [r.year - 2000, r.month, r.day, hour, r.minute, r.glucose >> 8, r.glucose & 0xff, half, 0, 0]
}
