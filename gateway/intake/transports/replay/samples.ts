/**
 * Sample formats of WFDB signal files, signal(5) of the WFDB Applications Guide. Pure: bytes in, numbers out.
 * Samples are counted over all signals of the file, in the order in which they are stored (frame after frame, in each
 * frame one sample of each signal).
 */

export const SAMPLE_FORMATS = {
  /** Two 12-bit two's complement amplitudes in three bytes. */
  212: { invalid: -2048, lowest: -2047, highest: 2047 },
  /** 16-bit two's complement, least significant byte first. */
  16: { invalid: -32_768, lowest: -32_767, highest: 32_767 },
} as const
export type SampleFormat = keyof typeof SAMPLE_FORMATS

export function isSampleFormat(format: number): format is SampleFormat {
  return Object.hasOwn(SAMPLE_FORMATS, format)
}

/** Where samples first … first + count − 1 lie, in bytes from the first sample of the file. */
export function byteRange(format: SampleFormat, first: number, count: number): { start: number; length: number } {
  if (format === 16) return { start: first * 2, length: count * 2 }
  const start = Math.floor(first / 2) * 3
  // The first sample of a pair ends in its second byte, so an odd last one needs two bytes.
  const end = first + count
  return { start, length: Math.floor(end / 2) * 3 + (end % 2) * 2 - start }
}

/** @param bytes exactly those of `byteRange(format, first, count)` */
export function decodeSamples(format: SampleFormat, bytes: Uint8Array, first: number, count: number): Int16Array {
  const samples = new Int16Array(count)
  if (format === 16) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    for (let i = 0; i < count; i++) samples[i] = view.getInt16(i * 2, true)
    return samples
  }
  const skipped = first % 2
  for (let i = 0; i < count; i++) {
    const position = i + skipped
    const at = (position >> 1) * 3
    const middle = bytes[at + 1] as number
    // The middle byte holds the high four bits of both: the first sample's in its low half.
    const word =
      position % 2 === 0
        ? (bytes[at] as number) | ((middle & 0x0f) << 8)
        : (bytes[at + 2] as number) | ((middle & 0xf0) << 4)
    samples[i] = (word << 20) >> 20
  }
  return samples
}

/**
 * A header's checksum of one signal: the sum of its samples as a 16-bit two's complement number. What stands for
 * "no value" has been counted as stored and as −32768 by different writers; either is right.
 */
export class Checksum {
  readonly #invalid: number
  #sum = 0
  #invalidCount = 0

  constructor(format: SampleFormat) {
    this.#invalid = SAMPLE_FORMATS[format].invalid
  }

  add(sample: number): void {
    this.#sum = (this.#sum + sample) & 0xffff
    if (sample === this.#invalid) this.#invalidCount++
  }

  /** @param written as in the header; some writers give it without a sign */
  matches(written: number): boolean {
    const other = (this.#sum + this.#invalidCount * (-32_768 - this.#invalid)) & 0xffff
    const expected = written & 0xffff
    return expected === this.#sum || expected === other
  }
}
