import { defaultFindings } from '#gateway/clinical/limits/findings.js'
import { defaultLimits, type Limit } from '#gateway/clinical/limits/limits.js'
import type { Actor } from '#gateway/model/alert.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { checkSetting, SETTING_KEYS, SETTINGS, type SettingKey } from './catalog.js'
import type { LimitChange, SettingChange, SettingValue } from './change.js'
import { type Configured, checkChange, type InForce, inForce, overridesOf } from './in-force.js'

/** Where the changes are kept. */
export interface SettingsJournal {
  /** Durable when it returns. @throws HomebeatError `journal.*` */
  append(change: SettingChange): void
  /** Oldest first. */
  all(): SettingChange[]
}

/** Where a limit or a setting comes from. */
export interface Origin {
  readonly from: 'default' | 'configuration' | 'change'
  /** Of the default. */
  readonly source: string
  /** Of the latest change that is in force. */
  readonly by?: string
  readonly at?: number
  readonly why?: string
}

export interface ListedLimit
  extends Partial<Pick<Limit, 'observable' | 'component' | 'comparator' | 'value' | 'clearAt'>> {
  readonly condition: string
  readonly enabled: boolean
  readonly delaySeconds: number
  readonly priority: Limit['priority']
  readonly latching: boolean
  readonly origin: Origin
}

export interface ListedSetting {
  readonly key: SettingKey
  readonly value: SettingValue
  readonly unit: string
  readonly range: string
  readonly label: string
  readonly origin: Origin
}

/** The patient's limits and settings: what is in force, who changed it and why. A change is durable before it is in force. */
export class PatientSettings implements HealthCheck {
  readonly #configured: Configured
  readonly #journal: SettingsJournal
  readonly #clock: Clock
  readonly #listeners = new Set<(inForce: InForce) => void>()
  #changes: readonly SettingChange[]
  #inForce: InForce
  /** Limits of the past, by the number of changes that were in force. */
  readonly #past = new Map<number, readonly Limit[]>()

