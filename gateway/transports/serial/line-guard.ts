import { Transform, type TransformCallback } from 'node:stream'

/** Bytes of a line without its LF; the protocol's own limit is 120 with it. */
export const MAX_LINE = 160

const LF = 0x0a
const BANG = 0x21

/** The kit hands the UART to the cuff or the glucometer: until its next line, what is heard is theirs (PROTOCOL.md, `H`). */
const HAND_OVER = /^!H,[0-9A-F]{4},[0-9A-F]{8},begin,/

/** `overlong`: more than MAX_LINE bytes without an end. `unframed`: a line without `!`. */
export type LineRefusal = 'overlong' | 'unframed'

/**
 * Stands before the readline parser, which keeps an unended line for ever. Lets through only whole lines, from their
 * last `!` on, LF included: the UART is shared, so anything may stand before it (firmware/PROTOCOL.md).
 * Keeps at most MAX_LINE bytes, whatever arrives.
 */
export class LineGuard extends Transform {
  readonly #refused: (reason: LineRefusal) => void
  /** What follows the line's last `!`, that included. */
  readonly #held = Buffer.allocUnsafe(MAX_LINE + 1)
  #heldBytes = 0
  /** Bytes dropped from this line since its beginning or the last `!`. */
  #dropped = 0
  #reported = false
  #handedOver = false

  constructor(refused: (reason: LineRefusal) => void) {
    super()
    this.#refused = refused
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    for (const byte of chunk) this.#take(byte)
    done()
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
      this.#held[this.#heldBytes] = LF
      this.#handedOver = HAND_OVER.test(this.#held.toString('latin1', 0, this.#heldBytes))
      this.push(Buffer.from(this.#held.subarray(0, this.#heldBytes + 1)))
    } else if (this.#dropped > 0) this.#report('unframed')
    this.#heldBytes = 0
    this.#dropped = 0
    this.#reported = false
  }

  /** Once a line; what was announced is no surprise. */
  #report(reason: LineRefusal): void {
    if (this.#reported || this.#handedOver) return
    this.#reported = true
    this.#refused(reason)
  }
}
