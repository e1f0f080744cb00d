import type { SensorKind } from '#fhir/measurement.js'

/** What people call each sensor; the page, the previews and the explanations say the same. */
export const SENSOR_NAMES: Readonly<Record<SensorKind, string>> = {
  pulse: 'Pulse',
  spo2: 'Oxygen (SpO₂)',
  airflow: 'Breathing',
  bodyTemperature: 'Temperature',
  ecg: 'ECG',
  glucose: 'Blood glucose',
  gsr: 'Skin conductance',
  bloodPressure: 'Blood pressure',
  position: 'Body position',
  emg: 'Muscle (EMG)',
}
