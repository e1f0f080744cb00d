import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { outcomeOfNetworkError, outcomeOfResponse } from '#gateway/platform/net/http-outcome.js'
import { signatureHeaders } from '#gateway/platform/net/webhook-signature.js'
import type { CheckIn } from './check-in.js'

/** Longest wait for an answer. */
const TIMEOUT_MS = 10_000
/** Longest wait for the answer to the last check-in, at an orderly stop. */
const FAREWELL_MS = 3000
/** A lost check-in is repeated after this time, and after longer each further time. */
const RETRY_MS = 5000
/** A shorter failure is not worth an alert: the receiver waits for longer. */
const SHORTEST_FAILURE_MS = 120_000

export interface CheckInSenderDependencies {
  readonly name: string
  readonly url: string
  readonly secret: Buffer
  readonly everySeconds: number
  /** Makes a check-in with the next number. */
  readonly checkIn: (state: CheckIn['state'], everySeconds: number) => CheckIn
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly logger: Logger
}

/** Sends the check-ins to one receiver: period, repetition, and the condition that none gets through. */
export class CheckInSender implements Lifecycle {
  readonly #options: CheckInSenderDependencies
  #running: AbortController | null = null
  #loop: Promise<void> = Promise.resolve()
  /** Aborts the check-in under way. Each has a signal of its own: listeners on one that lives for months would pile up. */
  #giveUp = new AbortController()
  /** Failures in a row; null before the first answer. */
  #failures: number | null = null

  constructor(options: CheckInSenderDependencies) {
    this.#options = options
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = new AbortController()
    this.#loop = this.#run(this.#running.signal)
  }

  /** Sends a last check-in that says: this is an orderly stop. */
  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running.abort()
    this.#running = null
    this.#giveUp.abort()
    await this.#loop
    await this.#send('stopping', FAREWELL_MS)
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, everySeconds } = this.#options
    while (!signal.aborted) {
      const began = clock.monotonic()
      await this.#send('running', TIMEOUT_MS)
      const every = everySeconds * 1000
      const failures = this.#failures ?? 0
      const pause = failures === 0 ? every : Math.min(every, RETRY_MS * 2 ** Math.min(failures - 1, 10))
      await wait(clock, Math.max(0, began + pause - clock.monotonic()), signal)
    }
  }

  /** Sends one check-in. Never rejects. */
  async #send(state: CheckIn['state'], patienceMs: number): Promise<void> {
    const { name, url, secret, everySeconds, fetch, clock, logger } = this.#options
    const checkIn = this.#options.checkIn(state, everySeconds)
    const body = JSON.stringify(checkIn)
    const headers = signatureHeaders(secret, `${checkIn.home}:${checkIn.sequence}`, clock.now(), body)
    const giveUp = new AbortController()
    this.#giveUp = giveUp
    const cancel = clock.after(patienceMs, () => giveUp.abort(new DOMException('no answer', 'TimeoutError')))
    const outcome = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
      // A login page of some network between must not count as having been heard.
      redirect: 'manual',
      signal: giveUp.signal,
    }).then(async (response) => {
      await response.body?.cancel().catch(() => {})
      return outcomeOfResponse(response.status, response.headers)
    }, outcomeOfNetworkError)
    cancel()
    const before = this.#failures
    this.#failures = outcome.class === 'delivered' ? 0 : (before ?? 0) + 1
    if (outcome.class !== 'delivered' && !before)
      logger.warn({ target: name, reason: outcome.reason }, 'a check-in did not get through; it is sent again')
    else if (outcome.class === 'delivered' && before) logger.info({ target: name }, 'check-ins get through again')
  }

  /** Says nothing before the first answer: what failed before a restart may not be over. */
  conditions(): SystemCondition[] {
    if (this.#failures === null) return []
    const { name, everySeconds } = this.#options
    return [
      {
        condition: `heartbeat-failing-${name}`,
        priority: 'medium',
        delayMs: Math.max(SHORTEST_FAILURE_MS, 2.5 * everySeconds * 1000),
        present: this.#failures > 0,
      },
    ]
  }
}
