/**
 * Clinical settings that are no limit, as data: key, range, unit, default, source. A clinician changes them for the
 * patient (`homebeat settings set`), or homebeat.yaml does (`alerts.settings`).
 */
import { z } from 'zod'
import { HomebeatError } from '#gateway/runtime/errors.js'
import { NEWS2_DEFAULTS, type News2Options, OXYGEN_SUPPLIES, type OxygenSupply } from '#gateway/scores/news2.js'
import type { SettingValue } from './change.js'

export interface SettingRow {
  readonly label: string
  /** For people. */
  readonly unit: string
  readonly schema: z.ZodType<SettingValue>
  /** What may be given, in words. */
  readonly range: string
  readonly default: SettingValue
  readonly source: string
}

const MINUTE_MS = 60_000
const NEWS2 = 'NEWS2 (Royal College of Physicians, 2017)'
const LOCAL = 'project default, not verified: to be set by a clinician'

function minutes(label: string, low: number, high: number, defaultMs: number): SettingRow {
  return {
    label,
    unit: 'min',
    schema: z.number().min(low).max(high),
    range: `${low} to ${high} minutes`,
    default: defaultMs / MINUTE_MS,
    source: LOCAL,
  }
}

const { maxAgeMs } = NEWS2_DEFAULTS

export const SETTINGS = {
  'news2.spo2-scale': {
    label: 'SpO2 scale of NEWS2: 2 only for confirmed hypercapnic respiratory failure with a target of 88–92 %',
    unit: '',
    schema: z.union([z.literal(1), z.literal(2)]),
    range: '1 or 2',
    default: NEWS2_DEFAULTS.scale,
    source: NEWS2,
  },
  'news2.assumed-oxygen': {
    label: 'what NEWS2 assumes while nobody has entered it: oxygen for a patient on long-term oxygen',
    unit: '',
    schema: z.enum(OXYGEN_SUPPLIES),
    range: 'air or oxygen',
    default: NEWS2_DEFAULTS.assumedOxygen,
    source: LOCAL,
  },
  'news2.max-age-continuous': minutes('how old pulse, respiration and SpO2 may be', 1, 60, maxAgeMs.pulse),
  'news2.max-age-temperature': minutes('how old a temperature may be', 5, 1440, maxAgeMs.temperature),
  'news2.max-age-pressure': minutes('how old a blood pressure may be', 15, 2880, maxAgeMs.systolic),
  'news2.max-age-entered': minutes(
    'how old the entered consciousness and air or oxygen may be',
    15,
    2880,
    maxAgeMs.consciousness,
  ),
} as const satisfies Record<string, SettingRow>

export type SettingKey = keyof typeof SETTINGS
export const SETTING_KEYS = Object.keys(SETTINGS) as SettingKey[]
export type Settings = Readonly<Record<SettingKey, SettingValue>>

export const DEFAULT_SETTINGS = Object.fromEntries(
  SETTING_KEYS.map((key) => [key, SETTINGS[key].default]),
) as unknown as Settings

/** @throws HomebeatError `settings.unknown`, `settings.range` */
export function checkSetting(key: string, value: SettingValue): SettingKey {
  const row: SettingRow | undefined = Object.hasOwn(SETTINGS, key) ? SETTINGS[key as SettingKey] : undefined
  if (!row)
    throw new HomebeatError(
      'settings.unknown',
      `There is no setting ${key}; the settings are ${SETTING_KEYS.join(', ')}.`,
    )
  if (!row.schema.safeParse(value).success) throw new HomebeatError('settings.range', `${key}: give ${row.range}.`)
  return key as SettingKey
}

export function news2OptionsOf(settings: Settings): News2Options {
  const ms = (key: SettingKey) => Number(settings[key]) * MINUTE_MS
  const continuous = ms('news2.max-age-continuous')
  const entered = ms('news2.max-age-entered')
  return {
    scale: settings['news2.spo2-scale'] === 2 ? 2 : 1,
    assumedOxygen: settings['news2.assumed-oxygen'] as OxygenSupply,
    maxAgeMs: {
      respiration: continuous,
      oxygenSaturation: continuous,
      pulse: continuous,
      temperature: ms('news2.max-age-temperature'),
      systolic: ms('news2.max-age-pressure'),
      oxygen: entered,
      consciousness: entered,
    },
  }
}
