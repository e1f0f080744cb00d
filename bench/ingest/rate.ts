/** Messages a second into one receiver: the same devices, the same messages; counted from the first to the last PUBACK. */

import { Helper, usage } from './processes.js'
import type { PublisherOptions } from './publishers.js'

export interface Rate {
  readonly perSecond: number
  /** Share of one core of the receiver, and its CPU time for one message. */
  readonly cpuShare: number
  readonly cpuUs: number
}

/** Messages in flight of each client: together more than two groups of the default group commit. */
export const WINDOW = 64

/** A warm-up of a quarter, then the measurement. */
export async function measureRate(
  options: Omit<PublisherOptions, 'window'> & { readonly count: number; readonly pid: number },
): Promise<Rate> {
  const { count, pid, ...rest } = options
  const publishers = new Helper('./publishers.ts', { ...rest, window: WINDOW } satisfies PublisherOptions)
  try {
    await publishers.next()
    await publishers.ask({ count: count / 4 })
    const before = usage(pid).cpuS
    const { seconds } = await publishers.ask<{ seconds: number }>({ count })
    const cpuS = usage(pid).cpuS - before
    return { perSecond: count / seconds, cpuShare: cpuS / seconds, cpuUs: (1e6 * cpuS) / count }
  } finally {
    await publishers.stop()
  }
}
