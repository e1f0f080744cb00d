import { type Purgeable, Retention, type RetentionPolicy } from '#gateway/journal/retention/retention.js'
import { Scrub, type Scrubbable } from '#gateway/journal/salvage/scrub.js'
import { DiskCheck, type DiskCheckOptions } from '#gateway/liveness/disk-check.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Part } from './program.js'

/** Retention, each hour and whenever the disk has become low; the journal's being read through each night; the disk's alarm. */
export function storageParts(dependencies: {
  readonly dataDir: string
  readonly journal: Purgeable
  readonly scrub: Scrubbable
  readonly disk: Pick<DiskCheckOptions, 'lowMb' | 'criticalMb'>
  readonly retention: RetentionPolicy
  readonly statfs: DiskCheckOptions['statfs']
  readonly clock: Clock
  readonly logger: Logger
}): Part[] {
  const { dataDir, journal, retention: policy, statfs, clock, logger } = dependencies
  const disk = new DiskCheck({ folder: dataDir, ...dependencies.disk, statfs, logger })
  const retention = new Retention({ journal, policy, diskLow: () => disk.isLow, clock, logger })
  disk.onLow(() => {
    retention.run().catch((error) => logger.error({ err: error }, 'retention failed; it runs again in an hour'))
  })
  const run = async () => void (await retention.run())
  const scrub = new Scrub({ journal: dependencies.scrub, clock, logger })
  const jobs = [
    { name: 'retention', cron: '23 * * * *', action: run },
    // Not waited for: a large journal takes an hour.
    { name: 'read the journal', cron: '41 3 * * *', action: async () => void scrub.run() },
  ]
  return [{ name: 'storage', stage: 'open', health: disk, jobs }]
}
