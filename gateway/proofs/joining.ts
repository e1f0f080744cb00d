/**
 * A joining batch: the first batch that a gateway signs for a chain commits to the batches which it signed without one.
 * A commitment is the leaf of 64 bytes: 32 of a fixed text, and the batch's EIP-712 digest, which binds its number, roots,
 * count, period and gateway. An Observation's leaf is a salt of 32 bytes and its JSON, which is longer: neither can pass for
 * the other (docs/decisions/016).
 */
import { type AnchorDomain, type BatchHeader, type Hash32, NO_CHAIN, NO_ROOT } from '#gateway/model/batch.js'
import { batchDigest } from './batch-signature.js'
import { hashLeaf } from './merkle.js'

const PREFIX = Buffer.from('homebeat-batch-commitment-1'.padEnd(32, '\0'), 'latin1')

export function commitmentTo(header: BatchHeader, domain: AnchorDomain): Hash32 {
  return hashLeaf(Buffer.concat([PREFIX, Buffer.from(batchDigest(header, domain).slice(2), 'hex')]))
}

export const isWithoutChain = ({ chainId }: AnchorDomain): boolean => chainId === NO_CHAIN.chainId

/** The numbers that a joining batch commits to: its leaf `index` is batch `firstJoined + index`. */
export const firstJoined = ({ number, count }: Pick<BatchHeader, 'number' | 'count'>): number => number - count

/** A gateway's first batch on a chain has no root before it; where it is not the first of all, it commits to those before. */
export const isJoining = ({ number, previousRoot }: Pick<BatchHeader, 'number' | 'previousRoot'>): boolean =>
  number > 1 && previousRoot === NO_ROOT
