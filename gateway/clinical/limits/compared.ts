/** The one rule by which a value meets its limits, everywhere. Pure. */
import type { Measurement } from '#fhir/measurement.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import type { LimitComponent } from './limits.js'

/**
 * A value is compared as it is shown: rounded to the digits of its sensor. 90.6 % is shown as 91 and is not at or below 90; 35.04 °C
 * is shown as 35.0 and is at the limit of 35.0. A value beyond the sensor's range is beyond every limit on that side.
 * @returns null: the measurement has no such number
 */
export function compared({ sensor, value }: Measurement, component: LimitComponent): number | null {
  if (value.type === 'quantity' && component === 'value') {
    if (value.comparator) return value.comparator === '>' ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY
    return asShown(value.value, sensorDefinitions[sensor].digits)
  }
  if (value.type === 'bloodPressure' && (component === 'systolic' || component === 'diastolic')) return value[component]
  return null
}

/** As the page and the terminal write it. */
export const asShown = (value: number, digits: number): number => Number(value.toFixed(digits))
