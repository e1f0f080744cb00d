/** Whether this machine's clock is kept by a time service, as far as that can be known without privilege. */
import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { promisify } from 'node:util'
import type { Clock } from '#gateway/platform/clock.js'

export interface TimeService {
  /** True: synchronised since boot. False: there is a time service, and it has not got through yet. Null: cannot be known. */
  synchronised(): boolean | null
  /** Asks anew. Never rejects. */
  refresh(): Promise<void>
}

/** systemd-timesyncd makes it at its first synchronisation after boot (systemd-timesyncd.service(8)); /run is empty at boot. */
const TIMESYNCD_FLAG = '/run/systemd/timesync/synchronized'
/** `NTPSynchronized` is the kernel's STA_UNSYNC flag (adjtimex(2)), which chrony and ntpd clear too; `NTP`: a service is enabled. */
const TIMEDATECTL = ['show', '-p', 'NTP', '-p', 'NTPSynchronized'] as const
const PATIENCE_MS = 5000
const REFRESH_MS = 10_000

export interface TimeServiceDependencies {
  readonly clock: Clock
  readonly exists: (path: string) => boolean
  /** Standard output of timedatectl; rejects where there is none, or it does not answer. */
  readonly timedatectl: (args: readonly string[]) => Promise<string>
}

export class SystemTimeService implements TimeService {
  readonly #dependencies: TimeServiceDependencies
  #said: boolean | null = null
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, dependencies: Partial<Omit<TimeServiceDependencies, 'clock'>> = {}) {
    this.#dependencies = { clock, exists: existsSync, timedatectl, ...dependencies }
  }

  /** What the last answer said; asks for a new one when that is old. */
  synchronised(): boolean | null {
    const now = this.#dependencies.clock.monotonic()
    if (this.#said !== true && now - this.#askedAt >= REFRESH_MS) void this.refresh()
    return this.#said
  }

  async refresh(): Promise<void> {
    this.#askedAt = this.#dependencies.clock.monotonic()
    if (this.#dependencies.exists(TIMESYNCD_FLAG)) {
      this.#said = true
      return
    }
    this.#said = await this.#dependencies.timedatectl(TIMEDATECTL).then(readTimedatectl, () => null)
  }
}

/** A machine without an enabled time service is set by hand or by its own clock: nothing can be known of it. */
export function readTimedatectl(text: string): boolean | null {
  const said = new Map(text.split('\n').map((line) => line.trim().split('=', 2) as [string, string | undefined]))
  if (said.get('NTPSynchronized') === 'yes') return true
  return said.get('NTP') === 'yes' ? false : null
}

async function timedatectl(args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)('timedatectl', [...args], { timeout: PATIENCE_MS, maxBuffer: 4096 })
  return stdout
}
