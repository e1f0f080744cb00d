/** Cron schedules (node-cron) with a lifecycle: they close batches and ask the kit. */
import { createTask, type ScheduledTask } from 'node-cron'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Logger } from './logger.js'

export interface Job {
  readonly name: string
  /** Five or six fields; checked when the configuration is loaded. */
  readonly cron: string
  readonly action: () => Promise<void>
}

export class Schedule implements Lifecycle {
  readonly #jobs: readonly Job[]
  readonly #logger: Logger
  #tasks: ScheduledTask[] = []

  constructor(jobs: readonly Job[], logger: Logger) {
    this.#jobs = jobs
    this.#logger = logger
  }

  async start(): Promise<void> {
    if (this.#tasks.length > 0) return
    this.#tasks = this.#jobs.map((job) => {
      const run = async () => {
        try {
          await job.action()
        } catch (error) {
          this.#logger.warn(
            { job: job.name, err: error },
            'scheduled action failed; it is tried again at its next time',
          )
        }
      }
      // noOverlap: a cuff that answers slowly is not asked twice at once.
      return createTask(job.cron, run, { name: job.name, noOverlap: true, logger: cronLogger(this.#logger) })
    })
    for (const task of this.#tasks) await task.start()
  }

  async stop(): Promise<void> {
    for (const task of this.#tasks) await task.destroy()
    this.#tasks = []
  }
}

/** node-cron would else write its own lines to the console. */
function cronLogger(logger: Logger) {
  return {
    info: (message: string) => logger.debug(message),
    debug: (message: string | Error) => logger.debug(String(message)),
    warn: (message: string) => logger.debug(message),
    error: (message: string | Error) => logger.warn(String(message)),
  }
}
