/** `alerts.limits` and `alerts.settings`: what the configuration says before a clinician changes it. */
import { z } from 'zod'
import { limitChange } from './change.js'

/** By condition name, e.g. `low-oxygen-saturation`; `homebeat limits list` names them. */
export const limitsConfig = z.record(z.string(), limitChange).default({})

/** By key, e.g. `news2.spo2-scale`; `homebeat settings list` names them. */
export const settingsConfig = z.record(z.string(), z.union([z.number(), z.string()])).default({})

export type LimitOverrides = z.output<typeof limitsConfig>
