/** COMMIT that does not give up: when the disk refuses, the same commit is tried again until the gateway stops. */
import type { Commit, Journal } from '#gateway/journal/journal.js'
import { type Clock, wait } from './clock.js'
import { HomebeatError } from './errors.js'
import type { Logger } from './logger.js'

const RETRY_MS = 1000

export class Committer {
  readonly #journal: Journal
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #giveUp = new AbortController()
  #underWay = 0
  /** Who waits for one of them to end. */
  #ended: (() => void)[] = []
  readonly #refused = new Set<Commit>()

  constructor(options: { journal: Journal; clock: Clock; logger: Logger }) {
    this.#journal = options.journal
    this.#clock = options.clock
    this.#logger = options.logger
  }

  /** Commits not yet durable; whoever feeds this waits when it grows (see `Pump`). */
  get underWay(): number {
    return this.#underWay
  }

  /** Whether the disk has refused a commit that is still tried again. */
  get isRefused(): boolean {
    return this.#refused.size > 0
  }

  /** Resolves when one of the commits under way has ended. */
  oneEnded(): Promise<void> {
    if (this.#underWay === 0) return Promise.resolve()
    return new Promise((resolve) => this.#ended.push(resolve))
  }

  /** @throws HomebeatError `journal.stopping` when the gateway ends before the disk took it; a permanent refusal at once. */
  commit(commit: Commit): Promise<void> {
    const work = this.#untilDurable(commit)
    this.#underWay++
    const done = () => {
      this.#underWay--
      this.#refused.delete(commit)
      for (const resolve of this.#ended.splice(0)) resolve()
    }
    work.then(done, done)
    return work
  }

  /** Waits for what is under way; what the disk still refuses then is given up, and its senders are told. */
  async finish(): Promise<void> {
    this.#giveUp.abort()
    while (this.#underWay > 0) await this.oneEnded()
  }

  async #untilDurable(commit: Commit): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#journal.commit(commit)
      } catch (cause) {
        if (cause instanceof HomebeatError && cause.retry === 'permanent') throw cause
        this.#refused.add(commit)
        if (attempt === 1) {
          this.#logger.error({ err: cause }, 'the disk refuses; holding readings back until it takes them')
        }
        if (this.#giveUp.signal.aborted) {
          throw new HomebeatError('journal.stopping', 'The gateway stops before its disk took the last readings.', {
            retry: 'transient',
            cause,
          })
        }
        await wait(this.#clock, RETRY_MS, this.#giveUp.signal)
      }
    }
  }
}
