/** All sensor definitions, by kind. Adding a sensor is one definition, one terminology row, one fixture. */
import { SENSOR_KINDS, type SensorKind } from '#fhir/measurement.js'
import { airflow } from './definitions/airflow.js'
import { bloodPressure } from './definitions/blood-pressure.js'
import { bodyTemperature } from './definitions/body-temperature.js'
import { ecg } from './definitions/ecg.js'
import { emg } from './definitions/emg.js'
import { glucose } from './definitions/glucose.js'
import { gsr } from './definitions/gsr.js'
import { position } from './definitions/position.js'
import { pulse } from './definitions/pulse.js'
import { spo2 } from './definitions/spo2.js'
import type { SensorDefinition } from './sensor-definition.js'

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
}

export function isSensorKind(name: string): name is SensorKind {
  return (SENSOR_KINDS as readonly string[]).includes(name)
}
