import type { Hash32, Leaf } from '#gateway/model/batch.js'
import { merkleRoot } from '#gateway/proofs/merkle.js'
import type { RowCipher } from './cipher.js'
import type { Database } from './database.js'
import { BATCHES } from './queries.js'
import { leafContext, opened, openLeaf, openSalts, sealLeaf, sealSalts } from './sealed-rows.js'

/** Length of a hash, and of a salt. */
const PACKED_BYTES = 32

interface LeafRow {
  readonly identifier: string
  readonly position: number
  readonly observation: Uint8Array
}

interface ProofRow {
  readonly purged: number
  readonly root: Hash32
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
  readonly identifier: string
  /** Null: it does not open. */
  readonly leaf: Leaf | null
}

/** The leaves of batches: exactly what was hashed, kept as text, and what stands for them once they have gone. */
export class LeafTable {
  readonly #database: Database
  readonly #cipher: RowCipher

  constructor(database: Database, cipher: RowCipher) {
    this.#database = database
    this.#cipher = cipher
  }

  insert(number: number, position: number, measurement: number, leaf: Leaf): void {
    const sealed = sealLeaf(this.#cipher, number, position, leaf)
    this.#database.run(BATCHES.insertLeaf, number, position, measurement, sealed)
  }

  /** In leaf order; [] once they have gone. Without those that do not open. */
  ofBatch(number: number): Leaf[] {
    return this.#database.all<LeafRow>(BATCHES.leaves, number).flatMap((leaf) => this.#open(number, leaf) ?? [])
  }

  /** In leaf order, [] once they have gone too; null where the batch's leaves are still held. */
  hashes(number: number): Hash32[] | null {
    const row = this.#database.get<ProofRow>(BATCHES.proofs, number)
    return row && row.purged > 0 ? toHashes(row.hashes) : null
  }

  /** Kept from the closing on: by them a leaf that does not open costs no other its proof. */
  keepHashes(number: number, hashes: readonly Hash32[]): void {
    const packed = pack(hashes.map((hash) => hash.slice(2)))
    this.#database.run(BATCHES.keepHashes, packed, number)
  }

  /** Of a batch whose leaves are not all there; [] where they were not kept, or do not lead to its root any more. */
  keptHashes(number: number): Hash32[] {
    const row = this.#database.get<ProofRow>(BATCHES.proofs, number)
    const hashes = toHashes(row?.hashes ?? null)
    return hashes.length > 0 && merkleRoot(hashes) === row?.root ? hashes : []
  }

  /** In leaf order, of a purged batch that only clear targets have; else null. */
  salts(number: number): string[] | null {
    const salts = this.#database.get<ProofRow>(BATCHES.proofs, number)?.salts
    return salts ? opened(() => unpack(openSalts(this.#cipher, number, salts))) : null
  }

  /** From here on these stand for the leaves. Call inside a transaction. */
  saveProofs(number: number, hashes: readonly Hash32[], salts: readonly string[] | null): void {
    const packed = pack(hashes.map((hash) => hash.slice(2)))
    this.#database.run(BATCHES.saveProofs, packed, salts && sealSalts(this.#cipher, number, pack(salts)), number)
  }

  /** From this position on, in leaf order. */
  held(number: number, from: number, limit: number): HeldLeaf[] {
    return this.#database.all<HeldLeafRow>(BATCHES.leafSlice, number, from, limit).map((row) => ({
      position: row.position,
      measurement: row.measurement,
      sensor: row.sensor,
      identifier: row.identifier,
      leaf: this.#open(number, row),
    }))
  }

  /** A sealed leaf is bound to its batch. Call inside a transaction. */
  renumber(number: number, to: number): void {
    for (const row of this.#database.all<LeafRow>(BATCHES.leaves, number)) {
      const leaf = this.#open(number, row)
      const sealed = leaf ? sealLeaf(this.#cipher, to, row.position, leaf) : row.observation
      this.#database.run(BATCHES.moveLeaf, to, sealed, number, row.position)
    }
  }

  delete(number: number, position: number): void {
    this.#database.run(BATCHES.deleteLeaf, number, position)
  }

  /** Deletes a leaf that was left when its batch went. */
  deleteLeftOver(identifier: string): void {
    const left = this.#database.get<{ batch: number; position: number }>(BATCHES.leftOver, identifier)
    if (left) this.delete(left.batch, left.position)
  }

  #open(number: number, { identifier, position, observation }: LeafRow): Leaf | null {
    return opened(() => {
      const leaf = openLeaf(this.#cipher, number, position, observation)
      // It names another measurement: as one that does not open.
      if (leaf.identifier !== identifier) this.#cipher.open(new Uint8Array(), leafContext(number, position))
      return leaf
    })
  }
}

function pack(hex: readonly string[]): Buffer {
  return Buffer.concat(hex.map((one) => Buffer.from(one, 'hex')))
}

function toHashes(packed: Buffer | null): Hash32[] {
  return unpack(packed).map((hash) => `0x${hash}` as Hash32)
}

function unpack(packed: Buffer | null): string[] {
  return Array.from({ length: (packed?.length ?? 0) / PACKED_BYTES }, (_, i) =>
    (packed as Buffer).toString('hex', i * PACKED_BYTES, (i + 1) * PACKED_BYTES),
  )
}
