/** All sensors. A new one is a folder here, listed below, a row of `fhir/terminology.ts` and a fixture (README.md). */
import type { SensorKind } from '#fhir/measurement.js'
import { airflow } from './airflow/definition.js'
import { bloodPressure } from './blood-pressure/definition.js'
import { bodyTemperature } from './body-temperature/definition.js'
import { bodyWeight } from './body-weight/definition.js'
import { ecg } from './ecg/definition.js'
import { emg } from './emg/definition.js'
import { glucose } from './glucose/definition.js'
import { gsr } from './gsr/definition.js'
import { position } from './position/definition.js'
import { pulse } from './pulse/definition.js'
import type { SensorDefinition } from './sensor-definition.js'
import { spo2 } from './spo2/definition.js'

/** By kind; the compiler asks for one of each kind that the terminology names. */
export const sensorDefinitions: Readonly<Record<SensorKind, SensorDefinition>> = {
  pulse,
  spo2,
  airflow,
  bodyTemperature,
  ecg,
  glucose,
  gsr,
  bloodPressure,
  position,
  emg,
  bodyWeight,
}

/** In the order in which people look for them. */
export const SENSORS: readonly SensorDefinition[] = Object.values(sensorDefinitions).sort((a, b) => a.order - b.order)

/** The sensors of the e-Health kit; the others come over MQTT or by hand. */
export const KIT_SENSORS: readonly SensorKind[] = SENSORS.filter(({ kitLines }) => kitLines.length > 0).map(
  ({ kind }) => kind,
)

export function isSensorKind(name: string): name is SensorKind {
  return Object.hasOwn(sensorDefinitions, name)
}
