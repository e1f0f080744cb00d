/** Lines as the kit sends them (firmware/PROTOCOL.md), made without a kit: enough of it to tell whether lines arrive. */
import { crc16Hex } from '#gateway/intake/transports/serial/crc16.js'

const DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const ECG_SAMPLES = 25

export class KitLines {
  #sequence = 0
  #ms = 0

  /** What a reset begins with. */
  boot(): string {
    this.#sequence = 0
    this.#ms = 0
    return this.#line('B', '1,0.1.0,E')
  }

  /** A tenth of a second: ECG, and once a second what comes once a second. */
  tenth(): string[] {
    const lines = [this.#line('E', `o,4000,${ecg(this.#ms)}`)]
    if (this.#ms % 1000 === 0) {
      const second = this.#ms / 1000
      lines.push(
        this.#line('T', 'o,420'),
        this.#line('O', `o,${60 + (second % 20)},${94 + (second % 5)}`),
        this.#line('S', 'ecg,0,0,0'),
      )
    }
    this.#ms += 100
    return lines
  }

  /** The line with its LF. */
  #line(type: string, body: string): string {
    const hex = (value: number, digits: number) => value.toString(16).toUpperCase().padStart(digits, '0')
    const covered = `${type},${hex(this.#sequence++ % 65536, 4)},${hex(this.#ms, 8)},${body}`
    return `!${covered}*${crc16Hex(covered)}\n`
  }
}

function ecg(ms: number): string {
  let packed = ''
  for (let i = 0; i < ECG_SAMPLES; i++) {
    const beat = (ms / 4 + i) % 200 < 5 ? 300 : 0
    const counts = Math.round(500 + beat + 20 * Math.sin((ms / 4 + i) / 30))
    packed += `${DIGITS[counts >> 6]}${DIGITS[counts & 63]}`
  }
  return packed
}
