/**
 * The deliverer of lane `anchor:<chain>`: anchors closed batches in order. Each key has one writer and one nonce in
 * flight. A transaction is signed, then persisted, then broadcast. The state of a batch is always read from the contract
 * and never remembered: after a crash, a lost answer or a re-organisation the same questions lead to exactly one anchor.
 */
import { keccak256, Transaction, type Wallet } from 'ethers'
import { anchorRegistry } from '#contracts/anchor-registry.js'
import type { AnchorStore } from '#gateway/journal/api/anchors.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { AnchorReceipt, ClosedBatch, Hash32 } from '#gateway/model/batch.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { isJoining } from '#gateway/proofs/joining.js'
import type { Ledger, LedgerHead, LedgerReceipt } from './ledger.js'

/** An anchor takes 35,272 gas, the first of a gateway 51,988 (contracts/gas.json): no need to ask a node. */
const GAS_LIMIT = 120_000

/** Polls between two broadcasts of a transaction that is in no block yet: nodes forget what they could not pass on. */
const POLLS_PER_BROADCAST = 5

export interface AnchorDelivererOptions {
  readonly ledger: Ledger
  readonly journal: Pick<Journal, 'batches'> & { readonly anchors: AnchorStore }
  readonly signer: Pick<Wallet, 'address' | 'signTransaction'>
  readonly clock: Clock
  readonly logger: Logger
  /** Blocks on top before an anchor counts. */
  readonly confirmations: number
  /** wei. */
  readonly gasPrice: number
  readonly pollMs: number
  /** Why no anchor may be sent now, else null. */
  readonly held?: () => string | null
  /** How long one delivery waits for its block before it lets the lane repeat it. Default 2 minutes. */
  readonly patienceMs?: number
}

type Step =
  | { readonly step: 'done'; readonly receipt: LedgerReceipt; readonly blockTime: number }
  /** In a block, too few on top; or an endpoint that lags. */
  | { readonly step: 'wait'; readonly reason: string }
  | { readonly step: 'send' }
  | { readonly step: 'give-up'; readonly outcome: DeliveryOutcome }

export class AnchorDeliverer implements Deliverer {
  readonly #options: AnchorDelivererOptions
  /** Batches whose anchor was final, was lost in a re-organisation, and was sent again. */
  readonly #resent = new Set<number>()

  constructor(options: AnchorDelivererOptions) {
    this.#options = options
  }

  async deliver(entry: OutboxEntry, signal: AbortSignal): Promise<{ outcome: DeliveryOutcome; resources: number }> {
    const outcome = await this.#deliver(entry, signal)
    return { outcome, resources: outcome.class === 'delivered' ? 1 : 0 }
  }

