/**
 * Whether journal and contract agree on the batches of this gateway. The contract is asked at the start, before a batch
 * is closed: a data folder that was restored from a backup would sign numbers anew (docs/decisions/015).
 *
 *   asking ── the contract is where the journal was once ─────────▶ agreed
 *   asking ── no answer for ten minutes ──▶ provisional ──────────▶ agreed, or older
 *   asking ── it has batches that the journal has not ──▶ older ── a person continues ──▶ agreed
 *   no chain is configured ───────────────────────────────────────▶ agreed, or missing where batches are on one
 */
import type { SigningKey } from 'ethers'
import { z } from 'zod'
import type { BatchStore, Continuation } from '#gateway/journal/api/batches.js'
import { actorName } from '#gateway/model/actor.js'
import type { Address } from '#gateway/model/batch.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { signBatch } from '#gateway/proofs/batch-signature.js'
import { isWithoutChain } from '#gateway/proofs/joining.js'
import type { LedgerHead, LedgerReader } from './ledger.js'

const RETRY_MS = 30_000
/** While batches wait for the answer. */
const SOON_MS = 5000
/** So long no batch is closed for want of an answer. */
const PATIENCE_MS = 10 * 60_000
/** A new home is started before the consortium has enrolled it. */
const ENROLMENT_MS = 10 * 60_000

type AskedLedger = Pick<LedgerReader, 'domain' | 'head' | 'anchored' | 'history'>

export interface ChainAgreementOptions {
  readonly batches: BatchStore
  /** Null: the home has no chain, so that nobody is asked. */
  readonly ledger: AskedLedger | null
  readonly signer: { readonly address: string; readonly signingKey: SigningKey }
  readonly clock: Clock
  readonly logger: Logger
}

/** Where the two stand: up to `shared` they are the same. */
interface Standing {
  readonly head: LedgerHead
  readonly shared: number
}

export class ChainAgreement implements Lifecycle, HealthCheck {
  readonly #options: ChainAgreementOptions
  readonly #gateway: Address
  #state: 'asking' | 'agreed' | 'provisional' | 'older' | 'missing' = 'asking'
  #isEnrolled = true
  #isOtherKey = false
  #stop = new AbortController()
  #asking: Promise<void> | null = null
  /** One comparison at a time: what it finds is true until the next. */
  #turn: Promise<unknown> = Promise.resolve()

  constructor(options: ChainAgreementOptions) {
    this.#options = options
    this.#gateway = options.signer.address as Address
  }

