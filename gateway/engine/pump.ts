/**
 * Moves frames from one transport through the pipeline into COMMIT, and settles each frame when what it brought is
 * durable. Never drops what a transport gave: while the disk refuses, the transport is held back.
 */

import type { Pipeline } from '#gateway/engine/pipeline.js'
import type { DeviceEvent } from '#gateway/model/decoded.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Frame, Transport } from '#gateway/model/transport.js'
import type { UnmappedMessage } from '#gateway/model/unmapped.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { SaidOnce } from '#gateway/platform/said-once.js'
import type { Timekeeper } from '#gateway/time/timekeeper.js'
import type { Recorder } from './recorder.js'

/** Commits under way; with more than this, transports wait. */
const MAX_UNDER_WAY = 256

export interface PumpOptions {
  readonly transport: Transport
  readonly pipeline: Pipeline
  readonly recorder: Recorder
  /** In which the frames' times are. */
  readonly clock: Clock
  readonly logger: Logger
  /** Looks at the machine's clock before each frame. */
  readonly timekeeper?: Pick<Timekeeper, 'attend'> | undefined
  /** Does what a device asks for; null where an event asks for nothing. Its frame is settled after it. */
  readonly act?: (event: DeviceEvent) => Promise<void> | null
  /** Told when measurements have become durable. */
  readonly onCommitted: () => void
}

export class Pump implements Lifecycle {
  readonly #options: PumpOptions
  /** Devices and reasons of unmapped messages, and codes of what was not stored, that the log has already. */
  readonly #told = new SaidOnce(1000)
  #loop: Promise<void> | null = null

  constructor(options: PumpOptions) {
    this.#options = options
  }

  /** @throws HomebeatError why the transport cannot start; not of one that the home can do without */
  async start(): Promise<void> {
    if (this.#loop) return
    const { transport, logger } = this.#options
    await transport.start().catch((error: Error & { code?: string }) => {
      if (!transport.isDispensable) throw error
      logger.error({ transport: transport.name, code: error.code }, `${error.message} The gateway starts without it.`)
    })
    this.#loop = this.#run()
  }

  /** Stops the transport and takes what it still gave. */
  async stop(): Promise<void> {
    await this.#options.transport.stop()
    await this.#loop
  }

  async #run(): Promise<void> {
    const { transport, recorder, logger } = this.#options
    try {
      for await (const frame of transport.frames()) {
        this.#take(frame)
        while (recorder.underWay >= MAX_UNDER_WAY) await recorder.oneEnded()
      }
    } catch (error) {
      logger.error({ transport: transport.name, err: error }, 'transport failed; restart the gateway to use it again')
    }
  }

  #take(frame: Frame): void {
    const { transport, pipeline, clock, timekeeper, recorder, logger, act, onCommitted } = this.#options
    // Before the frame: within one frame the time stays what it is.
    timekeeper?.attend()
    const { step, durable } = recorder.record(pipeline.accept(frame, clock.now()))
    for (const message of step.unmapped ?? []) this.#tell(message)
    const acts = step.events.flatMap((event) => act?.(event) ?? [])
    if (!durable && acts.length === 0) {
      frame.settle(
        step.refused
          ? { outcome: 'refused', code: step.refused.code, reason: step.refused.reason }
          : { outcome: 'committed' },
      )
      return
    }
    Promise.all([durable, ...acts]).then(
      () => {
        frame.settle({ outcome: 'committed' })
        onCommitted()
      },
      (error: unknown) => {
        const known = error instanceof HomebeatError
        const code = known ? error.code : 'journal.failed'
        const reason = error instanceof Error ? error.message : String(error)
        if (this.#told.first(`not stored ${code}`))
          logger.error({ transport: transport.name, code }, 'readings could not be stored')
        frame.settle({ outcome: known && error.retry === 'permanent' ? 'refused' : 'not-stored', code, reason })
      },
    )
  }

  /** Once for each device and reason: a chatty bridge must not fill the log. The journal has every message. */
  #tell({ deviceId: device, code, reason }: UnmappedMessage): void {
    if (!this.#told.first(`${device} ${code}`)) return
    const { transport, logger } = this.#options
    logger.warn({ transport: transport.name, device, code }, `messages are kept unmapped: ${reason}`)
  }
}
