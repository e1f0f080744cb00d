import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'

const EVERY_MS = 1000

export interface TickOptions {
  readonly health: readonly HealthCheck[]
  readonly onTick: (conditions: readonly SystemCondition[]) => void
  readonly clock: Clock
}

/** Asks all health checks each second: by this a program notices silence, and knows that it runs. */
export class Tick implements Lifecycle {
  readonly #options: TickOptions
  #cancel: (() => void) | null = null

  constructor(options: TickOptions) {
    this.#options = options
  }

  async start(): Promise<void> {
    if (!this.#cancel) this.#next()
  }

  async stop(): Promise<void> {
    this.#cancel?.()
    this.#cancel = null
  }

  #next(): void {
    const { health, onTick, clock } = this.#options
    this.#cancel = clock.after(EVERY_MS, () => {
      const now = clock.now()
      onTick(health.flatMap((one) => one.check(now)))
      if (this.#cancel) this.#next()
    })
  }
}