  async #deliver(entry: OutboxEntry, signal: AbortSignal): Promise<DeliveryOutcome> {
    try {
      const batch = this.#options.journal.batches.byNumber(entry.ref)
      if (entry.kind !== 'batch' || !batch)
        return { class: 'permanent', reason: `Entry ${entry.id} is no batch of this journal: nothing to anchor.` }
      const misplaced = this.#misplaced(batch)
      if (misplaced) return misplaced
      return await this.#anchor(batch, signal)
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error)
      // An unknown error is ambiguous: the delivery is repeated, and the contract refuses a second anchor.
      return {
        class: error instanceof HomebeatError && error.retry === 'transient' ? 'transient' : 'ambiguous',
        reason,
      }
    }
  }

  async #anchor(batch: ClosedBatch, signal: AbortSignal): Promise<DeliveryOutcome> {
    const { clock, pollMs, patienceMs = 120_000, journal } = this.#options
    const start = clock.monotonic()
    let reason = `Batch ${batch.header.number} was broadcast and is not in a block yet.`
    let unsent = 0
    while (!signal.aborted) {
      const step = await this.#look(batch)
      if (step.step === 'give-up') return step.outcome
      if (step.step === 'done') {
        journal.anchors.saveReceipt(receiptOf(batch, step.receipt, step.blockTime))
        await this.#renewReceipts()
        return { class: 'delivered', detail: `block ${step.receipt.blockNumber}` }
      }
      if (step.step === 'wait') reason = step.reason
      if (step.step === 'send' && unsent++ % POLLS_PER_BROADCAST === 0) {
        const refused = await this.#send(batch)
        if (refused) return refused
        // On a chain that makes a block at once, the next look finds it.
        if (unsent === 1) continue
      }
      if (clock.monotonic() - start >= patienceMs) return { class: 'ambiguous', reason }
      await wait(clock, pollMs, signal)
    }
    return { class: 'ambiguous', reason: `Stopped before batch ${batch.header.number} was final.` }
  }

  /** What the chain says of this batch now. */
  async #look(batch: ClosedBatch): Promise<Step> {
    const { ledger, journal, held } = this.#options
    const reason = held?.() ?? null
    if (reason !== null) return { step: 'wait', reason }
    const { gateway, number, root, previousRoot } = batch.header
    const head = await ledger.head(gateway)
    if (head.number < number) return this.#beforeIt(batch, head)

    const saved = journal.anchors.transaction(number)
    let receipt = saved ? await ledger.receipt(saved.hash) : null
    if (!receipt?.succeeded) {
      const event = await ledger.anchored(gateway, number)
      if (!event)
        return { step: 'wait', reason: `The chain's endpoint does not show the anchor of batch ${number} yet.` }
      if (event.root !== root || event.previousRoot !== previousRoot) {
        if (!(await this.#finalTime(event))) return { step: 'wait', reason: `Another root stands for batch ${number}.` }
        const reason = `ALARM: another root (${event.root}, block ${event.blockNumber}) is anchored as batch ${number}: somebody else uses this gateway's key. Retire ${gateway} in the contract; or restart the gateway, where its journal was restored from a backup.`
        this.#options.logger.error({ batch: number, transaction: event.transactionHash }, reason)
        return { step: 'give-up', outcome: { class: 'permanent', reason } }
      }
      receipt = await ledger.receipt(event.transactionHash)
      if (!receipt) return { step: 'wait', reason: `The chain's endpoint has no receipt of batch ${number} yet.` }
    }
    const blockTime = await this.#finalTime(receipt)
    if (blockTime === null)
      return { step: 'wait', reason: `Batch ${number} is in block ${receipt.blockNumber}, not final.` }
    return { step: 'done', receipt, blockTime }
  }

  /** The contract is not at this batch yet. */
  async #beforeIt(batch: ClosedBatch, head: LedgerHead): Promise<Step> {
    const { journal, logger } = this.#options
    const { number, previousRoot, gateway } = batch.header
    if (head.number === number - 1 || (head.number === 0 && isJoining(batch.header))) {
      if (head.root === previousRoot) return { step: 'send' }
      const reason = `ALARM: the contract's batch ${head.number} has another root than this gateway's: somebody else uses its key. Retire ${gateway} in the contract.`
      logger.error({ batch: number }, reason)
      return { step: 'give-up', outcome: { class: 'transient', reason } }
    }
    // A re-organisation deeper than `confirmations` took back a final anchor: the same signed bytes restore it.
    const missing = journal.batches.byNumber(head.number + 1)
    const transaction = journal.anchors.transaction(head.number + 1)
    if (missing && transaction) {
      this.#resent.add(missing.header.number)
      logger.warn({ batch: missing.header.number }, 'the chain lost an anchor that was final: sending it again')
      const refused = await this.#send(missing)
      return refused
        ? { step: 'give-up', outcome: refused }
        : { step: 'wait', reason: 'The chain lost earlier anchors.' }
    }
    const reason = `The contract is at batch ${head.number} and this is batch ${number}: it is not the contract, or the chain, that this gateway has anchored on. Check the chain section.`
    return { step: 'give-up', outcome: { class: 'transient', reason } }
  }

  /** An anchor that was sent again stands in another block now: its receipt is replaced. */
  async #renewReceipts(): Promise<void> {
    const { journal } = this.#options
    for (const number of this.#resent) {
      const batch = journal.batches.byNumber(number)
      const step = batch && (await this.#look(batch))
      if (step?.step !== 'done') continue
      journal.anchors.saveReceipt(receiptOf(batch as ClosedBatch, step.receipt, step.blockTime))
      this.#resent.delete(number)
    }
  }

  /** Time of the block (epoch ms) where it is still on the chain and enough blocks are on top, else null. */
  async #finalTime(at: { blockNumber: number; blockHash: Hash32 }): Promise<number | null> {
    const { ledger, confirmations } = this.#options
    const latest = await ledger.latestBlock()
    if (latest - at.blockNumber < confirmations) return null
    const block = await ledger.block(at.blockNumber)
    return block?.hash === at.blockHash ? block.time : null
  }

  /** Broadcasts the persisted transaction, or signs and persists one first. Null when it is on its way. */
  async #send(batch: ClosedBatch): Promise<DeliveryOutcome | null> {
    const { ledger, journal, logger, gasPrice } = this.#options
    const { number, gateway } = batch.header
    let transaction = journal.anchors.transaction(number)
    const nonce = await ledger.nonce(gateway)
    // Something else used up this nonce (a transaction that the contract refused, say): this one will never be mined.
    if (transaction && transaction.nonce < nonce && !(await ledger.receipt(transaction.hash))?.succeeded) {
      logger.warn({ batch: number, nonce: transaction.nonce }, 'the nonce of an anchor was used up: signing it again')
      transaction = null
    }
    // The configured price has changed: a transaction at the new price replaces the old one under the same nonce.
    if (transaction && Transaction.from(transaction.raw).gasPrice !== BigInt(gasPrice)) transaction = null
    if (!transaction) {
      const data = anchorData(batch)
      const refusal = await ledger.refusal(gateway, data)
      if (refusal) return { class: 'transient', reason: refusalReason(refusal, batch) }
      transaction = await this.#sign(data, nonce)
      journal.anchors.saveTransaction(number, transaction)
    }
    const result = await ledger.broadcast(transaction.raw, transaction.hash)
    if (result.accepted) return null
    return {
      class: 'ambiguous',
      reason: `No chain endpoint took the anchor of batch ${number}: ${result.problems.join('; ')}`,
    }
  }

  async #sign(data: string, nonce: number): Promise<{ raw: string; hash: Hash32; nonce: number }> {
    const { signer, gasPrice, ledger } = this.#options
    const { chainId, contract } = ledger.domain
    const unsigned = { type: 0, chainId, to: contract, data, nonce, gasLimit: GAS_LIMIT, gasPrice, value: 0 }
    const raw = await signer.signTransaction(unsigned)
    return { raw, hash: keccak256(raw) as Hash32, nonce }
  }

  #misplaced(batch: ClosedBatch): DeliveryOutcome | null {
    const { ledger, signer } = this.#options
    const { chainId, contract } = batch.domain
    if (chainId !== ledger.domain.chainId || contract !== ledger.domain.contract)
      return {
        class: 'transient',
        reason: `Batch ${batch.header.number} is signed for contract ${contract} on chain ${chainId}, but the configuration names ${ledger.domain.contract} on chain ${ledger.domain.chainId}: put the chain section back.`,
      }
    if (batch.header.gateway !== signer.address)
      return {
        class: 'transient',
        reason: `Batch ${batch.header.number} was signed by ${batch.header.gateway}, but the key file is of ${signer.address}: restore the key file.`,
      }
    return null
  }
}

/** The call's data: `anchor(number, previousRoot, root)`. */
export function anchorData({ header }: Pick<ClosedBatch, 'header'>): string {
  return anchorRegistry.encodeFunctionData('anchor', [header.number, header.previousRoot, header.root])
}

function receiptOf(batch: ClosedBatch, receipt: LedgerReceipt, blockTime: number): AnchorReceipt {
  const { transactionHash, blockNumber, blockHash, gasUsed } = receipt
  return { batchNumber: batch.header.number, transactionHash, blockNumber, blockHash, blockTime, gasUsed }
}

function refusalReason(name: string, { header }: ClosedBatch): string {
  if (name === 'AnchorRegistryWrongNumber' && isJoining(header))
    return `The contract wants this gateway to begin with batch 1, and this is batch ${header.number}, which commits to those before it: the consortium needs AnchorRegistry 2.0 or later.`
  return name === 'AnchorRegistryNotEnrolled'
    ? `The contract does not know this gateway: ask the consortium to enrol ${header.gateway}.`
    : `The contract would refuse batch ${header.number} (${name}).`
}
