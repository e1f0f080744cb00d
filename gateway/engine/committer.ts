/** COMMIT that does not give up: what the disk refuses is tried again until the gateway stops. Only the recorder has one. */
import { setMaxListeners } from 'node:events'
import type { Commit } from '#gateway/journal/api/commit.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'

const RETRY_MS = 1000

export class Committer {
  readonly #journal: Pick<Journal, 'commit'>
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #giveUp = new AbortController()
  #underWay = 0
  /** Those who wait for one of them to end. */
  #ended: (() => void)[] = []
  readonly #refused = new Set<Commit>()

  constructor(options: { journal: Pick<Journal, 'commit'>; clock: Clock; logger: Logger }) {
    this.#journal = options.journal
    this.#clock = options.clock
    this.#logger = options.logger
    // While the disk refuses, each commit under way waits on it.
    setMaxListeners(0, this.#giveUp.signal)
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
    this.#underWay++
    // The disk takes nearly every commit at once: what only a refusal needs is made when there is one.
    const work = this.#journal.commit(commit).catch((cause) => this.#again(commit, cause))
    return work.finally(this.#done)
  }

  /** Waits for what is under way; what the disk still refuses then is given up, and its senders are told. */
  async finish(): Promise<void> {
    this.#giveUp.abort()
    while (this.#underWay > 0) await this.oneEnded()
  }

  readonly #done = (): void => {
    this.#underWay--
    if (this.#ended.length > 0) for (const resolve of this.#ended.splice(0)) resolve()
  }

  /** @param refusal of the first attempt */
  async #again(commit: Commit, refusal: unknown): Promise<void> {
    if (isFinal(refusal)) throw refusal
    // Said once, however many wait.
    if (!this.isRefused)
      this.#logger.error({ err: refusal }, 'the disk refuses; holding readings back until it takes them')
    this.#refused.add(commit)
    try {
      await this.#untilTaken(commit, refusal)
    } finally {
      this.#refused.delete(commit)
    }
    if (!this.isRefused) this.#logger.warn('the disk takes readings again')
  }

  async #untilTaken(commit: Commit, refusal: unknown): Promise<void> {
    for (let cause = refusal; ; ) {
      if (isFinal(cause)) throw cause
      if (this.#giveUp.signal.aborted) {
        throw new HomebeatError('journal.stopping', 'The gateway stops before its disk took the last readings.', {
          retry: 'transient',
          cause,
        })
      }
      await wait(this.#clock, RETRY_MS, this.#giveUp.signal)
      try {
        return await this.#journal.commit(commit)
      } catch (error) {
        cause = error
      }
    }
  }
}

function isFinal(error: unknown): boolean {
  return error instanceof HomebeatError && error.retry === 'permanent'
}
