import type { TransportStatus } from '#gateway/model/transport.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { Backoff } from './backoff.js'

export interface ConnectionLoopOptions {
  /** For people, e.g. `opening /dev/ttyACM0`; then also for each later attempt. */
  readonly attempt: string
  /** When a connection ends without a reason. */
  readonly closed: { readonly code: string; readonly why: string }
  readonly clock: Clock
  /** Without it failures are somebody else's to tell. */
  readonly logger?: Logger | undefined
}

/** From the attempt to its end. Never rejects. */
export type Session = (signal: AbortSignal) => Promise<HomebeatError | null>

/** Opens a connection again for ever, with growing delays, and says how it stands. */
export class ConnectionLoop {
  readonly #options: ConnectionLoopOptions
  readonly #backoff = new Backoff()
  #running: { readonly abort: AbortController; readonly done: Promise<void> } | null = null
  #state: TransportStatus['state'] = 'stopped'
  #sentence = 'not started'
  #lastLogged = ''

  constructor(options: ConnectionLoopOptions) {
    this.#options = options
  }

  get isRunning(): boolean {
    return this.#running !== null
  }

  status(): Pick<TransportStatus, 'state' | 'sentence'> {
    return { state: this.#state, sentence: this.#sentence }
  }

  start(session: Session): void {
    if (this.#running) return
    const abort = new AbortController()
    this.#running = { abort, done: this.#run(session, abort.signal) }
  }

  /** @param close ends the connection that there is */
  async stop(close: () => unknown): Promise<void> {
    const running = this.#running
    if (!running) return
    running.abort.abort()
    await close()
    await running.done
    if (this.#running !== running) return
    this.#running = null
    this.say('stopped', 'stopped')
  }

  say(state: TransportStatus['state'], sentence: string): void {
    this.#state = state
    this.#sentence = sentence
  }

  /** For when a connection has shown that it is the right one: the next attempt after it comes soon, the next failure is loud. */
  well(): void {
    this.#backoff.reset()
    this.#lastLogged = ''
  }

  /** The next failure is loud, and its attempts come as late as they would have. */
  loud(): void {
    this.#lastLogged = ''
  }

  async #run(session: Session, signal: AbortSignal): Promise<void> {
    const { attempt, closed, clock, logger } = this.#options
    this.#backoff.reset()
    while (!signal.aborted) {
      this.say('connecting', attempt)
      const failure = await session(signal)
      if (signal.aborted) break
      const delay = this.#backoff.next()
      const { code, message: why } = failure ?? { code: closed.code, message: closed.why }
      // The first failure of its kind is loud, its repetitions are not.
      logger?.[code === this.#lastLogged ? 'debug' : 'warn']({ code }, why)
      this.#lastLogged = code
      this.say('waiting', `waiting ${delay / 1000} s before ${attempt} again: ${why}`)
      await wait(clock, delay, signal)
    }
  }
}
