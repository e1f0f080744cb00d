import type { BodyPosition } from '#fhir/measurement.js'
import { PROBE_ABSENT, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'

/** The kit's position codes. */
export const POSITION_CODES: readonly BodyPosition[] = [
  'undefined',
  'supine',
  'left-lateral',
  'right-lateral',
  'prone',
  'upright',
]

/** Acceleration scale: ±8 g, 12 bits. */
export const COUNTS_PER_G = 256

/** Body position from the chest strap's accelerometer (`gateway/clinical/signals/motion/posture.ts`). */
export const position = {
  kind: 'position',
  label: 'Body position',
  kitLines: ['X'],
  outputs: [{ observable: 'bodyPosition', dataClass: 'activity', unit: '' }],
  silentAfterMs: 30_000,
  absent: PROBE_ABSENT,
  position: { observable: 'bodyPosition', everyMs: 10_000 },
} satisfies SensorDefinition
