import type { Socket } from 'node:net'

/** Bytes that a packet may announce. */
export interface PacketLimits {
  /** The CONNECT. */
  readonly first: number
  readonly every: number
}

/** A part of a packet that is shorter is gathered with the next, up to `GATHERED_BYTES`. */
const SMALL_BYTES = 1024
const GATHERED_BYTES = 16 * 1024

/**
 * Watches the length that each MQTT packet announces (MQTT 3.1.1, 2.2.3): the broker's parser would collect up to
 * 256 MB for a packet before anybody is asked whether it may be sent, or who the sender is.
 */
export class PacketLimit {
  readonly #limits: PacketLimits
  #isFirst = true
  /** Bytes of the current packet still to come, after its fixed header. */
  #body = 0
  /** Position in the fixed header: 0 its first byte, 1–4 the digits of the length. */
  #header = 0
  #length = 0

  constructor(limits: PacketLimits) {
    this.#limits = limits
  }

  /** Whether the bytes so far end with a packet. */
  get isWhole(): boolean {
    return this.#header === 0 && this.#body === 0
  }

  /** @returns false when a packet is announced that is too long, or whose length cannot be one. */
  accept(chunk: Uint8Array): boolean {
    for (let i = 0; i < chunk.length; ) {
      if (this.#body > 0) {
        const skipped = Math.min(this.#body, chunk.length - i)
        this.#body -= skipped
        i += skipped
        continue
      }
      const byte = chunk[i++] as number
      if (this.#header === 0) {
        this.#header = 1
        this.#length = 0
        continue
      }
      if (this.#header > 4) return false
      this.#length += (byte & 0x7f) * 128 ** (this.#header - 1)
      if (this.#length > (this.#isFirst ? this.#limits.first : this.#limits.every)) return false
      this.#header++
      if (byte & 0x80) continue
      this.#isFirst = false
      this.#body = this.#length
      this.#header = 0
    }
    return true
  }
}

/**
 * Destroys the socket when it announces too long a packet. Its reader must take bytes with `read()`, as aedes does.
 * Beyond the bytes of a first packet it is read only while `mayGoOn`: aedes would collect what follows a CONNECT that is
 * still being checked. Small parts of a packet are gathered: aedes keeps each as it comes, which makes a hundred bytes of one
 * that comes alone.
 */
export function limitPackets(
  socket: Socket,
  limits: PacketLimits,
  { mayGoOn, exceeded }: { readonly mayGoOn: () => boolean; readonly exceeded: () => void },
): void {
  const limit = new PacketLimit(limits)
  const read = socket.read.bind(socket)
  let seen = 0
  let gathered: Buffer | null = null
  let length = 0
  const gather = (chunk: Buffer): Buffer | null => {
    if (length === 0 && (limit.isWhole || chunk.length >= SMALL_BYTES)) return chunk
    gathered ??= Buffer.allocUnsafeSlow(GATHERED_BYTES)
    const whole = limit.isWhole || length + chunk.length >= GATHERED_BYTES
    if (whole) {
      const all = Buffer.concat([gathered.subarray(0, length), chunk])
      length = 0
      return all
    }
    length += chunk.copy(gathered, length)
    return null
  }
  socket.read = (size?: number) => {
    if (seen > limits.first && !mayGoOn()) return null
    const chunk: Buffer | null = read(size)
    if (chunk === null) return null
    seen += chunk.length
    if (limit.accept(chunk)) return gather(chunk)
    exceeded()
    socket.destroy()
    return null
  }
}
