import type { Script } from './script.js'

/** An elderly person at rest. */
export const HEALTHY: Script['vitals'] = {
  pulse: [[0, 74]],
  spo2: [[0, 96]],
  respiratoryRate: [[0, 15]],
  temperature: [[0, 36.8]],
  systolic: [[0, 128]],
  diastolic: [[0, 76]],
  glucose: [[0, 108]],
  skinConductance: [[0, 4]],
}
