/**
 * What happens to a patient, as data: [seconds, value] points of each vital sign, joined smoothly; before the first and
 * after the last point the value stays.
 */
import type { BodyPosition } from '#fhir/measurement.js'
import type { Vitals } from './patient.js'

export type ScriptedVital = Exclude<keyof Vitals, 'position'>
export type Points = readonly (readonly [seconds: number, value: number])[]

export interface Script {
  readonly name: string
  readonly description: string
  readonly vitals: Readonly<Record<ScriptedVital, Points>>
  /** From each second on; the body takes about a second to turn. */
  readonly positions: readonly (readonly [seconds: number, position: BodyPosition])[]
}

const healthy: Script['vitals'] = {
  pulse: [[0, 74]],
  spo2: [[0, 96]],
  respiratoryRate: [[0, 15]],
  temperature: [[0, 36.8]],
  systolic: [[0, 128]],
  diastolic: [[0, 76]],
  glucose: [[0, 108]],
  skinConductance: [[0, 4]],
}

const TABLE: readonly Script[] = [
  {
    name: 'steady',
    description: 'an elderly person at rest, lying on the back; nothing happens',
    vitals: healthy,
    positions: [[0, 'supine']],
  },
  {
    name: 'worsening',
    description:
      'at rest, then within half a minute low oxygen, a fast pulse, fever and low sugar; better from 45 s on',
    vitals: {
      pulse: [
        [0, 74],
        [8, 75],
        [30, 134],
        [45, 134],
        [60, 104],
      ],
      spo2: [
        [8, 96],
        [22, 86],
        [45, 86],
        [57, 95],
      ],
      respiratoryRate: [
        [8, 15],
        [26, 27],
        [45, 27],
        [60, 20],
      ],
      temperature: [
        [5, 36.8],
        [40, 38.4],
        [50, 38.4],
        [90, 38],
      ],
      systolic: [
        [8, 128],
        [30, 104],
        [45, 104],
        [60, 116],
      ],
      diastolic: [
        [8, 76],
        [30, 62],
        [45, 62],
        [60, 70],
      ],
      glucose: [
        [6, 108],
        [25, 62],
        [45, 62],
        [75, 90],
      ],
      skinConductance: [
        [8, 4],
        [30, 9],
        [45, 9],
        [70, 6],
      ],
    },
    positions: [
      [0, 'supine'],
      [12, 'left-lateral'],
      [30, 'supine'],
    ],
  },
]

/** The scripts there are, for `--help` and for checking a name. */
export const SCRIPTS: readonly { readonly name: string; readonly description: string }[] = TABLE

export function findScript(name: string): Script | undefined {
  return TABLE.find((script) => script.name === name)
}

/** The scripted value at `t` ms: smoothstep between points, so that nothing jumps and no point is overshot. */
export function valueAt(points: Points, t: number): number {
  const seconds = t / 1000
  let [s0, v0] = points[0] as readonly [number, number]
  for (const [s1, v1] of points) {
    if (seconds < s1) {
      if (seconds <= s0) return v0
      const f = (seconds - s0) / (s1 - s0)
      return v0 + (v1 - v0) * f * f * (3 - 2 * f)
    }
    s0 = s1
    v0 = v1
  }
  return v0
}
