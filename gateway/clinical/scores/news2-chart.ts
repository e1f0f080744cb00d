/**
 * The published chart of NEWS2, as data. Source: Royal College of Physicians. National Early Warning Score (NEWS) 2:
 * Standardising the assessment of acute-illness severity in the NHS. London: RCP, 2017. © Royal College of Physicians 2017.
 */
import type { Consciousness, OxygenSupply } from '#gateway/model/manual-observation.js'

export const NEWS2_PARAMETERS = [
  'respiration',
  'oxygenSaturation',
  'oxygen',
  'systolic',
  'pulse',
  'consciousness',
  'temperature',
] as const
export type News2Parameter = (typeof NEWS2_PARAMETERS)[number]

export type Points = 0 | 1 | 2 | 3

/** Rows of a parameter, lowest values first: `points` up to and with `to`, in steps of `step`. */
export interface News2Row {
  readonly step: number
  /** UCUM */
  readonly unit: string
  readonly bands: readonly (readonly [to: number, points: Points])[]
}

const REST = Number.POSITIVE_INFINITY

const row = (unit: string, ...bands: News2Row['bands']): News2Row => ({ step: 1, unit, bands })

/** The published chart. A value between two steps counts as it is shown, as it would be written on the chart. */
export const NEWS2_CHART = {
  respiration: row('/min', [8, 3], [11, 1], [20, 0], [24, 2], [REST, 3]),
  spo2Scale1: row('%', [91, 3], [93, 2], [95, 1], [REST, 0]),
  /** Scale 2 is for hypercapnic respiratory failure, target 88–92 %, prescribed by a clinician. */
  spo2Scale2OnAir: row('%', [83, 3], [85, 2], [87, 1], [REST, 0]),
  spo2Scale2OnOxygen: row('%', [83, 3], [85, 2], [87, 1], [92, 0], [94, 1], [96, 2], [REST, 3]),
  systolic: row('mm[Hg]', [90, 3], [100, 2], [110, 1], [219, 0], [REST, 3]),
  pulse: row('/min', [40, 3], [50, 1], [90, 0], [110, 1], [130, 2], [REST, 3]),
  temperature: { ...row('Cel', [35, 3], [36, 1], [38, 0], [39, 1], [REST, 2]), step: 0.1 },
} as const

export const OXYGEN_POINTS: Readonly<Record<OxygenSupply, Points>> = { air: 0, oxygen: 2 }
export const CONSCIOUSNESS_POINTS: Readonly<Record<Consciousness, Points>> = {
  alert: 0,
  confusion: 3,
  voice: 3,
  pain: 3,
  unresponsive: 3,
}

export function pointsOf({ step, bands }: News2Row, value: number): Points {
  const written = Math.round(Number(value.toFixed(step < 1 ? 1 : 0)) / step)
  const band = bands.find(([to]) => written <= Math.round(to / step))
  return band ? band[1] : 0
}

export function spo2Row(scale: 1 | 2, supply: OxygenSupply): News2Row {
  if (scale === 1) return NEWS2_CHART.spo2Scale1
  return supply === 'oxygen' ? NEWS2_CHART.spo2Scale2OnOxygen : NEWS2_CHART.spo2Scale2OnAir
}
