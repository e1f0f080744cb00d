/** `batches`: when Observations are closed into a batch, and how many at most. */
import { z } from 'zod'
import { cron } from '#gateway/platform/config-grammar.js'

export const batchesConfig = z
  .strictObject({ cron: cron.default('*/5 * * * *'), maxCount: z.number().int().min(1).max(5000).default(500) })
  .prefault({})
