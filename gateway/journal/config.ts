/** `commit`. */
import { z } from 'zod'

/** How long readings may be collected before they are written: the most that a power cut can take. */
export const commitConfig = z
  .strictObject({
    maxDelayMs: z.number().int().min(0).max(5000).default(50),
    maxCount: z.number().int().min(1).max(10000).default(200),
  })
  .prefault({})
