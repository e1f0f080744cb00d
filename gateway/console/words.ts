/**
 * How the feed's values are said to people: names, units, ages, remarks. Pure, shared by the page and the terminal
 * view, so that both say the same. Says what was measured and never what it means: no diagnosis.
 */
import type { BodyPosition, Quality, SensorKind } from '#fhir/measurement.js'
import type { Priority } from '#gateway/alerts/alert.js'
import { CONDITION_WORDS } from '#gateway/alerts/condition-words.js'
import type { LiveEvent, LiveValue } from './feed.js'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

export interface SensorWords {
  readonly name: string
  /** At most 12 characters, for narrow places. */
  readonly short: string
  /** Milliseconds after which a value is no longer called live. The cuff and the glucometer are read on a schedule. */
  readonly staleAfterMs: number
  /** Digits after the point. */
  readonly digits: number
}

export const SENSOR_WORDS: Readonly<Record<SensorKind, SensorWords>> = {
  pulse: { name: 'Pulse', short: 'Pulse', staleAfterMs: 30 * SECOND, digits: 0 },
  spo2: { name: 'Oxygen (SpO₂)', short: 'Oxygen', staleAfterMs: 30 * SECOND, digits: 0 },
  airflow: { name: 'Breathing', short: 'Breathing', staleAfterMs: 60 * SECOND, digits: 0 },
  bodyTemperature: { name: 'Temperature', short: 'Temperature', staleAfterMs: 60 * SECOND, digits: 1 },
  ecg: { name: 'ECG', short: 'ECG', staleAfterMs: 30 * SECOND, digits: 0 },
  glucose: { name: 'Blood glucose', short: 'Glucose', staleAfterMs: 12 * HOUR, digits: 0 },
  gsr: { name: 'Skin conductance', short: 'Skin', staleAfterMs: 60 * SECOND, digits: 1 },
  bloodPressure: { name: 'Blood pressure', short: 'Pressure', staleAfterMs: 12 * HOUR, digits: 0 },
  position: { name: 'Body position', short: 'Position', staleAfterMs: 60 * SECOND, digits: 0 },
  emg: { name: 'Muscle (EMG)', short: 'EMG', staleAfterMs: DAY, digits: 0 },
}

/** The order in which people look for them. */
export const SENSOR_ORDER: readonly SensorKind[] = [
  'pulse',
  'spo2',
  'airflow',
  'bloodPressure',
  'bodyTemperature',
  'glucose',
  'ecg',
  'position',
  'gsr',
  'emg',
]

/** UCUM code → what is printed beside the number. */
const UNITS: Readonly<Record<string, string>> = { Cel: '°C', 'mm[Hg]': 'mmHg', uS: 'µS', uV: 'µV', '1': '' }

export function unitWords(ucum: string): string {
  return UNITS[ucum] ?? ucum
}

const POSITIONS: Readonly<Record<BodyPosition, string>> = {
  supine: 'On the back',
  prone: 'On the front',
  'left-lateral': 'On left side',
  'right-lateral': 'On right side',
  upright: 'Sitting or standing',
  undefined: 'Not clear',
}

const QUALITIES: Readonly<Record<Quality, string>> = {
  good: '',
  questionable: 'use with care',
  implausible: 'not plausible',
  missing: 'no value',
}

/** `probe-off` → `probe off`; only what reads badly word by word has an entry. */
const REMARKS: Readonly<Record<string, string>> = {
  acquiring: 'acquiring…',
  'device-clock-unverified': 'device clock not verified',
  'probe-off': 'probe off',
  'clock-unset': 'gateway clock not set',
}

export function remarkWords(remark: string): string {
  return REMARKS[remark] ?? remark.replaceAll('-', ' ')
}

const ACRONYMS: Readonly<Record<string, string>> = {
  spo2: 'SpO₂',
  ecg: 'ECG',
  emg: 'EMG',
  fhir: 'FHIR',
  mqtt: 'MQTT',
}

/** Technical conditions name the sensor they are about at their end. */
const TECHNICAL = /^(probe-off|lead-off|sensor-fault|flat-line|silent|stale|poor-signal|not-worn)-(.+)$/

/** `low-oxygen-saturation` → `Low oxygen saturation`; `probe-off-gsr` → `Probe off: skin conductance`. */
export function conditionWords(condition: string): string {
  const own = CONDITION_WORDS[condition]
  if (own !== undefined) return own.charAt(0).toUpperCase() + own.slice(1)
  const [, what = '', about = ''] = TECHNICAL.exec(condition) ?? []
  if (what !== '') return `${sentence(what)}: ${sensorWords(about) ?? about.replace(/^device-/, 'device ')}`
  return sentence(condition)
}

