/**
 * How the feed's values are said to people: names, units, ages, remarks. Pure, shared by the page and the terminal
 * view, so that both say the same. Says what was measured and never what it means: no diagnosis.
 */
import type { BodyPosition, Quality } from '#fhir/measurement.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { Priority } from '#gateway/model/alert.js'
import { isLaneKey, type LaneKind, laneOf, recipientKey } from '#gateway/model/lane.js'
import type { LiveData, LiveValue } from '#gateway/model/live.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import { ageWords } from './times.js'

export { conditionWords } from './explanations.js'
export { ageWords, durationWords } from './times.js'

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

export const QUALITY_WORDS: Readonly<Record<Quality, string>> = {
  good: 'good',
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
  'undated-from-memory': 'undated, from memory',
  'beyond-range': 'beyond what the sensor can show',
  'out-of-range': 'impossible: look at the sensor',
  unlikely: 'unlikely: measure again',
}

export function remarkWords(remark: string): string {
  return REMARKS[remark] ?? remark.replaceAll('-', ' ')
}

/** `48 213`: by thousands, with a narrow space, in every language the same. */
export const countWords = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f')

export const PRIORITY_WORDS: Readonly<Record<Priority, string>> = {
  high: 'High priority',
  medium: 'Medium priority',
  low: 'Low priority',
}

/** An exercise is never called by a priority. */
export const priorityMark = ({ condition, priority }: { condition: string; priority: Priority }): string =>
  condition === REHEARSAL ? 'exercise' : priority

/** The same in words. */
export const priorityWords = ({ condition, priority }: { condition: string; priority: Priority }): string =>
  condition === REHEARSAL ? 'Exercise' : PRIORITY_WORDS[priority]

const LANE_WORDS: Readonly<Record<LaneKind, string>> = {
  fhir: 'Records',
  'fhir-alert': 'Alerts on record',
  alert: 'Alerts',
  anchor: 'Anchors',
}

/** `fhir:hospital` → `Records → hospital`. */
export function laneWords(lane: string): string {
  if (!isLaneKey(lane)) return lane
  const { kind, name, contact } = laneOf(lane)
  return `${LANE_WORDS[kind]} → ${recipientKey({ channel: name, ...(contact !== undefined && { contact }) })}`
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
  const { staleAfterMs, digits } = sensorDefinitions[value.sensor]
  const quality = value.quality === 'good' ? [] : [QUALITY_WORDS[value.quality]]
  const notes = [...new Set([...quality, ...value.remarks.map(remarkWords)])]
  const nothing = { kind: 'number', text: '–', unit: '', notes } as const
  if (value.at === null) return { ...nothing, notes: value.remarks.map(remarkWords), state: 'none', age: 'no reading' }
  const age = now - value.at
  const stale = !connected || age > staleAfterMs
  const base = { age: ageWords(age), notes }
  if (value.quality === 'missing') return { ...nothing, ...base, state: stale ? 'stale' : 'missing' }
  return { ...valueWords(value, digits), ...base, state: stale ? 'stale' : 'live' }
}

function valueWords(value: LiveValue, digits: number): Pick<Shown, 'kind' | 'text' | 'unit'> {
  const v = value.value
  const unit = unitWords(value.unit)
  if (v === null) {
    return sensorDefinitions[value.sensor].waveform !== undefined
      ? { kind: 'words', text: 'See the trace', unit: '' }
      : { kind: 'number', text: '–', unit: '' }
  }
  if (typeof v === 'number') {
    const number = v.toFixed(value.unit === 'mmol/L' ? 1 : digits)
    return { kind: 'number', text: `${value.comparator ?? ''}${number}`, unit }
  }
  if (typeof v === 'string') return { kind: 'words', text: POSITIONS[v], unit: '' }
  return { kind: 'number', text: `${Math.round(v.systolic)}/${Math.round(v.diastolic)}`, unit }
}

type Samples = Extract<LiveData, { type: 'samples' }>

/**
 * A waveform sensor has no number of its own: its samples say that it is alive. Returns what then stands for its
 * value, or null where the value it has says more, or is younger than a second.
 */
export function valueOfSamples(known: LiveValue | undefined, run: Samples): LiveValue | null {
  const at = run.at + run.samples.length * run.periodMs
  if (known !== undefined && known.at !== null) {
    if (known.value !== null || known.quality === 'missing' || at - known.at < 1000) return null
  }
  if (run.samples.every((sample) => sample === null)) return null
  return { sensor: run.sensor, at, value: null, unit: run.unit, quality: 'good', remarks: [] }
}
