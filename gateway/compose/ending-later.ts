import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Part } from './program.js'

/**
 * These are told to stop before the transports, and waited for once the last readings are stored: one may wait for a disk
 * that refuses, which is given up only then.
 */
export function endingLater(name: string, lifecycles: readonly Lifecycle[]): Part[] {
  const ends: Promise<void>[] = []
  const ended = async () => void (await Promise.all(ends))
  return [
    { name: `end of ${name}`, stage: 'outbound', lifecycle: { stop: ended }, drain: ended },
    {
      name,
      stage: 'inbound',
      lifecycle: lifecycles.map((one) => ({
        start: () => one.start(),
        stop: async () => void ends.push(one.stop()),
      })),
    },
  ]
}
