/**
 * The kit's lines at full rate: what the virtual board's real firmware sends in some seconds, over and over, each time
 * with sequence number, time and CRC moved on as a kit that never stops would.
 */
import { readFileSync } from 'node:fs'
import { committedHex } from '#firmware/build.js'
import { crc16Hex } from '#gateway/intake/transports/serial/crc16.js'
import { VirtualBoard } from '#simulators/board/board.js'
import { createPatient } from '#simulators/patient/patients.js'

const LINE = /^!([A-Z]),[0-9A-F]{4},([0-9A-F]{8}),(.*)\*[0-9A-F]{4}$/
/** The oximeter and the breath rate need some seconds until they have numbers. */
const SETTLE_MS = 15_000
const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0')

export interface KitLine {
  /** Milliseconds since the kit's start. */
  readonly ms: number
  /** The line with its LF. */
  readonly text: string
}

interface Recorded {
  readonly type: string
  readonly ms: number
  readonly body: string
}

export class KitLines {
  readonly #lines: readonly Recorded[]
  readonly #durationMs: number
  #round = 0
  #index = 0
  #seq = 0

  private constructor(lines: readonly Recorded[], durationMs: number) {
    this.#lines = lines
    this.#durationMs = durationMs
  }

  static record(durationMs = 30_000): KitLines {
    const board = new VirtualBoard({
      hex: readFileSync(committedHex, 'utf8'),
      patient: createPatient({ script: 'steady', seed: 1 }),
    })
    let text = ''
    board.onSerial((bytes) => {
      text += Buffer.from(bytes).toString('latin1')
    })
    board.run(SETTLE_MS + durationMs + 1000)
    const lines = text.split('\n').flatMap((line): Recorded[] => {
      const [, type = '', time = '', body = ''] = LINE.exec(line) ?? []
      const ms = Number.parseInt(time, 16) - SETTLE_MS
      return type !== '' && ms >= 0 && ms < durationMs ? [{ type, ms, body }] : []
    })
    return new KitLines(lines, durationMs)
  }

  /** The same lines, from the first one on. */
  fromStart(): KitLines {
    return new KitLines(this.#lines, this.#durationMs)
  }

  get perSecond(): number {
    return (1000 * this.#lines.length) / this.#durationMs
  }

  next(): KitLine {
    const { type, ms: recordedMs, body } = this.#lines[this.#index] as Recorded
    const ms = this.#round * this.#durationMs + recordedMs
    const covered = `${type},${hex(this.#seq, 4)},${hex(ms % 2 ** 32, 8)},${body}`
    this.#seq = (this.#seq + 1) % 65_536
    if (++this.#index === this.#lines.length) {
      this.#index = 0
      this.#round++
    }
    return { ms, text: `!${covered}*${crc16Hex(covered)}\n` }
  }
}

/** An ECG line as the kit sends it once the shared input is switched to EMG; any other as it is. */
export function asEmg(line: string): string {
  if (!line.startsWith('!E,')) return line
  const covered = `M${line.slice(2, line.lastIndexOf('*'))}`
  return `!${covered}*${crc16Hex(covered)}`
}