/** By the sensor's name as it is or in kebab case; null where it is none. */
function sensorWords(name: string): string | null {
  const letters = name.replaceAll('-', '').toLowerCase()
  const sensor = SENSOR_ORDER.find((kind) => kind.toLowerCase() === letters)
  if (sensor === undefined) return null
  const words = SENSOR_WORDS[sensor].name
  return /^[A-Z]{2}/.test(words) ? words : words.charAt(0).toLowerCase() + words.slice(1)
}

function sentence(kebab: string): string {
  const words = kebab
    .split('-')
    .filter((word) => word !== '')
    .map((word) => ACRONYMS[word.toLowerCase()] ?? word)
    .join(' ')
  return words.charAt(0).toUpperCase() + words.slice(1)
}

export const PRIORITY_WORDS: Readonly<Record<Priority, string>> = {
  high: 'High priority',
  medium: 'Medium priority',
  low: 'Low priority',
}

/** `fhir:hospital` → `Records → hospital`. */
export function laneWords(lane: string): string {
  const [kind = '', ...rest] = lane.split(':')
  const name = rest.join(':')
  if (kind === 'fhir') return `Records → ${name}`
  if (kind === 'alert') return `Alerts → ${name}`
  if (kind === 'anchor') return `Anchors → ${name}`
  return lane
}

/** `3 s`, `2 min`, `5 h`, `2 days`; never negative. */
export function durationWords(ms: number): string {
  const t = Math.max(0, ms)
  if (t < 1.5 * MINUTE) return `${Math.floor(t / SECOND)} s`
  if (t < 1.5 * HOUR) return `${Math.floor(t / MINUTE)} min`
  if (t < 2 * DAY) return `${Math.floor(t / HOUR)} h`
  return `${Math.floor(t / DAY)} days`
}

export function ageWords(ms: number): string {
  return ms < SECOND ? 'now' : `${durationWords(ms)} ago`
}

/** What one tile shows. */
export interface Shown {
  /** number: large figures. words: a phrase. */
  readonly kind: 'number' | 'words'
  /** Number or word; `–` where there is none. */
  readonly text: string
  readonly unit: string
  /** live: as it is now. stale: too old to be called live. missing: the sensor says it has none. none: nothing yet. */
  readonly state: 'live' | 'stale' | 'missing' | 'none'
  readonly age: string
  /** Quality and remarks, for people; empty when all is well. */
  readonly notes: readonly string[]
}

/** @param now epoch ms on the gateway's clock. @param connected false: the gateway is out of reach, nothing is live. */
export function show(value: LiveValue, now: number, connected = true): Shown {
  const words = SENSOR_WORDS[value.sensor]
  const notes = [...new Set([QUALITIES[value.quality], ...value.remarks.map(remarkWords)])].filter((n) => n !== '')
  const nothing = { kind: 'number', text: '–', unit: '', notes } as const
  if (value.at === null) return { ...nothing, notes: value.remarks.map(remarkWords), state: 'none', age: 'no reading' }
  const age = now - value.at
  const stale = !connected || age > words.staleAfterMs
  const base = { age: ageWords(age), notes }
  if (value.quality === 'missing') return { ...nothing, ...base, state: stale ? 'stale' : 'missing' }
  return { ...valueWords(value, words.digits), ...base, state: stale ? 'stale' : 'live' }
}

function valueWords(value: LiveValue, digits: number): Pick<Shown, 'kind' | 'text' | 'unit'> {
  const v = value.value
  const unit = unitWords(value.unit)
  if (v === null) {
    const waveform = value.sensor === 'ecg' || value.sensor === 'emg' || value.sensor === 'airflow'
    return waveform ? { kind: 'words', text: 'See the trace', unit: '' } : { kind: 'number', text: '–', unit: '' }
  }
  if (typeof v === 'number') return { kind: 'number', text: v.toFixed(value.unit === 'mmol/L' ? 1 : digits), unit }
  if (typeof v === 'string') return { kind: 'words', text: POSITIONS[v], unit: '' }
  return { kind: 'number', text: `${Math.round(v.systolic)}/${Math.round(v.diastolic)}`, unit }
}

type Samples = Extract<LiveEvent, { type: 'samples' }>

/**
 * A waveform sensor has no number of its own: its samples say that it is alive. Returns what then stands for its
 * value, or null where the value it has says more, or is younger than a second.
 */
export function valueOfSamples(known: LiveValue | undefined, run: Samples): LiveValue | null {
  const at = run.at + run.samples.length * run.periodMs
  if (known !== undefined && known.at !== null) {
    if (known.value !== null || known.quality === 'missing' || at - known.at < SECOND) return null
  }
  if (run.samples.every((sample) => sample === null)) return null
  return { sensor: run.sensor, at, value: null, unit: run.unit, quality: 'good', remarks: [] }
}
