/** `clock`: whether the machine's clock is believed. */
import { z } from 'zod'

export const clockConfig = z
  .strictObject({
    /** auto: ask the machine's time service, where it has one. always: believe the machine's clock whatever it says. */
    trust: z.enum(['auto', 'always']).default('auto'),
    /** How long readings wait for a clock that is not set before they are pushed with a remark. */
    holdHours: z.number().min(0).max(720).default(24),
  })
  .prefault({})
