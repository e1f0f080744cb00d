/** What is in force for this patient: defaults ← homebeat.yaml ← changes, in their order. Pure. */
import { defaultFindings, type FindingRow } from '#gateway/clinical/limits/findings.js'
import { defaultLimits, type Limit, limitsInForce } from '#gateway/clinical/limits/limits.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { checkSetting, DEFAULT_SETTINGS, type Settings } from './catalog.js'
import type { LimitChange, SettingChange, SettingValue } from './change.js'
import { checkLimits } from './check-limits.js'

/** What homebeat.yaml says. */
export interface Configured {
  readonly limits: Readonly<Record<string, LimitChange>>
  readonly settings: Readonly<Record<string, SettingValue>>
}

export interface InForce {
  readonly limits: readonly Limit[]
  /** Of analysers and scores. */
  readonly findings: readonly FindingRow[]
  readonly settings: Settings
  /** Changes that no longer hold: the configuration, or a later version, contradicts them. */
  readonly rejected: readonly SettingChange[]
}

/** @throws HomebeatError `limits.*`, `settings.*` where the configuration itself is wrong; a change never makes it throw. */
export function inForce(configured: Configured, changes: readonly SettingChange[]): InForce {
  let state = stateOf(configured, [])
  const accepted: SettingChange[] = []
  const rejected: SettingChange[] = []
  for (const change of changes) {
    try {
      state = stateOf(configured, [...accepted, change])
      accepted.push(change)
    } catch {
      rejected.push(change)
    }
  }
  return { ...state, rejected }
}

/** @throws HomebeatError `limits.*`, `settings.*`: the change that is last does not go with what is in force. */
export function checkChange(configured: Configured, changes: readonly SettingChange[], change: SettingChange): void {
  const { rejected } = inForce(configured, changes)
  stateOf(configured, [...changes.filter((one) => !rejected.includes(one)), change])
}

/** The changes of one limit laid over each other, since its last reset. */
export function overridesOf(changes: readonly SettingChange[], condition: string): LimitChange {
  let result: LimitChange = {}
  for (const one of changes)
    if (one.kind === 'limit' && one.name === condition) result = one.change ? { ...result, ...one.change } : {}
  return result
}

function stateOf(configured: Configured, changes: readonly SettingChange[]): Omit<InForce, 'rejected'> {
  const overrides: Record<string, LimitChange> = { ...configured.limits }
  for (const name of new Set(changes.flatMap(({ kind, name }) => (kind === 'limit' ? [name] : []))))
    overrides[name] = { ...configured.limits[name], ...overridesOf(changes, name) }
  const values: Record<string, SettingValue> = { ...configured.settings }
  for (const { kind, name, change } of changes) {
    if (kind !== 'setting') continue
    const before = configured.settings[name]
    if (change !== null) values[name] = change
    else if (before === undefined) delete values[name]
    else values[name] = before
  }
  return { ...conditionsInForce(overrides), settings: settingsInForce(values) }
}

function conditionsInForce(overrides: Readonly<Record<string, LimitChange>>): Pick<InForce, 'limits' | 'findings'> {
  const findingNames = new Set(defaultFindings.map(({ condition }) => condition))
  const names = [...defaultLimits.map(({ condition }) => condition), ...findingNames]
  const unknown = Object.keys(overrides).filter((name) => !names.includes(name))
  if (unknown.length > 0)
    throw new HomebeatError(
      'limits.unknown',
      `There is no condition ${unknown.join(', ')}; the conditions are ${names.join(', ')}.`,
    )
  const ofLimits = Object.entries(overrides).filter(([name]) => !findingNames.has(name))
  const limits = limitsInForce(Object.fromEntries(ofLimits))
  checkLimits(limits)
  const findings = defaultFindings.flatMap((row) => {
    const override = overrides[row.condition] ?? {}
    if (override.value !== undefined || override.clearAt !== undefined)
      throw new HomebeatError(
        'limits.no-value',
        `${row.condition} has no value of its own to set: set its delay, its priority, or switch it off.`,
      )
    if (override.enabled === false) return []
    const { delaySeconds = row.delaySeconds, priority = row.priority, latching = row.latching } = override
    return [{ ...row, delaySeconds, priority, ...(latching !== undefined && { latching }) }]
  })
  return { limits, findings }
}

function settingsInForce(values: Readonly<Record<string, SettingValue>>): Settings {
  const result: Record<string, SettingValue> = { ...DEFAULT_SETTINGS }
  for (const [key, value] of Object.entries(values)) result[checkSetting(key, value)] = value
  return result as Settings
}
