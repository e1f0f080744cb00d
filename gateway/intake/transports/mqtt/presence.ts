import { z } from 'zod'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Logger } from '#gateway/platform/logger.js'
import { readPrivateFile, writePrivateFile } from '#gateway/platform/secrets/private-file.js'
import { DEVICE_ID } from './address.js'

/** Wi-Fi that comes back within a minute is nothing. */
const DELAY_MS = 60_000
/** More than any broker of a home has; a site's broker may carry anything. */
export const MAX_DEVICES = 500

const stored = z.array(z.string().regex(DEVICE_ID)).max(MAX_DEVICES)

/**
 * Which devices are there that promised to be: those with a last will, or that say `online`. One that goes without a
 * word is lost; one that says goodbye is not. The promise outlives the gateway in a file: who does not come back after a
 * restart is lost too.
 */
export class Presence implements HealthCheck {
  readonly #path: string | null
  readonly #logger: Logger
  readonly #devices = new Map<string, 'here' | 'lost' | 'gone'>()
  #kept = ''

  /** @param path of the file that keeps the promises; null keeps none. */
  constructor(path: string | null, logger: Logger) {
    this.#path = path
    this.#logger = logger
  }

  /**
   * For a start: who was expected when the gateway ended is lost until it comes.
   * @param mayCome false for a device that was taken out meanwhile: nobody waits for it.
   */
  load(mayCome: (id: string) => boolean): void {
    if (this.#path === null || this.#devices.size > 0) return
    try {
      const text = readPrivateFile(this.#path)
      for (const id of text === null ? [] : stored.parse(JSON.parse(text)))
        this.#devices.set(id, mayCome(id) ? 'lost' : 'gone')
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'which devices were connected is not known any more')
    }
    this.#kept = this.#expected()
  }

  here(id: string): void {
    this.#set(id, 'here')
  }

  lost(id: string): void {
    if (this.#devices.get(id) !== 'lost') this.#logger.warn({ device: id }, `device ${id} went without a word`)
    this.#set(id, 'lost')
  }

  /** It said goodbye, or promises nothing any more. */
  gone(id: string): void {
    if (this.#devices.has(id)) this.#set(id, 'gone')
  }

  check(): SystemCondition[] {
    return [...this.#devices].map(([id, state]) => ({
      condition: `device-lost-${id}`,
      priority: 'medium',
      delayMs: DELAY_MS,
      present: state === 'lost',
    }))
  }

  #set(id: string, state: 'here' | 'lost' | 'gone'): void {
    if (!this.#devices.has(id) && this.#devices.size >= MAX_DEVICES) return
    this.#devices.set(id, state)
    const expected = this.#expected()
    if (this.#path === null || expected === this.#kept) return
    this.#kept = expected
    try {
      writePrivateFile(this.#path, `${expected}\n`)
    } catch (error) {
      this.#logger.warn({ reason: (error as Error).message }, 'which devices are connected could not be kept')
    }
  }

  #expected(): string {
    return JSON.stringify([...this.#devices].flatMap(([id, state]) => (state === 'gone' ? [] : [id])).sort())
  }
}
