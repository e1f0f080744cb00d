import { type Purgeable, Retention, type RetentionPolicy } from '#gateway/journal/retention/retention.js'
import { DiskCheck, type DiskCheckOptions } from '#gateway/liveness/disk-check.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Part } from './program.js'

/** Retention, each hour and whenever the disk has become low, and the disk's own alarm. */
export function storageParts(dependencies: {
  readonly dataDir: string
  readonly journal: Purgeable
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
  return [
    { name: 'storage', stage: 'open', health: disk, jobs: [{ name: 'retention', cron: '23 * * * *', action: run }] },
  ]
}
