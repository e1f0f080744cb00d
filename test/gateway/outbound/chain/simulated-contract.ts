/** AnchorRegistry with a node around it, in memory: takes what the contract takes, in a block at once. */
import { Transaction } from 'ethers'
import { anchorRegistry } from '#contracts/anchor-registry.js'
import { type Address, type Hash32, NO_ROOT } from '#gateway/model/batch.js'
import type { AnchoredEvent, BroadcastResult, Ledger, LedgerReceipt } from '#gateway/outbound/chain/ledger.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { TEST_DOMAIN } from '#test/gateway/outbound/batches/home.js'

const hash = (number: number): Hash32 => `0x${number.toString(16).padStart(64, '0')}`

export class SimulatedContract implements Ledger {
  readonly domain = TEST_DOMAIN
  readonly events: AnchoredEvent[] = []
  /** Roots that were sent for each number, taken or not. */
  readonly sent = new Map<number, Set<Hash32>>()
  isUp = true
  /** The next transaction is taken, and its answer is lost. */
  losesAnswer = false
  enrolled = true
  readonly #receipts = new Map<string, LedgerReceipt>()

  async head() {
    this.#answer()
    const last = this.events.at(-1)
    return {
      enrolled: this.enrolled,
      number: this.events.length,
      root: last?.root ?? NO_ROOT,
      time: this.events.length,
    }
  }
  async anchored(_: Address, number: number) {
    this.#answer()
    return this.events[number - 1] ?? null
  }
  async history() {
    this.#answer()
    return [...this.events]
  }
  async block(number: number) {
    this.#answer()
    return { number, hash: hash(number), time: number * 1000 }
  }
  async latestBlock() {
    this.#answer()
    return this.#receipts.size
  }
  async nonce() {
    this.#answer()
    return this.#receipts.size
  }
  async receipt(transaction: Hash32) {
    this.#answer()
    return this.#receipts.get(transaction) ?? null
  }
  async refusal() {
    this.#answer()
    return null
  }

  async broadcast(raw: string): Promise<BroadcastResult> {
    this.#answer()
    const { hash: transactionHash, from, data, nonce } = Transaction.from(raw)
    const [bigNumber, previousRoot, root] = anchorRegistry.decodeFunctionData('anchor', data)
    const number = Number(bigNumber)
    this.sent.set(number, (this.sent.get(number) ?? new Set()).add(root))
    if (nonce !== this.#receipts.size) return { accepted: nonce < this.#receipts.size, problems: ['nonce'] }
    const last = this.events.at(-1)?.root ?? NO_ROOT
    const succeeded = number === this.events.length + 1 && previousRoot === last
    const blockNumber = this.#receipts.size + 1
    const block = { transactionHash: transactionHash as Hash32, blockNumber, blockHash: hash(blockNumber) }
    this.#receipts.set(transactionHash as string, { ...block, gasUsed: 1, succeeded })
    if (succeeded) this.events.push({ gateway: from as Address, number, previousRoot, root, ...block })
    if (this.losesAnswer) {
      this.losesAnswer = false
      throw new Error('the answer was lost')
    }
    return { accepted: true, problems: [] }
  }

  #answer(): void {
    if (!this.isUp) throw new HomebeatError('ledger.unreachable', 'Nobody answers.', { retry: 'transient' })
  }
}
