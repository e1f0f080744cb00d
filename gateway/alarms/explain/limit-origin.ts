import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import type { SettingChange } from '#gateway/clinical/settings/change.js'
import type { LimitOverrides } from '#gateway/clinical/settings/config.js'
import type { LimitOrigin } from '#gateway/model/alarm-explanation.js'
import type { AlertTransition } from '#gateway/model/alert.js'

/** Who changed a condition's limit last before that time (epoch ms); null where nobody did. */
export type ChangedSetting = (
  condition: string,
  at: number,
) => { readonly by: string; readonly at: number; readonly note?: string } | null

/** From the log of what clinicians changed, oldest first. */
export function changedLimit(log: readonly SettingChange[]): ChangedSetting {
  return (condition, at) => {
    const last = log.filter((one) => one.kind === 'limit' && one.name === condition && one.at <= at).at(-1)
    // Where the last change was a reset, the configuration or the default holds again.
    return last?.change ? { by: last.actor.by, at: last.at, note: last.why } : null
  }
}

/** Null where no limit caused the alarm. @param overrides of the configuration as it is now */
export function limitOrigin(
  { condition, limit, raisedAt }: AlertTransition,
  overrides: LimitOverrides,
  changed: ChangedSetting = () => null,
): LimitOrigin | null {
  if (!limit) return null
  const change = changed(condition, raisedAt)
  if (change) return { from: 'clinician', ...change }
  const row = defaultLimits.find((known) => known.condition === condition)
  if (!row) return { from: 'unknown' }
  const configured = Object.hasOwn(overrides, condition) ? overrides[condition]?.value : undefined
  if (limit.value === (configured ?? row.value))
    return configured === undefined || configured === row.value
      ? { from: 'default', source: row.source }
      : { from: 'configuration', default: row.value }
  return limit.value === row.value ? { from: 'default', source: row.source } : { from: 'unknown' }
}
