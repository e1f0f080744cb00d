import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { outcomeOfNetworkError, outcomeOfResponse } from '#gateway/platform/net/http-outcome.js'
import { signatureHeaders } from '#gateway/platform/net/webhook-signature.js'
import type { Beat } from './beat.js'

/** For one answer. */
const TIMEOUT_MS = 10_000
/** For the one to the last beat, at an orderly stop. */
const FAREWELL_MS = 3000
/** A beat that was lost is followed by another one soon; not sooner than this, and later each time. */
const RETRY_MS = 5000
/** A line that is down for less is nobody's business: the receiver waits for longer. */
const SHORTEST_FAILURE_MS = 120_000

export interface HeartbeatLineOptions {
  readonly name: string
  readonly url: string
  readonly secret: Buffer
  readonly everySeconds: number
  /** A beat with the next number. */
  readonly beat: (state: Beat['state'], everySeconds: number) => Beat
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly logger: Logger
}

/** The beats to one receiver. */
export class HeartbeatLine implements Lifecycle {
  readonly #options: HeartbeatLineOptions
  #running: AbortController | null = null
  #loop: Promise<void> = Promise.resolve()
  /** Of the beat under way. A signal of its own: what hangs on one that lives for months would stay. */
  #giveUp = new AbortController()
  /** Failures in a row; null before the first answer. */
  #failures: number | null = null

  constructor(options: HeartbeatLineOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = new AbortController()
    this.#loop = this.#run(this.#running.signal)
  }

  /** Says that this is an orderly stop. */
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

  /** One beat. Never rejects. */
  async #send(state: Beat['state'], patienceMs: number): Promise<void> {
    const { name, url, secret, everySeconds, fetch, clock, logger } = this.#options
    const beat = this.#options.beat(state, everySeconds)
    const body = JSON.stringify(beat)
    const headers = signatureHeaders(secret, `${beat.home}:${beat.sequence}`, clock.now(), body)
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
      logger.warn({ target: name, reason: outcome.reason }, 'a heartbeat did not get through; it is sent again')
    else if (outcome.class === 'delivered' && before) logger.info({ target: name }, 'heartbeats get through again')
  }

  /** Nothing before the first answer: what failed before a restart is not over. */
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
