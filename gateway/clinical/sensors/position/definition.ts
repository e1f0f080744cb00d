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
  short: 'Position',
  order: 90,
  icon: 'M4 18V7M4 15h16v3M20 15v-2.5a2.5 2.5 0 0 0-2.5-2.5H10v5M7 12.2a1.3 1.3 0 1 0 0-2.6 1.3 1.3 0 0 0 0 2.6Z',
  digits: 0,
  example: { position: 'supine' },
  kitLines: ['X'],
  silentAfterMs: 30_000,
  staleAfterMs: 60_000,
  inhibits: [],
  aroundAlarms: true,
  absent: PROBE_ABSENT,
  position: { observable: 'bodyPosition', everyMs: 10_000 },
} satisfies SensorDefinition
