import { z } from 'zod'
import type { Logger } from '#gateway/platform/logger.js'
import { readPrivateFile, writePrivateFile } from '#gateway/platform/secrets/private-file.js'

const schema = z.object({ last: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER) })

/**
 * Gives numbers that grow over restarts: a receiver takes no number twice. Each number is on disk before it is used, which
 * also shows that the disk takes writes. The file keeps the name that it had in earlier versions, `heartbeat.json`.
 */
export class CheckInCounter {
  readonly #path: string
  readonly #logger: Logger
  #last: number | null = null

  constructor(path: string, logger: Logger) {
    this.#path = path
    this.#logger = logger
  }

  /** @param now epoch ms. @returns the number, and whether it is on disk. */
  next(now: number): { readonly number: number; readonly stored: boolean } {
    // Where the file is lost, or was not written, the seconds since 1970 are beyond every number given so far.
    this.#last ??= Math.max(this.#read(), Math.floor(now / 1000))
    const number = ++this.#last
    try {
      writePrivateFile(this.#path, `${JSON.stringify({ last: number })}\n`)
      return { number, stored: true }
    } catch (error) {
      this.#logger.debug({ err: error }, 'the number of a check-in could not be written')
      return { number, stored: false }
    }
  }

  #read(): number {
    try {
      const text = readPrivateFile(this.#path)
      return text === null ? 0 : schema.parse(JSON.parse(text)).last
    } catch (error) {
      this.#logger.warn({ err: error }, `the number of the last check-in cannot be read; counting on from the time`)
      return 0
    }
  }
}
