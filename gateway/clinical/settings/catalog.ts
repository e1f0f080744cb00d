/**
 * Clinical settings that are no limit, as data: key, range, unit, default, source. A clinician changes them for the
 * patient (`homebeat settings set`), or homebeat.yaml does (`alerts.settings`).
 */
import { z } from 'zod'
import { ANALYSIS_DEFAULTS, type AnalysisOptions } from '#gateway/clinical/analyse/options.js'
import { NEWS2_DEFAULTS, type News2Options } from '#gateway/clinical/scores/news2.js'
import { FALL_DEFAULTS } from '#gateway/clinical/signals/motion/fall-detector.js'
import { OXYGEN_SUPPLIES, type OxygenSupply } from '#gateway/model/manual-observation.js'
import { HomebeatError } from '#gateway/platform/errors.js'
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

const SECOND_MS = 1000
const MINUTE_MS = 60_000
const NEWS2 = 'NEWS2 (Royal College of Physicians, 2017)'
const LOCAL = 'project default, not verified: to be set by a clinician'

function number(label: string, unit: string, low: number, high: number, value: number): SettingRow {
  return {
    label,
    unit,
    schema: z.number().min(low).max(high),
    range: `${low} to ${high} ${unit}`,
    default: value,
    source: LOCAL,
  }
}

function minutes(label: string, low: number, high: number, defaultMs: number): SettingRow {
  return { ...number(label, 'min', low, high, defaultMs / MINUTE_MS), range: `${low} to ${high} minutes` }
}

const { maxAgeMs } = NEWS2_DEFAULTS
const { ecg } = ANALYSIS_DEFAULTS

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
  'ecg.pause-seconds': number('longer than this between two beats is a pause', 's', 2, 10, ecg.pauseMs / SECOND_MS),
  'ecg.asystole-seconds': number(
    'no beat for longer than this is a standstill',
    's',
    3,
    10,
    ecg.asystoleMs / SECOND_MS,
  ),
  'fall.free-fall-g': number('weightless is less than this', 'g', 0.2, 0.8, FALL_DEFAULTS.freeFallG),
  'fall.impact-g': number('an impact is harder than this', 'g', 1.5, 6, FALL_DEFAULTS.impactG),
  'fall.turn-degrees': number('turned by at least this', '°', 30, 90, FALL_DEFAULTS.degrees),
  'fall.recovery-seconds': number(
    'not recovered for this after the impact',
    's',
    10,
    300,
    FALL_DEFAULTS.recoveryMs / SECOND_MS,
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

export function analysisOptionsOf(settings: Settings): AnalysisOptions {
  const ms = (key: SettingKey) => Number(settings[key]) * SECOND_MS
  return {
    ecg: { pauseMs: ms('ecg.pause-seconds'), asystoleMs: ms('ecg.asystole-seconds') },
    fall: {
      ...FALL_DEFAULTS,
      freeFallG: Number(settings['fall.free-fall-g']),
      impactG: Number(settings['fall.impact-g']),
      degrees: Number(settings['fall.turn-degrees']),
      recoveryMs: ms('fall.recovery-seconds'),
    },
  }
}
