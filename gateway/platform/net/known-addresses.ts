import { z } from 'zod'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import { readPrivateFile, writePrivateFile } from '#gateway/platform/secrets/private-file.js'

/** A clinic's homes, each with an address of its own, and some more. */
const MAX_KNOWN = 16_384
/** Many homes come at once after a restart: they are written together. */
const WRITTEN_AFTER_MS = 10_000

const stored = z.array(z.string().max(50)).max(MAX_KNOWN)

/** The networks that somebody was admitted from, the latest last. They outlive the program in a file. */
export class KnownAddresses {
  readonly #path: string | null
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #networks = new Set<string>()
  #cancel: (() => void) | null = null

  /**
   * Reads the file, if there is one; one that cannot be read is no reason not to start.
   * @param path null keeps nothing
   */
  constructor(path: string | null, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#path = path
    this.#clock = clock
    this.#logger = logger
    if (path === null) return
    try {
      for (const network of stored.parse(JSON.parse(readPrivateFile(path) ?? '[]'))) this.#networks.add(network)
    } catch (error) {
      logger.warn({ reason: (error as Error).message.split('\n')[0] }, 'who was admitted before is not known any more')
    }
  }

  has(network: string): boolean {
    return this.#networks.has(network)
  }

  add(network: string): void {
    const isNew = !this.#networks.delete(network)
    this.#networks.add(network)
    for (const oldest of this.#networks) {
      if (this.#networks.size <= MAX_KNOWN) break
      this.#networks.delete(oldest)
    }
    if (isNew) this.#cancel ??= this.#clock.after(WRITTEN_AFTER_MS, () => this.close())
  }

  /** Writes what is not written yet. */
  close(): void {
    this.#cancel?.()
    if (!this.#cancel || this.#path === null) return
    this.#cancel = null
    try {
      writePrivateFile(this.#path, `${JSON.stringify([...this.#networks])}\n`)
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'who was admitted could not be kept')
    }
  }
}
