/** Whether the time of this machine can be believed. */
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '#gateway/platform/package-root.js'
import type { TimeService } from './time-service.js'

/**
 * configured: the configuration says so. synchronised: a time service has set it. no-time-service: nothing is known, and
 * it is plausible. Not believed: not-synchronised (a time service has not got through yet), before-build and
 * before-journal (nothing is known, and the time is over already).
 */
export type ClockGrounds =
  | 'configured'
  | 'synchronised'
  | 'no-time-service'
  | 'not-synchronised'
  | 'before-build'
  | 'before-journal'

export interface ClockJudgement {
  readonly trusted: boolean
  readonly grounds: ClockGrounds
}

export interface WallClockFacts {
  /** `always`: whatever the machine says. */
  readonly trust: 'auto' | 'always'
  readonly service: Pick<TimeService, 'synchronised'>
  /** Epoch ms before which this program cannot have run. */
  readonly builtAt: number
  /** Epoch ms of the newest trusted time in the journal, or null. */
  readonly newest: number | null
}

export function judgeWallClock(now: number, { trust, service, builtAt, newest }: WallClockFacts): ClockJudgement {
  const no = (grounds: ClockGrounds) => ({ trusted: false, grounds })
  if (trust === 'always') return { trusted: true, grounds: 'configured' }
  const synchronised = service.synchronised()
  if (synchronised === true) return { trusted: true, grounds: 'synchronised' }
  if (synchronised === false) return no('not-synchronised')
  if (now < builtAt) return no('before-build')
  if (newest !== null && now < newest) return no('before-journal')
  return { trusted: true, grounds: 'no-time-service' }
}

/** Minutes east of UTC of this machine. @param at epoch ms */
export const zoneOffset = (at: number): number => -new Date(at).getTimezoneOffset()

/** Packages are often unpacked with a date of long ago: this program is not older than its first release. */
const FIRST_RELEASE = Date.UTC(2026, 0, 1)

/** When this program was put on this machine, as its files say, epoch ms. */
export function buildTime(): number {
  const { mtimeMs } = statSync(join(packageRoot, 'package.json'))
  return Math.max(FIRST_RELEASE, Math.floor(mtimeMs))
}
