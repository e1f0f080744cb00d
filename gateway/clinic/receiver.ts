/** The running receiver of heartbeats: starts and stops its parts in order, and ticks. */

import type { Recorder } from '#gateway/engine/recorder.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { LaneWorker } from '#gateway/outbound/lanes/worker.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { BeatServer } from './beat-server.js'
import type { HomeStore } from './home-store.js'
import type { PageServer } from './page-server.js'
import type { WatchReport } from './report.js'
import type { WatchPipeline } from './watch-pipeline.js'
import type { Watchkeeper } from './watchkeeper.js'

const TICK_MS = 1000
/** A tick that has not come for so long will not. */
const STALLED_MS = 10_000
const DRAIN_MS = 5000

export interface ReceiverParts {
  readonly journal: Journal
  readonly store: HomeStore
  readonly keeper: Watchkeeper
  readonly pipeline: WatchPipeline
  readonly recorder: Recorder
  readonly watchers: readonly HealthCheck[]
  readonly channels: readonly Lifecycle[]
  readonly lanes: readonly LaneWorker[]
  readonly beats: BeatServer
  readonly page: PageServer
  readonly control: Lifecycle
  readonly schedule: Lifecycle
  readonly report: () => WatchReport
  readonly clock: Clock
  readonly logger: Logger
}

export class Receiver implements Lifecycle {
  readonly #parts: ReceiverParts
  #running = false
  #cancelTick: () => void = () => {}
  #tickedAt = Number.NEGATIVE_INFINITY

  constructor(parts: (isHealthy: () => boolean) => ReceiverParts) {
    this.#parts = parts(() => this.#isHealthy())
  }

  /** Where beats and the page are; meaningful once started. */
  address(): { readonly beatPort: number; readonly pageUrl: string } {
    return { beatPort: this.#parts.beats.port, pageUrl: this.#parts.page.url }
  }

  report(): WatchReport {
    return this.#parts.report()
  }

  async start(): Promise<void> {
    if (this.#running) return
    this.#running = true
    const { beats, page, control, channels, lanes, schedule, logger } = this.#parts
    const started: Lifecycle[] = []
    try {
      for (const part of [page, control, ...channels, ...lanes, schedule, beats]) {
        await part.start()
        started.push(part)
      }
    } catch (error) {
      for (const part of started.reverse()) await part.stop()
      await this.#close()
      this.#running = false
      throw error
    }
    this.#tick()
    logger.info({ beats: beats.port, page: page.url }, 'listening for heartbeats')
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    this.#cancelTick()
    const { beats, page, control, channels, lanes, schedule, recorder, keeper, logger } = this.#parts
    await beats.stop()
    await page.stop()
    await schedule.stop()
    await control.stop()
    keeper.stop()
    await recorder.finish()
    await Promise.all(lanes.map((lane) => lane.drain(DRAIN_MS)))
    for (const part of [...lanes, ...channels]) await part.stop()
    await this.#close()
    logger.info('stopped listening')
  }

  async #close(): Promise<void> {
    await this.#parts.journal.stop()
    this.#parts.store.close()
  }

  #isHealthy(): boolean {
    const { keeper, recorder, clock } = this.#parts
    return clock.monotonic() - this.#tickedAt < STALLED_MS && keeper.canSave && !recorder.isRefused
  }

  #tick(): void {
    const { watchers, pipeline, recorder, clock } = this.#parts
    const now = clock.now()
    const conditions = watchers.flatMap((watcher) => watcher.check(now))
    recorder.note(pipeline.tick(now, conditions))
    this.#tickedAt = clock.monotonic()
    this.#cancelTick = clock.after(TICK_MS, () => this.#tick())
  }
}
