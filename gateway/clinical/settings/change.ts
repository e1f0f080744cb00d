import { z } from 'zod'
import { type Actor, PRIORITIES } from '#gateway/model/alert.js'

/** What a change says of a limit: only what it names differs from before. */
export const limitChange = z.strictObject({
  /** In the unit of its number; the comparator stays. */
  value: z.number().optional(),
  clearAt: z.number().optional(),
  delaySeconds: z.number().min(0).max(3600).optional(),
  priority: z.enum(PRIORITIES).optional(),
  /** Stays when the value is back, until somebody acknowledges it. */
  latching: z.boolean().optional(),
  /** A crossing is measured again before it alarms; `false`: it is not. */
  confirm: z
    .union([
      z.literal(false),
      z.strictObject({
        repeatAfterSeconds: z.number().min(60).max(3600).optional(),
        withinSeconds: z.number().min(60).max(7200).optional(),
        atOnceBeyond: z.number().optional(),
      }),
    ])
    .optional(),
  enabled: z.boolean().optional(),
})
export type LimitChange = z.output<typeof limitChange>

export type SettingValue = number | string

/** One thing that somebody changed for this patient; kept for ever, with who and why. */
export type SettingChange = {
  /** Epoch ms. */
  readonly at: number
  /** The condition, the key of a setting, or what was entered. */
  readonly name: string
  readonly actor: Actor
  readonly why: string
} & (
  | { readonly kind: 'limit'; readonly change: LimitChange | null }
  | { readonly kind: 'setting'; readonly change: SettingValue | null }
)
/* `null`: back to what the configuration says. */
