import { Transform, type TransformCallback } from 'node:stream'

/** Bytes of a line without its LF; the protocol's own limit is 120 with it. */
export const MAX_LINE = 160

const LF = 0x0a
const BANG = 0x21

/** The kit hands the UART to the cuff or the glucometer: until its next line, what is heard is theirs (PROTOCOL.md, `H`). */
const HAND_OVER = /^!H,[0-9A-F]{4},[0-9A-F]{8},begin,/
/** Where a line's type stands. */
const TYPE = 1
const HAND_OVER_TYPE = 0x48

/** `overlong`: more than MAX_LINE bytes without an end. `unframed`: a line without `!`. */
export type LineRefusal = 'overlong' | 'unframed'

/**
 * Bytes → whole lines, as text of one byte a character, from their last `!` on and without their LF: the UART is shared,
 * so anything may stand before it (firmware/PROTOCOL.md). Keeps at most MAX_LINE bytes, whatever arrives; a readline
 * parser would keep an unended line for ever, and the kit's lines through guard and parser both would cost half as much again.
 */
export class LineGuard extends Transform {
  readonly #refused: (reason: LineRefusal) => void
  /** What follows the line's last `!`, that included. */
  readonly #held = Buffer.allocUnsafe(MAX_LINE)
  #heldBytes = 0
  /** Bytes dropped from this line since its beginning or the last `!`. */
  #dropped = 0
  #reported = false
  #handedOver = false

  constructor(refused: (reason: LineRefusal) => void) {
    super({ readableObjectMode: true })
    this.#refused = refused
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    let start = 0
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      // Nearly every line comes whole and can be no longer than allowed: no need to look at its bytes one by one.
      if (this.#heldBytes > 0 || this.#dropped > 0 || end - start > MAX_LINE) this.#takeAll(chunk, start, end + 1)
      else if (end > start) this.#takeLine(chunk, start, end)
      start = end + 1
    }
    this.#takeAll(chunk, start, chunk.length)
    done()
  }

  /** A whole line without its LF, of at most MAX_LINE bytes. */
  #takeLine(chunk: Buffer, start: number, end: number): void {
    const first = chunk.lastIndexOf(BANG, end - 1)
    if (first < start) this.#report('unframed')
    else this.#give(chunk, first, end)
    this.#reported = false
  }

  #takeAll(chunk: Buffer, start: number, end: number): void {
    for (let i = start; i < end; i++) this.#take(chunk[i] as number)
  }

  #take(byte: number): void {
    if (byte === LF) {
      this.#endLine()
      return
    }
    if (byte === BANG) {
      this.#heldBytes = 0
      this.#dropped = 0
    } else if (this.#heldBytes === 0) {
      if (++this.#dropped > MAX_LINE) this.#report('overlong')
      return
    }
    if (this.#heldBytes === MAX_LINE) {
      this.#heldBytes = 0
      this.#dropped = MAX_LINE + 1
      this.#report('overlong')
      return
    }
    this.#held[this.#heldBytes++] = byte
  }

  #endLine(): void {
    if (this.#heldBytes > 0) {
      this.#give(this.#held, 0, this.#heldBytes)
    } else if (this.#dropped > 0) this.#report('unframed')
    this.#heldBytes = 0
    this.#dropped = 0
    this.#reported = false
  }

  #give(bytes: Buffer, start: number, end: number): void {
    const line = bytes.toString('latin1', start, end)
    this.#handedOver = bytes[start + TYPE] === HAND_OVER_TYPE && HAND_OVER.test(line)
    this.push(line)
  }

  /** Once a line; what was announced is no surprise. */
  #report(reason: LineRefusal): void {
    if (this.#reported || this.#handedOver) return
    this.#reported = true
    this.#refused(reason)
  }
}
