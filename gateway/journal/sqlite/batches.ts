import {
  type Address,
  type BatchHeader,
  type ClosedBatch,
  type Hash32,
  type Leaf,
  NO_ROOT,
} from '#gateway/model/batch.js'
import { type Lane, laneKey } from '#gateway/model/lane.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { BatchHead } from './batch-heads.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import type { MeasurementTable } from './measurements.js'
import { BATCHES } from './queries.js'
import { openLeaf, openSalts, sealLeaf, sealSalts } from './sealed-rows.js'
import { addTotal, BATCHES_CLOSED } from './totals.js'

/** Of a hash, and of a salt. */
const PACKED_BYTES = 32

interface BatchRow {
  readonly number: number
  readonly gateway: string
  readonly previousRoot: string
  readonly root: string
  readonly count: number
  readonly periodStart: number
  readonly periodEnd: number
  readonly chainId: number
  readonly contract: string
  readonly signature: string
  readonly closedAt: number
}

interface LeafRow {
  readonly identifier: string
  readonly position: number
  readonly observation: Uint8Array
}

interface ProofRow {
  readonly purged: number
  readonly hashes: Buffer | null
  readonly salts: Buffer | null
}

interface HeldLeafRow extends LeafRow {
  readonly position: number
  readonly measurement: number
  readonly sensor: string
}

/** A leaf where it is stored. */
export interface HeldLeaf {
  readonly position: number
  /** Row id of its measurement. */
  readonly measurement: number
  readonly sensor: string
  readonly leaf: Leaf
}

/** Closed batches with their leaves: exactly what was hashed and signed, kept as text. */
export class BatchTable {
  readonly #database: Database
  readonly #measurements: MeasurementTable
  readonly #cipher: RowCipher

  constructor(database: Database, measurements: MeasurementTable, cipher: RowCipher) {
    this.#database = database
    this.#cipher = cipher
    this.#measurements = measurements
  }

  /** Call inside a transaction. Throws `journal.batch-order` or `journal.batch-content`. */
  insert(batch: ClosedBatch): void {
    const { header, domain } = batch
    this.#checkOrder(header)
    if (header.count !== batch.leaves.length || header.count === 0)
      throw contentError(header.number, `its header counts ${header.count} leaves, it has ${batch.leaves.length}`)
    this.#database.run(
      BATCHES.insert,
      header.number,
      header.gateway,
      header.previousRoot,
      header.root,
      header.count,
      header.periodStart,
      header.periodEnd,
      domain.chainId,
      domain.contract,
      batch.signature,
      batch.closedAt,
    )
    for (const [position, leaf] of batch.leaves.entries()) {
      if (!/^[0-9a-f]{64}$/.test(leaf.salt))
        throw contentError(header.number, 'a salt is not 32 bytes of lower-case hex')
      const measurement = this.#measurements.giveToBatch(leaf.identifier, header.number)
      if (measurement === null)
        throw contentError(header.number, 'a leaf names a measurement that is not stored or already in a batch')
      const sealed = sealLeaf(this.#cipher, header.number, position, leaf)
      this.#database.run(BATCHES.insertLeaf, header.number, position, measurement, sealed)
    }
    addTotal(this.#database, BATCHES_CLOSED, 1)
  }

  last(): BatchHeader | null {
    const row = this.#database.get<BatchRow>(BATCHES.last)
    return row ? toHeader(row) : null
  }

  byNumber(number: number): ClosedBatch | null {
    const row = this.#database.get<BatchRow>(BATCHES.byNumber, number)
    if (!row) return null
    const leafHashes = this.leafHashes(number)
    return {
      header: toHeader(row),
      domain: { chainId: row.chainId, contract: row.contract as Address },
      signature: row.signature,
      leaves: this.#database.all<LeafRow>(BATCHES.leaves, number).map((leaf) => this.#open(number, leaf)),
      closedAt: row.closedAt,
      ...(leafHashes && { leafHashes }),
    }
  }

  /** Of a purged batch, in leaf order, [] once they are gone too; null where its leaves are still held. */
  leafHashes(number: number): Hash32[] | null {
    const row = this.#database.get<ProofRow>(BATCHES.proofs, number)
    return row && row.purged > 0 ? unpack(row.hashes).map((hash) => `0x${hash}` as Hash32) : null
  }

  /** Salts of a purged batch, in leaf order, where only clear targets have it; else null. */
  leafSalts(number: number): string[] | null {
    const salts = this.#database.get<ProofRow>(BATCHES.proofs, number)?.salts
    return salts ? unpack(openSalts(this.#cipher, number, salts)) : null
  }

  /** From here on these stand for the leaves. Call inside a transaction. */
  saveProofs(number: number, hashes: readonly Hash32[], salts: readonly string[] | null): void {
    const packed = pack(hashes.map((hash) => hash.slice(2)))
    this.#database.run(BATCHES.saveProofs, packed, salts && sealSalts(this.#cipher, number, pack(salts)), number)
  }

  /** From this position on, in leaf order. */
  heldLeaves(number: number, from: number, limit: number): HeldLeaf[] {
    return this.#database.all<HeldLeafRow>(BATCHES.leafSlice, number, from, limit).map((row) => ({
      position: row.position,
      measurement: row.measurement,
      sensor: row.sensor,
      leaf: this.#open(number, row),
    }))
  }

