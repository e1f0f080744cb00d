/** Looks at the free space of the data folder's disk: an alarm long before anything cannot be stored. */
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Logger } from '#gateway/platform/logger.js'

export interface DiskCheckOptions {
  readonly folder: string
  /** Free space, MB. */
  readonly lowMb: number
  readonly criticalMb: number
  /** As `statfs` of node:fs/promises. */
  readonly statfs: (path: string) => Promise<{ readonly bavail: number; readonly bsize: number }>
  readonly logger: Logger
}

const SAMPLE_MS = 10_000
const MB = 1024 * 1024
/** A condition ends only this much above its threshold: one write more or less must not raise it again. */
const MARGIN = 1.1

export class DiskCheck implements HealthCheck {
  readonly #options: DiskCheckOptions
  #sampledAt = Number.NEGATIVE_INFINITY
  #low = false
  #critical = false
  #blind = false
  #known = false
  #onLow: () => void = () => {}

  constructor(options: DiskCheckOptions) {
    this.#options = options
  }

  get isLow(): boolean {
    return this.#low
  }

  /** @param listener told once each time the disk has become low */
  onLow(listener: () => void): void {
    this.#onLow = listener
  }

  check(now: number): readonly SystemCondition[] {
    // A clock set back must not keep it from looking.
    if (now - this.#sampledAt >= SAMPLE_MS || now < this.#sampledAt) {
      this.#sampledAt = now
      void this.sample()
    }
    // Before the first answer it says nothing: what was low before a restart is not over.
    if (!this.#known) return []
    return [
      { condition: 'disk-low', priority: 'medium', delayMs: 0, present: this.#low && !this.#critical },
      { condition: 'disk-critical', priority: 'high', delayMs: 0, present: this.#critical },
    ]
  }

  /** Asks the disk; what it says is seen by the next look. Never rejects. */
  async sample(): Promise<void> {
    const { folder, lowMb, criticalMb, statfs, logger } = this.#options
    try {
      const { bavail, bsize } = await statfs(folder)
      const freeMb = (bavail * bsize) / MB
      const wasLow = this.#low
      this.#low = freeMb < lowMb * (this.#low ? MARGIN : 1)
      this.#critical = freeMb < criticalMb * (this.#critical ? MARGIN : 1)
      this.#blind = false
      this.#known = true
      if (this.#low && !wasLow) this.#onLow()
    } catch (error) {
      // What was known last still holds; that the disk does not answer is said once.
      if (!this.#blind) logger.warn({ err: error }, 'the free space of the disk cannot be read')
      this.#blind = true
    }
  }
}
