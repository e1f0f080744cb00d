import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { isSameLane, type Lane, laneKey } from '#gateway/model/lane.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Deliverer } from './deliverer.js'
import { DRAIN_RETRY_MS, retryDelay } from './retry.js'

export interface LaneWorkerOptions {
  readonly lane: Lane
  readonly journal: Pick<Journal, 'outbox'>
  readonly deliverer: Deliverer
  readonly clock: Clock
  readonly logger: Logger
  /** 0 ≤ n < 1; spreads retries. Math.random by default. */
  readonly random?: () => number
}

export interface LaneStatus {
  /** pausing: until the next attempt. */
  readonly state: 'stopped' | 'idle' | 'delivering' | 'pausing'
  /** Epoch ms of the next attempt while `pausing`. */
  readonly nextAttemptAt: number | null
}

/** How long `stop` waits for a deliverer that does not heed its signal, milliseconds. */
const STOP_GRACE_MS = 5000

type Delivery = { readonly outcome: DeliveryOutcome; readonly resources: number }

/**
 * Drains one lane of the journal, strictly in order, one entry at a time. Knows nothing of other lanes: each has a
 * worker of its own, so a far end that hangs delays nobody else. Stop the workers before the journal.
 */
export class LaneWorker implements Lifecycle {
  readonly #options: LaneWorkerOptions
  readonly #random: () => number
  #abort: AbortController | null = null
  #loop: Promise<void> = Promise.resolve()
  #state: LaneStatus['state'] = 'stopped'
  #nextAttemptAt: number | null = null
  /** Failures in a row: of deliveries, or of the journal itself. */
  #failures = 0
  /** Something was queued since the last look; kept so that a call between looking and waiting is not lost. */
  #woken = false
  #wake: (() => void) | null = null
  /** Ends a wait for a retry early: a drain has begun, or the worker stops. */
  #hurry = new AbortController()
  #drains = 0
  readonly #whenEmpty = new Set<() => void>()

  get lane(): Lane {
    return this.#options.lane
  }

  constructor(options: LaneWorkerOptions) {
    this.#options = options
    this.#random = options.random ?? Math.random
  }

