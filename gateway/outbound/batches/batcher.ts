/** Closes batches: takes the measurements that are in no batch yet, salts, hashes and signs them, and stores the batch. */
import type { SigningKey } from 'ethers'
import type { Measurement } from '#fhir/measurement.js'
import { waveformEnd } from '#fhir/sampled-data.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import {
  type Address,
  type AnchorDomain,
  type BatchHeader,
  type ClosedBatch,
  type Hash32,
  type Leaf,
  NO_ROOT,
} from '#gateway/model/batch.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { signBatch } from '#gateway/proofs/batch-signature.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { commitmentTo, isWithoutChain } from '#gateway/proofs/joining.js'
import { leafHash, merkleRoot } from '#gateway/proofs/merkle.js'

/** Commitments made in one turn. */
const JOIN_SLICE = 50

export type CloseReason = 'count' | 'time' | 'stop'

export interface BatcherOptions {
  readonly journal: Pick<Journal, 'measurements' | 'batches'>
  /** An ethers Wallet, or anything with its address and key. */
  readonly signer: { readonly address: string; readonly signingKey: SigningKey }
  readonly domain: AnchorDomain
  /** The Observation of a measurement in its signed form. Must be pure: the same measurement, the same JSON. */
  readonly observationOf: (measurement: Measurement) => unknown
  /** Cryptographic random bytes, e.g. `randomBytes` of node:crypto. */
  readonly random: (size: number) => Uint8Array
  readonly clock: Clock
  /** Whether the next number may be given away; always, where left out. */
  readonly mayClose?: () => boolean
  /** Most leaves of one batch. */
  readonly maxCount: number
}

export class Batcher {
  readonly #options: BatcherOptions
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: BatcherOptions) {
    this.#options = options
  }

  /**
   * Closes batches, one call at a time, in the order of calls. `count` closes full batches only; `time` and `stop` close
   * the rest too. None of them closes one where `mayClose` says no.
   * @param atMost most batches closed by this call
   * @returns the last batch closed, or null where there was nothing to close
   * @throws HomebeatError `batch.key-changed`, `canonical-json.value`, `journal.*`. Nothing is lost then: the next call
   * tries again.
   */
  closeIfDue(reason: CloseReason, atMost = Number.POSITIVE_INFINITY): Promise<ClosedBatch | null> {
    const turn = this.#turn.then(() => this.#closeAll(reason, atMost))
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #closeAll(reason: CloseReason, atMost: number): Promise<ClosedBatch | null> {
    const { journal, maxCount, mayClose = () => true } = this.#options
    const enough = reason === 'count' ? maxCount : 1
    if (mayClose()) await this.#join(mayClose)
    let last: ClosedBatch | null = null
    for (let closed = 0; closed < atMost && mayClose() && journal.measurements.unbatchedCount() >= enough; closed++) {
      const measurements = journal.measurements.unbatched(maxCount)
      if (measurements.length === 0) break
      last = this.#close(measurements)
      // Hashing and writing 500 leaves takes milliseconds: readings get their turn between two batches.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return last
  }

  /** On a chain at last: one batch commits to those that were signed without one, whatever their number. */
  async #join(mayClose: () => boolean): Promise<void> {
    const { journal, domain } = this.#options
    const last = journal.batches.last()
    if (!last || isWithoutChain(domain)) return
    const [latest] = journal.batches.signedAfter(last.number - 1)
    if (!latest || !isWithoutChain(latest.domain)) return
    const before = new Map(journal.batches.signedAfter(0).map((signed) => [signed.header.number, signed]))
    const [first = last.number] = before.keys()
    const leafHashes: Hash32[] = []
    for (let number = first; number <= last.number; number++) {
      const signed = before.get(number)
      // A batch that damage took leaves its place empty, so that the others keep theirs.
      leafHashes.push(signed ? commitmentTo(signed.header, signed.domain) : NO_ROOT)
      // A digest takes most of a millisecond, and a year has tens of thousands: readings and alarms get their turn.
      if (number % JOIN_SLICE === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    // Meanwhile the contract may have said that the numbers are not this journal's to give.
    if (!mayClose()) return
    const periods = [...before.values()].map(({ header }) => header)
    this.#sign({
      ...{ number: last.number + 1, previousRoot: NO_ROOT, leaves: [], leafHashes },
      periodStart: least(periods.map(({ periodStart }) => periodStart)),
      periodEnd: -least(periods.map(({ periodEnd }) => -periodEnd)),
    })
  }

  #close(measurements: readonly Measurement[]): ClosedBatch {
    const { journal, signer, observationOf, random } = this.#options
    const previous = journal.batches.last()
    if (previous && previous.gateway !== signer.address)
      throw new HomebeatError(
        'batch.key-changed',
        `The gateway's key (${signer.address}) is not the one that signed batch ${previous.number} (${previous.gateway}): restore the key file that belongs to this journal.`,
      )
    const leaves = measurements.map((measurement): Leaf => {
      return {
        identifier: measurement.identifier,
        salt: Buffer.from(random(32)).toString('hex'),
        observation: canonicalJson(observationOf(measurement)),
      }
    })
    return this.#sign({
      number: (previous?.number ?? 0) + 1,
      previousRoot: previous?.root ?? NO_ROOT,
      leaves,
      // EIP-712 wants whole numbers.
      periodStart: Math.floor(least(measurements.map(({ at }) => at))),
      periodEnd: Math.ceil(-least(measurements.map((measurement) => -endOf(measurement)))),
    })
  }

  #sign({ leaves, leafHashes, ...about }: Unsigned): ClosedBatch {
    const { journal, signer, domain, clock } = this.#options
    const hashes = leafHashes ?? leaves.map(({ salt, observation }) => leafHash(salt, observation))
    const header: BatchHeader = {
      gateway: signer.address as Address,
      ...about,
      root: merkleRoot(hashes),
      count: hashes.length,
    }
    const signature = signBatch(header, domain, signer.signingKey)
    const closedAt = clock.now()
    const batch: ClosedBatch = { header, domain, signature, leaves, ...(leafHashes && { leafHashes }), closedAt }
    journal.batches.close(batch)
    return batch
  }
}

type Unsigned = Pick<BatchHeader, 'number' | 'previousRoot' | 'periodStart' | 'periodEnd'> &
  Pick<ClosedBatch, 'leaves' | 'leafHashes'>

/** Not Math.min(...): a batch may have more leaves than a call takes arguments. */
const least = (numbers: readonly number[]) => numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY)

function endOf({ at, until, value }: Measurement): number {
  return until ?? (value.type === 'waveform' ? waveformEnd(at, value) : at)
}