  /** @throws HomebeatError `limits.*`, `settings.*` where the configuration is wrong */
  constructor(options: { configured: Configured; journal: SettingsJournal; clock: Clock; logger: Logger }) {
    this.#configured = options.configured
    this.#journal = options.journal
    this.#clock = options.clock
    this.#changes = this.#journal.all()
    this.#inForce = inForce(this.#configured, this.#changes)
    for (const { name, at } of this.#inForce.rejected)
      options.logger.warn(
        { name, at },
        'a change of a limit or setting does not go with the configuration and is not in force',
      )
  }

  get inForce(): InForce {
    return this.#inForce
  }

  /** The limits by which a value of that instant (epoch ms) was judged. */
  limitsAt(at: number): readonly Limit[] {
    const count = this.#changes.filter((change) => change.at <= at).length
    if (count === this.#changes.length) return this.#inForce.limits
    let limits = this.#past.get(count)
    if (!limits) {
      limits = inForce(this.#configured, this.#changes.slice(0, count)).limits
      this.#past.set(count, limits)
    }
    return limits
  }

  /** Told after each change. */
  onChange(listener: (inForce: InForce) => void): void {
    this.#listeners.add(listener)
  }

  /** @throws HomebeatError `limits.*`: why it would not be safe, or `journal.*`; nothing has changed then */
  setLimit(condition: string, change: LimitChange, actor: Actor, why: string): ListedLimit {
    if (Object.keys(change).length === 0)
      throw new HomebeatError('limits.nothing', `${condition}: say what to change, e.g. --value or --delay.`)
    this.#change({ kind: 'limit', name: condition, change, at: this.#now(), actor, why })
    return this.#listed(condition)
  }

  /** Back to what the configuration says. @throws HomebeatError `limits.unknown`, `journal.*` */
  resetLimit(condition: string, actor: Actor, why: string): ListedLimit {
    this.#change({ kind: 'limit', name: condition, change: null, at: this.#now(), actor, why })
    return this.#listed(condition)
  }

  /** @throws HomebeatError `settings.*`, `journal.*` */
  setSetting(key: string, value: SettingValue, actor: Actor, why: string): ListedSetting {
    this.#change({ kind: 'setting', name: key, change: value, at: this.#now(), actor, why })
    return this.#listedSetting(key as SettingKey)
  }

  /** Back to what the configuration says. @throws HomebeatError `settings.unknown`, `journal.*` */
  resetSetting(key: string, actor: Actor, why: string): ListedSetting {
    checkSetting(key, SETTINGS[key as SettingKey]?.default ?? '')
    this.#change({ kind: 'setting', name: key, change: null, at: this.#now(), actor, why })
    return this.#listedSetting(key as SettingKey)
  }

  limits(): ListedLimit[] {
    return [...defaultLimits, ...defaultFindings].map(({ condition }) => this.#listed(condition))
  }

  settings(): ListedSetting[] {
    return SETTING_KEYS.map((key) => this.#listedSetting(key))
  }

  /** Latest first. */
  log(limit: number): SettingChange[] {
    return this.#changes.slice(-limit).reverse()
  }

  /** Where a condition's limit comes from; null: there is no such condition. */
  originOf(condition: string): Origin | null {
    const row = [...defaultLimits, ...defaultFindings].find((one) => one.condition === condition)
    return row ? this.#origin('limit', condition, row.source, this.#configured.limits[condition] !== undefined) : null
  }

  /** A change of a clinician that is not in force must not go unseen. */
  check(): readonly SystemCondition[] {
    const present = this.#inForce.rejected.length > 0
    return [{ condition: 'setting-not-in-force', priority: 'medium', delayMs: 0, present }]
  }

  #change(change: SettingChange): void {
    checkChange(this.#configured, this.#changes, change)
    this.#journal.append(change)
    this.#changes = [...this.#changes, change]
    this.#inForce = inForce(this.#configured, this.#changes)
    for (const listener of this.#listeners) listener(this.#inForce)
  }

  /** Later than every earlier change: a clock that is set back must not reorder them. */
  #now(): number {
    return Math.max(this.#clock.now(), this.#changes.at(-1)?.at ?? 0)
  }

  #listed(condition: string): ListedLimit {
    const byName = <Row extends { readonly condition: string }>(rows: readonly Row[]) =>
      rows.find((row) => row.condition === condition)
    const { limits, findings } = this.#inForce
    const limit = byName(limits) ?? byName(defaultLimits)
    const row = limit ?? byName(findings) ?? byName(defaultFindings)
    const origin = this.originOf(condition)
    if (!row || !origin) throw new HomebeatError('limits.unknown', `There is no condition ${condition}.`)
    const { delaySeconds, priority, latching = false } = row
    const enabled = (byName(limits) ?? byName(findings)) !== undefined
    if (!limit) return { condition, enabled, delaySeconds, priority, latching, origin }
    const { observable, component, comparator, value, clearAt } = limit
    return {
      ...{ condition, enabled, observable, component, comparator, value, clearAt },
      ...{ delaySeconds, priority, latching, origin },
    }
  }

  #listedSetting(key: SettingKey): ListedSetting {
    const { unit, range, label, source } = SETTINGS[key]
    const value = this.#inForce.settings[key]
    const origin = this.#origin('setting', key, source, this.#configured.settings[key] !== undefined)
    return { key, value, unit, range, label, origin }
  }

  #origin(kind: SettingChange['kind'], name: string, source: string, configured: boolean): Origin {
    const own = this.#changes.filter(
      (change) => change.kind === kind && change.name === name && !this.#inForce.rejected.includes(change),
    )
    const latest = own.at(-1)
    const holds = kind === 'limit' ? Object.keys(overridesOf(own, name)).length > 0 : latest?.change !== null
    if (latest && holds) return { from: 'change', source, by: latest.actor.by, at: latest.at, why: latest.why }
    return { from: configured ? 'configuration' : 'default', source }
  }
}
