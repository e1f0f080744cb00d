/**
 * Words of anchoring. A Batch is a contiguous run of a patient's Observations, numbered without gaps per gateway;
 * one unit for push, seal and anchor.
 */

/** 32 bytes as `0x` and 64 lower-case hex digits. */
export type Hash32 = `0x${string}`
/** EIP-55 checksummed account address. */
export type Address = `0x${string}`

export const NO_ROOT: Hash32 = `0x${'00'.repeat(32)}`
/** What a home without a chain signs for: no chain has id 0. */
export const NO_CHAIN: AnchorDomain = { chainId: 0, contract: `0x${'00'.repeat(20)}` }

/** What the gateway signs (EIP-712 typed data, domain bound to chain id and contract). */
export interface BatchHeader {
  readonly gateway: Address
  /** From 1, without gaps. */
  readonly number: number
  /** Root of batch `number - 1`; NO_ROOT for the first. */
  readonly previousRoot: Hash32
  readonly root: Hash32
  /** Leaves. */
  readonly count: number
  /** Epoch milliseconds: start of the earliest and end of the latest Observation. */
  readonly periodStart: number
  readonly periodEnd: number
}

/** Where a batch is anchored: what the signature is bound to. */
export interface AnchorDomain {
  readonly chainId: number
  readonly contract: Address
}

/** Leaf = SHA-256(0x00 ‖ salt ‖ RFC 8785 JSON of the Observation's signed form). */
export interface Leaf {
  /** The Measurement's identifier, which is also the Observation's. */
  readonly identifier: string
  /** 32 random bytes, hex without 0x: keeps a guessable reading from being confirmed from the chain. */
  readonly salt: string
  /** RFC 8785 canonical JSON of the Observation's signed form: exactly the bytes hashed (after the salt), as text. */
  readonly observation: string
}

export interface ClosedBatch {
  readonly header: BatchHeader
  readonly domain: AnchorDomain
  /** 65 bytes, 0x hex. */
  readonly signature: string
  /** In leaf order; none of a joining batch; of a purged one only those that an alert names; without those whose row does not open. */
  readonly leaves: readonly Leaf[]
  /** Only where not all leaves are there: all of their hashes, in leaf order; [] where these are not there either. */
  readonly leafHashes?: readonly Hash32[]
  /** Its leaves were kept long enough. */
  readonly purged?: true
  /** Epoch milliseconds. */
  readonly closedAt: number
}

/** RFC 9162 audit path of one leaf. */
export interface InclusionProof {
  readonly index: number
  readonly count: number
  /** Sibling hashes, leaf's side first. */
  readonly path: readonly Hash32[]
}

export interface AnchorReceipt {
  readonly batchNumber: number
  readonly transactionHash: Hash32
  readonly blockNumber: number
  readonly blockHash: Hash32
  /** Epoch milliseconds of the block's timestamp. */
  readonly blockTime: number
  readonly gasUsed: number
}

/** A Record: what a holder needs to verify one Observation offline from any node (`homebeat verify <file>`). */
export interface VerifiableRecord {
  readonly type: 'homebeat-record'
  /** 2: with `joined`. */
  readonly version: 1 | 2
  readonly observation: unknown
  readonly salt: string
  readonly proof: InclusionProof
  readonly header: BatchHeader
  readonly domain: AnchorDomain
  readonly signature: string
  /** Of a batch that was signed without a chain: the joining batch that commits to it. */
  readonly joined?: JoinedBy
}

export interface JoinedBy {
  /** Of the commitment to the record's batch, in the joining batch. */
  readonly proof: InclusionProof
  readonly header: BatchHeader
  readonly domain: AnchorDomain
  readonly signature: string
}
