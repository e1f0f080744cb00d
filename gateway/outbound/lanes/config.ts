/** `lanes`: how long deliveries may wait before it is an alarm. */
import { z } from 'zod'

/** How long something may wait before people are told, minutes. */
export const lanesConfig = z
  .strictObject({
    pushMinutes: z.number().min(1).max(10080).default(30),
    anchorMinutes: z.number().min(1).max(10080).default(120),
    alertMinutes: z.number().min(0.5).max(60).default(2),
  })
  .prefault({})
