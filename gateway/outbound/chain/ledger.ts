/**
 * The chain as anchoring and verifying see it. `EthersLedger` implements it over JSON-RPC. Every failure is a
 * HomebeatError `ledger.*` with its retry class.
 */
import type { Address, AnchorDomain, Hash32 } from '#gateway/model/batch.js'

/** What the contract keeps of a gateway. */
export interface LedgerHead {
  /** Whether it may anchor now. */
  readonly enrolled: boolean
  /** Last anchored batch, 0 before the first. */
  readonly number: number
  readonly root: Hash32
  /** Epoch milliseconds of the anchoring block, 0 before the first. */
  readonly time: number
}

/** One `Anchored` event. */
export interface AnchoredEvent {
  readonly gateway: Address
  readonly number: number
  readonly previousRoot: Hash32
  readonly root: Hash32
  readonly transactionHash: Hash32
  readonly blockNumber: number
  readonly blockHash: Hash32
}

export interface LedgerBlock {
  readonly number: number
  readonly hash: Hash32
  /** Epoch milliseconds. */
  readonly time: number
}

export interface LedgerReceipt {
  readonly transactionHash: Hash32
  readonly blockNumber: number
  readonly blockHash: Hash32
  readonly gasUsed: number
  /** False where the contract refused it. */
  readonly succeeded: boolean
}

/** Enough to verify. */
export interface LedgerReader {
  /** The chain and contract that are trusted; an endpoint of another chain is never asked. */
  readonly domain: AnchorDomain
  head(gateway: Address): Promise<LedgerHead>
  /** One event, or null where the endpoint knows none. */
  anchored(gateway: Address, number: number): Promise<AnchoredEvent | null>
  /** Every event of a gateway, oldest first. */
  history(gateway: Address): Promise<AnchoredEvent[]>
  block(number: number): Promise<LedgerBlock | null>
  latestBlock(): Promise<number>
}

/** The answers of the endpoints to a broadcast. A transaction that one of them took, or had already, is on its way. */
export interface BroadcastResult {
  readonly accepted: boolean
  /** One sentence per endpoint that did not take it. */
  readonly problems: readonly string[]
}

export interface Ledger extends LedgerReader {
  /** The next nonce: the number of this account's transactions in blocks. */
  nonce(account: Address): Promise<number>
  receipt(transactionHash: Hash32): Promise<LedgerReceipt | null>
  /** Tries the anchor without sending it. @returns the contract's error (`AnchorRegistry…`), or null where it is taken */
  refusal(gateway: Address, data: string): Promise<string | null>
  /** Sends to every endpoint: nodes do not reliably pass on free transactions. */
  broadcast(raw: string, hash: Hash32): Promise<BroadcastResult>
}

/** For the status: which endpoint answers. */
export interface EndpointStatus {
  /** Without credentials. */
  readonly url: string
  readonly ok: boolean
  /** One sentence, e.g. "does not answer: connection refused". */
  readonly sentence: string
}