  deleteLeaf(number: number, position: number): void {
    this.#database.run(BATCHES.deleteLeaf, number, position)
  }

  /** Deletes a leaf that was left when its batch went. */
  deleteLeftOver(identifier: string): void {
    const left = this.#database.get<{ batch: number; position: number }>(BATCHES.leftOver, identifier)
    if (left) this.deleteLeaf(left.batch, left.position)
  }

  /** Numbers of held batches that this lane was never given, in order: it is new, or was away. */
  owedTo(lane: Lane): number[] {
    const anchor = lane.kind === 'anchor' ? 1 : 0
    return this.#database.all<{ number: number }>(BATCHES.owed, laneKey(lane), anchor).map(({ number }) => number)
  }

  /** Heads of the batches above a number, oldest first; of those that have been signed here. */
  headsAfter(number: number): BatchHead[] {
    return this.#database.all<BatchRow>(BATCHES.after, number).map((row) => ({
      header: toHeader(row),
      domain: { chainId: row.chainId, contract: row.contract as Address },
      signature: row.signature,
      closedAt: row.closedAt,
    }))
  }

  numbers(): number[] {
    return this.#database.all<{ number: number }>(BATCHES.numbers).map(({ number }) => number)
  }

  #open(number: number, { identifier, position, observation }: LeafRow): Leaf {
    const leaf = openLeaf(this.#cipher, number, position, observation)
    if (leaf.identifier === identifier) return leaf
    throw new HomebeatError('journal.altered', `Leaf ${position} of batch ${number} names another measurement.`)
  }

  #checkOrder(header: BatchHeader): void {
    const last = this.last()
    const number = (last?.number ?? 0) + 1
    if (header.number !== number)
      throw new HomebeatError(
        'journal.batch-order',
        `Batch ${header.number} was refused: the next batch of this journal is ${number}.`,
      )
    if (header.previousRoot !== (last?.root ?? NO_ROOT))
      throw new HomebeatError(
        'journal.batch-order',
        `Batch ${header.number} was refused: its previous root is not the root of batch ${number - 1}.`,
      )
  }
}

function pack(hex: readonly string[]): Buffer {
  return Buffer.concat(hex.map((one) => Buffer.from(one, 'hex')))
}

function unpack(packed: Buffer | null): string[] {
  return Array.from({ length: (packed?.length ?? 0) / PACKED_BYTES }, (_, i) =>
    (packed as Buffer).toString('hex', i * PACKED_BYTES, (i + 1) * PACKED_BYTES),
  )
}

function toHeader(row: BatchRow): BatchHeader {
  return {
    gateway: row.gateway as Address,
    number: row.number,
    previousRoot: row.previousRoot as Hash32,
    root: row.root as Hash32,
    count: row.count,
    periodStart: row.periodStart,
    periodEnd: row.periodEnd,
  }
}

function contentError(number: number, reason: string): HomebeatError {
  return new HomebeatError('journal.batch-content', `Batch ${number} was refused: ${reason}.`)
}