  async start(): Promise<void> {
    if (this.#abort) return
    const abort = new AbortController()
    this.#abort = abort
    this.#state = 'idle'
    const unsubscribe = this.#options.journal.outbox.onQueued(this.#options.lane, () => this.#notice())
    void this.#options.deliverer.prepare?.(abort.signal)
    this.#loop = this.#run(abort.signal).finally(unsubscribe)
  }

  /** Aborts the delivery under way (its entry stays, to be tried again) and waits for it. */
  async stop(): Promise<void> {
    if (!this.#abort) return this.#loop
    this.#abort.abort()
    this.#abort = null
    this.#hurry.abort()
    this.#notice()
    await this.#loop
    this.#state = 'stopped'
    this.#nextAttemptAt = null
  }

  /** Ends a wait for the next attempt: somebody has mended the far end. */
  tryNow(): void {
    this.#hurry.abort()
    this.#notice()
  }

  /** Resolves when nothing in the lane can be delivered now (at once when that is so now); while the worker is stopped it pends. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenEmpty.add(resolve)
      this.#notice()
    })
  }

  /**
   * For shutdown: keeps delivering, with retries at most half a second apart, until the lane is empty (true) or
   * `deadlineMs` have passed (false). Drain alert lanes before fhir lanes: a delivered alert queues a Communication.
   */
  async drain(deadlineMs: number): Promise<boolean> {
    if (!this.#abort) return this.#isEmpty()
    this.#drains++
    this.#hurry.abort()
    const over = new AbortController()
    let finish: (() => void) | undefined
    const empty = new Promise<boolean>((resolve) => {
      finish = () => resolve(true)
      this.#whenEmpty.add(finish)
    })
    this.#notice()
    try {
      return await Promise.race([empty, wait(this.#options.clock, deadlineMs, over.signal).then(() => false)])
    } finally {
      over.abort()
      if (finish) this.#whenEmpty.delete(finish)
      this.#drains--
    }
  }

  status(): LaneStatus {
    return { state: this.#state, nextAttemptAt: this.#nextAttemptAt }
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        this.#woken = false
        const entry = this.#options.journal.outbox.claim(this.#options.lane)
        if (entry) await this.#deliver(entry, signal)
        else await this.#rest(signal)
      } catch (error) {
        // The journal itself refused (a full disk, say): nothing was lost, so look again later.
        await this.#retryLater(error, signal)
      }
    }
  }

  async #deliver(entry: OutboxEntry, signal: AbortSignal): Promise<void> {
    const { journal, clock } = this.#options
    journal.outbox.launch(entry)
    this.#state = 'delivering'
    const { outcome, resources } = await this.#attempt(entry, signal)
    const failed = outcome.class === 'transient' || outcome.class === 'ambiguous'
    const failures = failed && !signal.aborted ? this.#failures + 1 : 0
    const delay = failures > 0 ? this.#delay(failures, outcome) : 0
    await this.#settle(entry, outcome, resources, failures > 0 ? clock.now() + delay : undefined, signal)
    this.#record(entry, outcome, failures)
    if (failures > 0) await this.#wait(delay, signal)
    // Deliverers that need no I/O resolve in microtasks: a long backlog must not keep sensors and timers from their turn.
    else await new Promise((resolve) => setImmediate(resolve))
  }

  /** The deliverer's answer; a rejection, or none soon after `stop`, is ambiguous: it may have happened. */
  async #attempt(entry: OutboxEntry, signal: AbortSignal): Promise<Delivery> {
    const { clock, deliverer, logger } = this.#options
    const ambiguous = (reason: string): Delivery => ({ outcome: { class: 'ambiguous', reason }, resources: 0 })
    // A signal of its own for each delivery: what a deliverer hangs on the worker's would stay for months.
    const delivery = new AbortController()
    const answered = new AbortController()
    const abandoned = new Promise<Delivery>((resolve) => {
      const abandon = () => {
        delivery.abort()
        wait(clock, STOP_GRACE_MS, answered.signal).then(() => resolve(ambiguous('stopped before the answer')))
      }
      signal.addEventListener('abort', abandon, { once: true, signal: answered.signal })
      if (signal.aborted) abandon()
    })
    try {
      return await Promise.race([deliverer.deliver(entry, delivery.signal), abandoned])
    } catch (error) {
      logger.error({ err: error, lane: laneKey(entry.lane) }, 'a deliverer failed unexpectedly')
      return ambiguous('unexpected error')
    } finally {
      answered.abort()
    }
  }

  /** Records the outcome however long the disk refuses it; after `stop` once only: a restart finds it ambiguous. */
  async #settle(
    entry: OutboxEntry,
    outcome: DeliveryOutcome,
    resources: number,
    nextAt: number | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    for (;;) {
      try {
        return this.#options.journal.outbox.settle(entry, outcome, resources, nextAt)
      } catch (error) {
        if (signal.aborted) throw error
        await this.#retryLater(error, signal)
      }
    }
  }

  #delay(failures: number, outcome: DeliveryOutcome): number {
    const retryAfter = outcome.class === 'transient' ? outcome.retryAfterMs : undefined
    const delay = retryDelay(failures, this.#random(), retryAfter)
    return this.#drains > 0 ? Math.min(delay, DRAIN_RETRY_MS) : delay
  }

  /** First trouble and its end are news, what lies between is for engineers. */
  #record(entry: OutboxEntry, outcome: DeliveryOutcome, failures: number): void {
    const { logger } = this.#options
    const { kind, ref } = entry
    const lane = laneKey(entry.lane)
    const reason = outcome.class === 'delivered' ? undefined : outcome.reason
    const fields = { lane, kind, ref, ...(reason !== undefined && { reason }) }
    if (outcome.class === 'permanent') logger.error(fields, 'an entry was refused for good: see homebeat queue list')
    else if (failures === 1) logger.warn(fields, 'a delivery failed and will be repeated')
    else if (failures > 1) logger.debug(fields, 'a delivery failed again')
    else if (this.#failures > 0 && outcome.class === 'delivered') logger.info({ lane }, 'deliveries go through again')
    this.#failures = failures
  }

  async #retryLater(error: unknown, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    this.#failures++
    if (this.#failures === 1)
      this.#options.logger.error({ err: error, lane: laneKey(this.lane) }, 'the journal refused; trying again')
    await this.#wait(Math.max(50, retryDelay(this.#failures, this.#random(), undefined)), signal)
  }

  async #wait(delay: number, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return
    const { clock } = this.#options
    const within = this.#drains > 0 ? Math.min(delay, DRAIN_RETRY_MS) : delay
    this.#state = 'pausing'
    this.#nextAttemptAt = clock.now() + within
    this.#hurry = new AbortController()
    await wait(clock, within, this.#hurry.signal)
    this.#nextAttemptAt = null
  }

  async #rest(signal: AbortSignal): Promise<void> {
    this.#state = 'idle'
    for (const resolve of this.#whenEmpty) resolve()
    this.#whenEmpty.clear()
    if (this.#woken || signal.aborted) return
    await new Promise<void>((resolve) => {
      this.#wake = resolve
    })
    this.#wake = null
  }

  #notice(): void {
    this.#woken = true
    this.#wake?.()
  }

  #isEmpty(): boolean {
    const { lane, journal } = this.#options
    return !journal.outbox.depths().some((one) => isSameLane(one.lane, lane) && one.depth > 0)
  }
}
