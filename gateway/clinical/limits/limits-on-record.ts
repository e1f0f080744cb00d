/**
 * The limits in force as they go with a value on the record: FHIR `referenceRange` and `interpretation`. Pure.
 */
import type { Measurement, Observable } from '#fhir/measurement.js'
import { compared } from './compared.js'
import { crosses, type Limit, limitedAs } from './limits.js'

export interface LimitsOnRecord {
  readonly referenceRange?: { readonly low?: number; readonly high?: number }
  readonly interpretation?: 'N' | 'L' | 'H' | 'LL' | 'HH'
}

/** Smallest step in which a value of the observable is recorded: what lies just inside a limit that includes its bound. */
const STEP: Partial<Record<Observable, number>> = { bodyTemperature: 0.1 }

/**
 * For a quantity: the range that crosses no limit, bounds included (R4 Observation.referenceRange), and where the value
 * lies: beyond a high-priority limit is "critical". For a blood pressure only the interpretation: its range differs by component.
 */
export function limitsOnRecord(measurement: Measurement, limits: readonly Limit[]): LimitsOnRecord {
  const { value, observable, quality } = measurement
  const own = limits.filter(
    (limit) => limit.observable === limitedAs(observable) && limit.component !== 'secondsSinceBreath',
  )
  if (own.length === 0 || quality === 'implausible') return {}
  if (value.type === 'quantity') {
    return {
      referenceRange: rangeOf(own, STEP[observable] ?? 1),
      interpretation: interpret(own, measurement),
    }
  }
  if (value.type === 'bloodPressure') {
    return { interpretation: interpret(own, measurement) }
  }
  return {}
}

const isLow = ({ comparator }: Limit) => comparator === '<' || comparator === '<='

function rangeOf(limits: readonly Limit[], step: number): { low?: number; high?: number } {
  const inside = (limit: Limit) => {
    if (limit.comparator === '<=') return round(limit.value + step)
    if (limit.comparator === '>=') return round(limit.value - step)
    return limit.value
  }
  const lows = limits.filter(isLow).map(inside)
  const highs = limits.filter((limit) => !isLow(limit)).map(inside)
  return {
    ...(lows.length > 0 ? { low: Math.max(...lows) } : {}),
    ...(highs.length > 0 ? { high: Math.min(...highs) } : {}),
  }
}

/** 38 − 0.1 is 37.9, not 37.899999999999999. */
const round = (value: number) => Math.round(value * 1000) / 1000

type Interpretation = NonNullable<LimitsOnRecord['interpretation']>

function interpret(limits: readonly Limit[], measurement: Measurement): Interpretation {
  const crossed = limits.filter((limit) => {
    const value = compared(measurement, limit.component)
    return value !== null && crosses(limit.comparator, value, limit.value)
  })
  const worst = crossed.find(({ priority }) => priority === 'high') ?? crossed[0]
  if (!worst) return 'N'
  const letter = isLow(worst) ? 'L' : 'H'
  return worst.priority === 'high' ? (`${letter}${letter}` as 'LL' | 'HH') : letter
}
