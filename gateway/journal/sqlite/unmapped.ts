import { MAX_MESSAGE_BYTES } from '#gateway/intake/transports/mqtt/address.js'
import type { UnmappedStore } from '#gateway/journal/api/unmapped.js'
import type { KeptMessage, UnmappedCount, UnmappedMessage } from '#gateway/model/unmapped.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { UNMAPPED } from './queries.js'
import { opened } from './sealed-rows.js'

/** Room for messages that nobody could read; the newest find none when it is used up, the oldest are never dropped. */
export interface UnmappedBounds {
  /** Of each device. */
  readonly maxMessages: number
  /** Bytes of the topics and payloads of each device. */
  readonly maxBytes: number
}

/** All devices together may use so much of what one may: names that a sender makes up must not add up. */
const DEVICES_WORTH = 4
/** More names than a home has devices: what comes under a further one is counted as one of the others. */
const MAX_NAMES = 200
const OTHERS = '(others)'

interface Row {
  readonly id: number
  readonly device: string
  readonly topic: string
  readonly receivedAt: number
  readonly code: string
  readonly reason: string
  readonly payload: Uint8Array
}

/** Messages that became no reading, each with its reason, until a mapping takes them. */
export class UnmappedTable implements UnmappedStore {
  readonly #database: Database
  readonly #bounds: UnmappedBounds
  readonly #cipher: RowCipher

  constructor(database: Database, bounds: UnmappedBounds, cipher: RowCipher) {
    this.#database = database
    this.#bounds = bounds
    this.#cipher = cipher
  }

  /** Call inside a transaction. */
  insert(messages: readonly UnmappedMessage[]): void {
    for (const message of messages) {
      const { deviceId, topic, receivedAt, code, reason, payload } = message
      // The sender chooses how long its topic is, too.
      const bytes = payload.byteLength + Buffer.byteLength(topic)
      const counts = this.counts()
      const named = counts.length < MAX_NAMES || counts.some((count) => count.deviceId === deviceId)
      if (!named || !this.#hasRoom(counts, deviceId, bytes)) {
        this.#count(named ? deviceId : OTHERS, 0, 0, 1)
        continue
      }
      const sealed = this.#cipher.seal(payload, contextOf(deviceId, receivedAt))
      this.#database.run(UNMAPPED.insert, deviceId, topic, receivedAt, code, reason, bytes, sealed)
      this.#count(deviceId, 1, bytes, 0)
    }
  }

  /** Call inside a transaction, with the commit of what they became. */
  markMapped(ids: readonly number[], now: number): void {
    for (const id of ids) {
      const row = this.#database.get<{ device: string; bytes: number }>(UNMAPPED.waiting, id)
      if (!row) continue
      this.#database.run(UNMAPPED.mapped, now, id)
      this.#count(row.device, -1, -row.bytes, 0)
    }
  }

  discard(deviceId: string): number {
    return this.#database.transaction(() => {
      this.#database.run(UNMAPPED.forget, deviceId)
      return this.#database.run(UNMAPPED.discard, deviceId).changes
    })
  }

  counts(): UnmappedCount[] {
    return this.#database
      .all<{ device: string; waiting: number; bytes: number; overflowed: number }>(UNMAPPED.counts)
      .map(({ device, ...rest }) => ({ deviceId: device, ...rest }))
  }

  latest(limit: number): KeptMessage[] {
    return this.#database.all<Row>(UNMAPPED.latest, limit).flatMap((row) => this.#decode(row) ?? [])
  }

  after(id: number, limit: number): KeptMessage[] {
    const rows = this.#database.all<Row>(UNMAPPED.after, id, limit)
    const messages = rows.flatMap((row) => this.#decode(row) ?? [])
    // A page of which nothing opens is not the last one.
    return messages.length > 0 ? messages : rows.slice(-1).flatMap((last) => this.after(last.id, limit))
  }

  /** Whether a device has, or all together have, no room for one more message of any length. */
  isFull(): boolean {
    const counts = this.counts()
    return counts.some(({ deviceId }) => !this.#hasRoom(counts, deviceId, MAX_MESSAGE_BYTES))
  }

  #hasRoom(counts: readonly UnmappedCount[], deviceId: string, bytes: number): boolean {
    const { maxMessages, maxBytes } = this.#bounds
    const fits = (of: readonly UnmappedCount[], worth: number) =>
      of.reduce((sum, { waiting }) => sum + waiting, 0) < maxMessages * worth &&
      of.reduce((sum, count) => sum + count.bytes, bytes) <= maxBytes * worth
    const own = counts.filter((count) => count.deviceId === deviceId)
    return fits(own, 1) && fits(counts, DEVICES_WORTH)
  }

  #count(device: string, waiting: number, bytes: number, overflowed: number): void {
    this.#database.run(UNMAPPED.count, device, waiting, bytes, overflowed)
  }

  #decode({ device, payload, ...row }: Row): KeptMessage | null {
    const plain = opened(() => this.#cipher.open(payload, contextOf(device, row.receivedAt)))
    return plain && { ...row, deviceId: device, payload: plain }
  }
}

export function contextOf(device: string, receivedAt: number): string {
  return `unmapped ${device} ${receivedAt}`
}
