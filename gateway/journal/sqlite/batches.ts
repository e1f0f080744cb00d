import { type Address, type BatchHeader, type ClosedBatch, type Hash32, NO_ROOT } from '#gateway/model/batch.js'
import { type Lane, laneKey } from '#gateway/model/lane.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { isJoining } from '#gateway/proofs/joining.js'
import { leafHash } from '#gateway/proofs/merkle.js'
import type { BatchHead } from './batch-heads.js'
import type { Database } from './database.js'
import type { LeafTable } from './leaves.js'
import type { MeasurementTable } from './measurements.js'
import { ANCHORS, BATCHES } from './queries.js'
import { addTotal, BATCHES_CLOSED } from './totals.js'

interface BatchRow extends BatchHeader {
  readonly chainId: number
  readonly contract: Address
  readonly signature: string
  readonly closedAt: number
}

/** Closed batches: exactly what was signed. */
export class BatchTable {
  readonly #database: Database
  readonly #measurements: MeasurementTable
  readonly #leaves: LeafTable

  constructor(database: Database, measurements: MeasurementTable, leaves: LeafTable) {
    this.#database = database
    this.#measurements = measurements
    this.#leaves = leaves
  }

  /** Call inside a transaction. Throws `journal.batch-order` or `journal.batch-content`. */
  insert(batch: ClosedBatch): void {
    const { header, domain, signature, closedAt } = batch
    const { number, gateway, previousRoot, root, count, periodStart, periodEnd } = header
    this.#checkOrder(header)
    const hashes = isJoining(header)
      ? (batch.leafHashes ?? [])
      : batch.leaves.map(({ salt, observation }) => leafHash(salt, observation))
    if (count !== hashes.length || count === 0 || (isJoining(header) && batch.leaves.length > 0))
      throw contentError(number, `its header counts ${count} leaves, it has ${hashes.length}`)
    this.#database.run(
      BATCHES.insert,
      ...[number, gateway, previousRoot, root, count, periodStart, periodEnd],
      ...[domain.chainId, domain.contract, signature, closedAt],
    )
    for (const [position, leaf] of batch.leaves.entries()) {
      if (!/^[0-9a-f]{64}$/.test(leaf.salt)) throw contentError(number, 'a salt is not 32 bytes of lower-case hex')
      const measurement = this.#measurements.giveToBatch(leaf.identifier, number)
      if (measurement === null)
        throw contentError(number, 'a leaf names a measurement that is not stored or already in a batch')
      this.#leaves.insert(number, position, measurement, leaf)
    }
    this.#leaves.keepHashes(number, hashes)
    addTotal(this.#database, BATCHES_CLOSED, 1)
  }

  /** Call inside a transaction. */
  renumber(number: number, { header, domain, signature }: Pick<ClosedBatch, 'header' | 'domain' | 'signature'>): void {
    const { root } = header
    if (this.rootOf(number) !== root || (this.rootOf(header.number) ?? root) !== root)
      throw contentError(number, `it is not what is to be batch ${header.number}`)
    const { chainId, contract } = domain
    this.#database.run(BATCHES.copy, header.number, header.previousRoot, signature, chainId, contract, number)
    this.#leaves.renumber(number, header.number)
    this.#database.run(BATCHES.moveMeasurements, header.number, number)
    // What was signed for the chain under this number must not be sent any more.
    for (const sql of [ANCHORS.forgetTransaction, ANCHORS.forgetReceipt, BATCHES.delete])
      this.#database.run(sql, number)
  }

  last(): BatchHeader | null {
    const row = this.#database.get<BatchRow>(BATCHES.last)
    return row ? toHead(row).header : null
  }

  byNumber(number: number): ClosedBatch | null {
    const row = this.#database.get<BatchRow>(BATCHES.byNumber, number)
    if (!row) return null
    const leaves = this.#leaves.ofBatch(number)
    const gone = this.#leaves.hashes(number)
    const leafHashes = gone ?? (leaves.length < row.count ? this.#leaves.keptHashes(number) : null)
    return { ...toHead(row), leaves, ...(leafHashes && { leafHashes }), ...(gone && { purged: true }) }
  }

  /** Numbers of held batches that this lane was never given, in order: it is new, or was away. */
  owedTo(lane: Lane): number[] {
    const anchor = lane.kind === 'anchor' ? 1 : 0
    return this.#database.all<{ number: number }>(BATCHES.owed, laneKey(lane), anchor).map(({ number }) => number)
  }

  /** Heads of the batches above a number, oldest first; of those that have been signed here. */
  headsAfter(number: number): BatchHead[] {
    return this.#database.all<BatchRow>(BATCHES.after, number).map(toHead)
  }

  rootOf(number: number): Hash32 | null {
    if (number === 0) return NO_ROOT
    const row = (at: number) => this.#database.get<BatchRow>(BATCHES.byNumber, at)
    const next = row(number + 1)
    return row(number)?.root ?? (next && !isJoining(next) ? next.previousRoot : null)
  }

  joining(number: number): ClosedBatch | null {
    const row = this.#database.get<{ number: number }>(BATCHES.joining, NO_ROOT, Math.max(1, number))
    return row ? this.byNumber(row.number) : null
  }

  numbers(): number[] {
    return this.#database.all<{ number: number }>(BATCHES.numbers).map(({ number }) => number)
  }

  #checkOrder(header: BatchHeader): void {
    const last = this.last()
    const number = (last?.number ?? 0) + 1
    if (header.number !== number)
      throw new HomebeatError(
        'journal.batch-order',
        `Batch ${header.number} was refused: the next batch of this journal is ${number}.`,
      )
    if (header.previousRoot !== (last?.root ?? NO_ROOT) && !isJoining(header))
      throw new HomebeatError(
        'journal.batch-order',
        `Batch ${header.number} was refused: its previous root is not the root of batch ${number - 1}.`,
      )
  }
}

function toHead({ chainId, contract, signature, closedAt, ...header }: BatchRow): BatchHead {
  return { header, domain: { chainId, contract }, signature, closedAt }
}

function contentError(number: number, reason: string): HomebeatError {
  return new HomebeatError('journal.batch-content', `Batch ${number} was refused: ${reason}.`)
}
