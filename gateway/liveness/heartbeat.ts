/**
 * The gateway's side of the dead man's switch: signed beats to receivers (`homebeat clinic`) that raise an alarm when
 * they stay away. A beat says `healthy` only where it is proven that the line works, not merely that a process runs.
 */
import { join, resolve } from 'node:path'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { parseWebhookSecret } from '#gateway/platform/net/webhook-signature.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { BEAT_TYPE, type Beat, type UnhealthyReason, type Vitals } from './beat.js'
import { BeatCounter } from './beat-counter.js'
import type { LivenessTarget } from './config.js'
import { HeartbeatLine } from './heartbeat-line.js'

/** The tick comes every second; one that has not come for so long will not. */
const STALLED_MS = 10_000

export interface HeartbeatOptions {
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

export class Heartbeat implements Lifecycle, HealthCheck {
  readonly #options: HeartbeatOptions
  readonly #counter: BeatCounter
  readonly #lines: readonly HeartbeatLine[]
  #running = false
  #startedAt = 0
  #tickedAt = 0

  /** @throws HomebeatError `secret.*` */
  constructor(options: HeartbeatOptions) {
    const { targets, baseDir, dataDir, fetch, clock, logger } = options
    this.#options = options
    this.#counter = new BeatCounter(join(dataDir, 'heartbeat.json'), logger)
    this.#lines = targets.map(({ name, url, secretFile, everySeconds }) => {
      const secret = parseWebhookSecret(readSecret(resolve(baseDir, secretFile)), `the heartbeat ${name}`)
      const beat = (state: Beat['state'], every: number) => this.#beat(state, every)
      return new HeartbeatLine({ name, url, secret, everySeconds, beat, fetch, clock, logger })
    })
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    this.#startedAt = this.#tickedAt = this.#options.clock.monotonic()
    await Promise.all(this.#lines.map((line) => line.start()))
  }

  /** Says to all that this is an orderly stop. */
  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    await Promise.all(this.#lines.map((line) => line.stop()))
  }

  /** The gateway's tick: that it asks is what shows that it runs. */
  check(): readonly SystemCondition[] {
    this.#tickedAt = this.#options.clock.monotonic()
    return this.#lines.flatMap((line) => line.conditions())
  }

  #beat(state: Beat['state'], everySeconds: number): Beat {
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
      type: BEAT_TYPE,
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
