/**
 * The running gateway: starts the parts in the order in which they depend on each other, stops them the other way
 * round, so that what was read is committed, batched, pushed and anchored before the process ends.
 */

import type { Pipeline } from '#gateway/engine/pipeline.js'
import type { Pump } from '#gateway/engine/pump.js'
import type { Recorder } from '#gateway/engine/recorder.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Batcher } from '#gateway/outbound/batches/batcher.js'
import type { LaneWorker } from '#gateway/outbound/lanes/worker.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Schedule } from '#gateway/platform/schedule.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import type { LiveFeed } from '#gateway/surfaces/status/live-feed.js'
import type { SteadyClock } from '#gateway/time/steady-clock.js'

/** How often silence is looked at. */
const TICK_MS = 1000

export interface GatewayParts {
  readonly journal: Journal
  readonly recorder: Recorder
  readonly pipeline: Pipeline
  readonly pumps: readonly Pump[]
  /** Alert channels that hold something open. */
  readonly channels: readonly Lifecycle[]
  readonly lanes: readonly LaneWorker[]
  /** What looks after the far ends of its own accord: their Tasks, what they must be told of in time. */
  readonly rounds: readonly Lifecycle[]
  readonly batcher: Batcher
  readonly schedule: Schedule
  readonly ledger: { close(): void }
  /** Finds out where batches go on, where the journal lost that. */
  readonly chainHead: Lifecycle
  readonly console: Lifecycle
  readonly control: Lifecycle
  /** Look after parts of the gateway; asked on every tick. */
  readonly watchers: readonly HealthCheck[]
  /** Says to others that this gateway runs, once it does. */
  readonly announcement: Lifecycle
  /** Beats only while everything else runs. */
  readonly heartbeat: Lifecycle
  readonly feed: LiveFeed
  readonly clock: SteadyClock
  readonly logger: Logger
}

const isAlertLane = (worker: LaneWorker) => worker.lane.kind === 'alert'

export class Gateway implements Lifecycle {
  readonly #parts: GatewayParts
  #running = false
  #cancelTick: () => void = () => {}

  constructor(parts: GatewayParts) {
    this.#parts = parts
  }

  status(): GatewayStatus {
    return this.#parts.feed.status()
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const {
      console: page,
      control,
      chainHead,
      channels,
      lanes,
      rounds,
      pumps,
      schedule,
      announcement,
      heartbeat,
      logger,
    } = this.#parts
    const started: Lifecycle[] = []
    try {
      // The page first: its port is what people get wrong, and nothing is read before it is known to be free.
      const parts = [
        ...[page, control, chainHead, ...channels, ...lanes, ...rounds, ...pumps],
        ...[schedule, announcement, heartbeat],
      ]
      for (const part of parts) {
        await part.start()
        started.push(part)
      }
    } catch (error) {
      for (const part of started.reverse()) await part.stop()
      this.#parts.ledger.close()
      await this.#parts.journal.stop()
      this.#running = false
      throw error
    }
    this.#scheduleTick()
    logger.info('gateway started')
  }

  /** @param drainMs how long deliveries may go on once nothing more is read; what is left is delivered after a restart. */
  async stop(drainMs = 10_000): Promise<void> {
    if (!this.#running) return
    this.#running = false
    this.#cancelTick()
    const { heartbeat, schedule, rounds, pumps, pipeline, recorder, batcher, journal } = this.#parts
    const { lanes, clock, logger } = this.#parts
    await heartbeat.stop()
    await schedule.stop()
    // Awaited once the committer has given up: one may wait for a disk that refuses.
    const ended = Promise.all(rounds.map((round) => round.stop()))
    await Promise.all(pumps.map((pump) => pump.stop()))
    try {
      const { durable } = recorder.record(pipeline.flush(clock.run.now()))
      await Promise.all([durable, recorder.finish()])
      await batcher.closeIfDue('stop')
    } catch (error) {
      logger.error({ err: error }, 'the last readings could not be stored')
    }
    await ended
    // Alerts first: one that reaches its channel still owes the FHIR servers a Communication.
    const end = clock.monotonic() + drainMs
    for (const draining of [lanes.filter(isAlertLane), lanes.filter((lane) => !isAlertLane(lane))]) {
      await Promise.all(draining.map((lane) => lane.drain(Math.max(0, end - clock.monotonic()))))
    }
    await Promise.all(lanes.map((lane) => lane.stop()))
    await Promise.all(this.#parts.channels.map((channel) => channel.stop()))
    await this.#parts.chainHead.stop()
    this.#parts.ledger.close()
    await this.#parts.control.stop()
    await this.#parts.console.stop()
    await this.#parts.announcement.stop()
    await journal.stop()
    logger.info('gateway stopped')
  }

  #scheduleTick(): void {
    const { clock, pipeline, recorder, watchers } = this.#parts
    this.#cancelTick = clock.after(TICK_MS, () => {
      const conditions = watchers.flatMap((watcher) => watcher.check(clock.now()))
      recorder.note(pipeline.tick(clock.run.now(), conditions))
      if (this.#running) this.#scheduleTick()
    })
  }
}
