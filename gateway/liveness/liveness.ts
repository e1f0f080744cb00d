/**
 * The gateway's side of a dead man's switch: it sends signed check-ins to receivers (`homebeat clinic`), and these raise an
 * alarm when no check-in comes. A check-in says `healthy` only where it is proven that readings arrive and are stored; that
 * a process runs is not enough.
 */
import { join, resolve } from 'node:path'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { parseWebhookSecret } from '#gateway/platform/net/webhook-signature.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { CHECK_IN_TYPE, type CheckIn, type UnhealthyReason, type Vitals } from './check-in.js'
import { CheckInCounter } from './check-in-counter.js'
import { CheckInSender } from './check-in-sender.js'
import type { LivenessTarget } from './config.js'

/** The tick comes every second. After so long without one, none will come. */
const STALLED_MS = 10_000

export interface LivenessDependencies {
  readonly targets: readonly LivenessTarget[]
  /** Pseudonym. */
  readonly home: string
  readonly software: string
  readonly baseDir: string
  readonly dataDir: string
  /** @param now epoch ms */
  readonly vitals: (now: number) => Vitals
  readonly fetch: typeof fetch
  readonly clock: Clock
  readonly logger: Logger
}

export class Liveness implements Lifecycle, HealthCheck {
  readonly #options: LivenessDependencies
  readonly #counter: CheckInCounter
  readonly #senders: readonly CheckInSender[]
  #running = false
  #startedAt = 0
  #tickedAt = 0

  /** @throws HomebeatError `secret.*` */
  constructor(options: LivenessDependencies) {
    const { targets, baseDir, dataDir, fetch, clock, logger } = options
    this.#options = options
    this.#counter = new CheckInCounter(join(dataDir, 'heartbeat.json'), logger)
    this.#senders = targets.map(({ name, url, secretFile, everySeconds }) => {
      const secret = parseWebhookSecret(readSecret(resolve(baseDir, secretFile)), `liveness.targets[${name}]`)
      const checkIn = (state: CheckIn['state'], every: number) => this.#checkIn(state, every)
      return new CheckInSender({ name, url, secret, everySeconds, checkIn, fetch, clock, logger })
    })
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#startedAt = this.#tickedAt = this.#options.clock.monotonic()
    await Promise.all(this.#senders.map((sender) => sender.start()))
  }

  /** Tells all receivers that this is an orderly stop. */
  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    await Promise.all(this.#senders.map((sender) => sender.stop()))
  }

  /** Being asked shows that the tick runs. */
  check(): readonly SystemCondition[] {
    this.#tickedAt = this.#options.clock.monotonic()
    return this.#senders.flatMap((sender) => sender.conditions())
  }

  #checkIn(state: CheckIn['state'], everySeconds: number): CheckIn {
    const { home, software, vitals, clock } = this.#options
    const now = clock.now()
    const { reasons: found, ...rest } = vitals(now)
    const { number, stored } = this.#counter.next(now)
    const reasons: UnhealthyReason[] = [
      ...(clock.monotonic() - this.#tickedAt > STALLED_MS ? (['tick-stalled'] as const) : []),
      ...(stored ? [] : (['number-not-stored'] as const)),
      ...found,
    ]
    return {
      type: CHECK_IN_TYPE,
      version: 1,
      home,
      sequence: number,
      sentAt: new Date(now).toISOString(),
      everySeconds,
      state,
      healthy: reasons.length === 0,
      reasons,
      software,
      uptimeSeconds: Math.round((clock.monotonic() - this.#startedAt) / 1000),
      ...rest,
    }
  }
}
