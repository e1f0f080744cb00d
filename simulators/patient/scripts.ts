/** The scripts there are. */
import { EPISODES } from './episodes.js'
import { HEALTHY } from './healthy.js'
import { points, type Script } from './script.js'

const TABLE: readonly Script[] = [
  {
    name: 'steady',
    description: 'an elderly person at rest, lying on the back; nothing happens',
    vitals: HEALTHY,
    positions: [[0, 'supine']],
  },
  {
    name: 'worsening',
    description:
      'at rest, then within half a minute low oxygen, a fast pulse, fever and low sugar; better from 45 s on',
    vitals: {
      pulse: points([0, 74], [8, 75], [30, 134], [45, 134], [60, 104]),
      spo2: points([8, 96], [22, 86], [45, 86], [57, 95]),
      respiratoryRate: points([8, 15], [26, 27], [45, 27], [60, 20]),
      temperature: points([5, 36.8], [40, 38.4], [50, 38.4], [90, 38]),
      systolic: points([8, 128], [30, 104], [45, 104], [60, 116]),
      diastolic: points([8, 76], [30, 62], [45, 62], [60, 70]),
      glucose: points([6, 108], [25, 62], [45, 62], [75, 90]),
      skinConductance: points([8, 4], [30, 9], [45, 9], [70, 6]),
    },
    positions: points([0, 'supine'], [12, 'left-lateral'], [30, 'supine']),
  },
  ...EPISODES,
]

/** The scripts there are, for `--help` and for checking a name. */
export const SCRIPTS: readonly { readonly name: string; readonly description: string }[] = TABLE

export function findScript(name: string): Script | undefined {
  return TABLE.find((script) => script.name === name)
}
