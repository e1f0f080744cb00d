/** `alerts.rehearsal`: when the home's alarm is tried. */
import { z } from 'zod'
import { cron } from '#gateway/platform/config-grammar.js'

export const rehearsalConfig = z
  .strictObject({
    /** Local time of the home, e.g. `0 11 * * 3`: Wednesdays at 11. Left out: only when a person asks for it. */
    at: cron.optional(),
    /** How long nobody may answer, before that is an alarm of its own. */
    answerMinutes: z.number().min(1).max(1440).default(60),
  })
  .prefault({})