  /** Begins to ask; does not wait for the answer. */
  async start(): Promise<void> {
    if (this.#asking) return
    const last = this.#options.batches.last()
    this.#isOtherKey = last !== null && last.gateway !== this.#gateway
    this.#state = 'asking'
    this.#stop = new AbortController()
    const { ledger } = this.#options
    if (ledger) this.#asking = this.#ask(ledger, this.#stop.signal)
    else this.#goOnAlone()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#asking
    this.#asking = null
  }

  /** Whether the next number is this gateway's to give, as far as is known. */
  mayClose(): boolean {
    return (this.#state === 'agreed' || this.#state === 'provisional') && !this.#isOtherKey
  }

  /** Resolves when the question that is under way has been answered, or has failed. */
  async asked(): Promise<void> {
    await this.#turn
  }

  /** Why no anchor is sent; null where one may be. */
  heldAnchors(): string | null {
    if (this.#state === 'agreed') return null
    return this.#state === 'older'
      ? 'The journal is older than the chain: restored from a backup? See homebeat journal continue.'
      : 'The contract has not said yet which batch was the last.'
  }

  check(): readonly SystemCondition[] {
    const isOlder = this.#state === 'older'
    return [
      { condition: 'chain-missing', priority: 'medium', delayMs: 0, present: this.#state === 'missing' },
      { condition: 'journal-older-than-chain', priority: 'medium', delayMs: 0, present: isOlder },
      { condition: 'batches-provisional', priority: 'low', delayMs: 0, present: this.#state === 'provisional' },
      { condition: 'gateway-key-changed', priority: 'medium', delayMs: 0, present: this.#isOtherKey },
      { condition: 'gateway-not-enrolled', priority: 'low', delayMs: ENROLMENT_MS, present: !this.#isEnrolled },
    ]
  }

  commands(): ControlCommand[] {
    return [command('journal.continue', z.strictObject({ by: actorName }), ({ by }) => this.continue(by))]
  }

  /**
   * A person says that the journal was restored and that no other gateway uses its key: batches go on after the
   * contract's last. @throws HomebeatError `journal.nothing-to-continue`, `journal.other-key`, `ledger.*`
   */
  continue(by: string): Promise<Continuation> {
    return this.#inTurn(() => this.#continue(by))
  }

  async #continue(by: string): Promise<Continuation> {
    const { ledger } = this.#options
    if (this.#isOtherKey)
      throw new HomebeatError(
        'journal.other-key',
        `The journal's batches were signed with another key than ${this.#gateway}: restore keys/gateway.key first.`,
      )
    const standing = ledger && (await this.#compare(ledger))
    if (!ledger || !standing || agrees(standing))
      throw new HomebeatError(
        'journal.nothing-to-continue',
        `There is nothing to continue: ${standing ? `the contract is at batch ${standing.head.number}, and the journal has it` : 'this home has no chain'}.`,
      )
    return this.#goOn(ledger, standing, by)
  }

  /** The journal's last batch is the last, also after damage that took the heads: there is nobody else to ask. */
  #goOnAlone(): void {
    const { batches } = this.#options
    const number = batches.last()?.number ?? 0
    const [last] = batches.signedAfter(number - 1)
    // The numbers that would be used are the chain's: they would be taken when it is back.
    if (last && !isWithoutChain(last.domain)) {
      this.#state = 'missing'
      return
    }
    if (!batches.headKnown()) batches.continueFrom(null, { by: null, shared: number, head: number, renumbered: 0 })
    this.#state = 'agreed'
  }

  async #ask(ledger: AskedLedger, signal: AbortSignal): Promise<void> {
    const { batches, clock, logger } = this.#options
    const startedAt = clock.monotonic()
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        await this.#inTurn(async () => this.#judge(ledger, await this.#compare(ledger), signal))
        if (this.#state === 'agreed' && this.#isEnrolled) return
      } catch (error) {
        if (signal.aborted) return
        if (attempt === 1) logger.error({ err: error }, 'the contract does not say which batch was the last: asking on')
        const isOver = clock.monotonic() - startedAt >= PATIENCE_MS
        // After damage that took the heads, the journal's own last batch is no guess worth making.
        if (isOver && this.#state === 'asking' && batches.headKnown()) {
          this.#state = 'provisional'
          logger.warn('batches are closed provisionally: the contract has not said for ten minutes which was the last')
        }
      }
      await wait(clock, this.#state === 'asking' ? SOON_MS : RETRY_MS, signal)
    }
  }

  #inTurn<Result>(action: () => Promise<Result>): Promise<Result> {
    const turn = this.#turn.then(action)
    this.#turn = turn.catch(() => {})
    return turn
  }

  async #judge(ledger: AskedLedger, standing: Standing, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { batches, logger } = this.#options
    const { head, shared } = standing
    this.#isEnrolled = head.enrolled
    if (!batches.headKnown()) await this.#goOn(ledger, standing, null)
    else if (this.#isOtherKey || agrees(standing)) this.#state = 'agreed'
    else if (this.#state !== 'older') {
      this.#state = 'older'
      logger.error(
        { contract: head.number, shared },
        'the journal is older than the chain: restored from a backup? No batch is closed before homebeat journal continue',
      )
    }
  }

  async #compare(ledger: AskedLedger): Promise<Standing> {
    const { batches } = this.#options
    const head = await ledger.head(this.#gateway)
    if (batches.rootOf(head.number) === head.root) return { head, shared: head.number }
    const roots = new Map((await ledger.history(this.#gateway)).map(({ number, root }) => [number, root]))
    let shared = Math.min(head.number, batches.last()?.number ?? 0)
    while (shared > 0 && batches.rootOf(shared) !== roots.get(shared)) shared--
    return { head, shared }
  }

  /** Batches that stand where the contract has others get the numbers after its last, the highest one first. */
  async #goOn(ledger: AskedLedger, { head, shared }: Standing, by: string | null): Promise<Continuation> {
    const { batches, signer, logger } = this.#options
    const event = head.number === 0 ? null : await ledger.anchored(this.#gateway, head.number)
    if (head.number > 0 && event?.root !== head.root)
      throw new HomebeatError(
        'ledger.unreachable',
        `No endpoint shows the anchor of batch ${head.number} yet: try again in a minute.`,
        { retry: 'transient' },
      )
    const own = head.number > shared ? batches.numbers().filter((number) => number > shared) : []
    for (const [index, number] of [...own.entries()].reverse()) {
      const batch = batches.byNumber(number)
      const next = head.number + 1 + index
      if (!batch || number === next) continue
      const previousRoot = index === 0 ? head.root : batch.header.previousRoot
      const header = { ...batch.header, number: next, previousRoot }
      // One that was signed without a chain is anchored by itself then.
      const { domain } = ledger
      batches.renumber(number, { header, domain, signature: signBatch(header, domain, signer.signingKey) })
      // Sealing its leaves anew takes milliseconds: readings get their turn between two batches.
      await new Promise((resolve) => setImmediate(resolve))
    }
    const continuation: Continuation = { by, shared, head: head.number, renumbered: own.length }
    const { number, root, time } = head
    batches.continueFrom(
      event && { gateway: this.#gateway, number, root, previousRoot: event.previousRoot, time },
      continuation,
    )
    this.#state = 'agreed'
    logger.warn({ ...continuation }, 'batches go on after the last one that is anchored')
    return continuation
  }
}

/** The contract has nothing that the journal has not: what the journal has more is still to be anchored. */
const agrees = ({ head, shared }: Standing): boolean => head.number === shared
