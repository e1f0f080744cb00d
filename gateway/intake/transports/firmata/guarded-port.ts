import { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import type { FirmataIo } from './libraries.js'

/** The longest message of a board is its capabilities: about 300 bytes for an Uno, 2 KB for the largest. */
const MAX_MESSAGE = 4096

/**
 * The port firmata-io is given, between it and the wire: its parser throws on messages that noise has changed (a pin
 * that does not exist), and gathers without end when the end of a message was lost. Neither may end a gateway.
 */
export class GuardedPort extends EventEmitter {
  readonly #stream: Duplex
  readonly #refused: () => void

  /** @param refused called for each message that had to be thrown away. */
  constructor(stream: Duplex, refused: () => void) {
    super()
    this.#stream = stream
    this.#refused = refused
  }

  /** What firmata-io calls. */
  write(bytes: Buffer, done: () => void): void {
    if (this.#stream.writable) this.#stream.write(bytes)
    done()
  }

  /** Byte by byte, so that a message that is refused takes no other with it. */
  feed(bytes: Uint8Array, io: FirmataIo): void {
    for (let i = 0; i < bytes.length; i++) {
      try {
        this.emit('data', bytes.subarray(i, i + 1))
        if (io.buffer.length <= MAX_MESSAGE) continue
      } catch {
        // Told below, without what was in it.
      }
      io.buffer.length = 0
      this.#refused()
    }
  }
}
