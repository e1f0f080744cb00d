/** Causing values and limits in words. */
import { TERMINOLOGY } from '#fhir/terminology.js'
import { unconfirmedName } from '#gateway/clinical/evaluate/confirmation.js'
import { defaultLimits } from '#gateway/clinical/limits/limits.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { unitWords } from '#gateway/wording/words.js'

const COMPARED = { '<': 'below', '<=': 'at or below', '>': 'above', '>=': 'at or above' } as const

/** The unit of the number that a condition looks at; empty where it is the finding's own. */
export function unitOf({ condition, observable }: Pick<AlertTransition, 'condition' | 'observable'>): string {
  const limit = defaultLimits.find((row) => row.condition === condition || unconfirmedName(row.condition) === condition)
  if (limit?.component === 'secondsSinceBreath') return 's'
  return (limit || condition.startsWith('lost-')) && observable ? unitWords(TERMINOLOGY[observable].unit ?? '') : ''
}

export function withUnit(value: number, unit: string): string {
  const rounded = Math.round(value * 100) / 100
  return unit === '' ? String(rounded) : `${rounded} ${unit}`
}

/** `below 88 %` */
export function limitWords(limit: NonNullable<AlertTransition['limit']>, unit: string): string {
  return `${COMPARED[limit.comparator]} ${withUnit(limit.value, unit)}`
}

/** `84 %, limit below 88 %`; empty where no number caused it. */
export function causeWords(transition: AlertTransition): string {
  const { value, limit } = transition
  const unit = unitOf(transition)
  return [
    ...(value === undefined
      ? []
      : [`${transition.condition.startsWith('lost-') ? 'last ' : ''}${withUnit(value, unit)}`]),
    ...(limit ? [`limit ${limitWords(limit, unit)}`] : []),
  ].join(', ')
}
