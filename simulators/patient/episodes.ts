/**
 * Scripts of one thing that happens to an elderly person at rest. Each begins quietly and shows what it is about within
 * half a minute. Figures are made up to cross (or to keep clear of) the default limits; nothing here is a clinical model.
 */
import { HEALTHY } from './healthy.js'
import { points, type Script } from './script.js'

const resting = { vitals: HEALTHY, positions: [[0, 'supine']] } as const satisfies Partial<Script>

export const EPISODES: readonly Script[] = [
  {
    name: 'exertion',
    description: 'gets up, walks for a minute and a half, sits down again: a faster heart and breath, nothing wrong',
    vitals: {
      ...HEALTHY,
      pulse: points([15, 74], [50, 103], [105, 103], [160, 82]),
      respiratoryRate: points([15, 15], [50, 20], [105, 20], [150, 16]),
      systolic: points([15, 128], [60, 146], [105, 146], [160, 132]),
      skinConductance: points([20, 4], [80, 7], [160, 5]),
    },
    positions: points([0, 'supine'], [10, 'upright']),
    movement: points([14, 0], [18, 0.15], [102, 0.15], [106, 0]),
  },
  {
    name: 'sleep',
    description: 'falls asleep, turns over now and then; slow heart and breath, nothing wrong',
    vitals: {
      ...HEALTHY,
      pulse: points([0, 70], [60, 58]),
      respiratoryRate: points([0, 15], [60, 12.5]),
      temperature: points([0, 36.8], [300, 36.4]),
      systolic: points([0, 128], [90, 112]),
      diastolic: points([0, 76], [90, 66]),
      skinConductance: points([0, 4], [60, 2.6]),
    },
    positions: points([0, 'supine'], [90, 'left-lateral'], [200, 'supine'], [280, 'right-lateral']),
  },
  {
    name: 'desaturation',
    description: 'oxygen falls from 96 to 87 % within half a minute, and stays there until 75 s',
    vitals: {
      ...HEALTHY,
      spo2: points([10, 96], [35, 87], [75, 87], [95, 96.5]),
      pulse: points([10, 74], [35, 92], [75, 92], [110, 78]),
      respiratoryRate: points([10, 15], [35, 20], [75, 20], [110, 16]),
    },
    positions: [[0, 'supine']],
  },
  {
    name: 'fever',
    description:
      'temperature rises from 36.9 to 39.6 Cel within a minute (an hour, in a body), heart and breath with it',
    vitals: {
      ...HEALTHY,
      temperature: points([5, 36.9], [50, 39.6]),
      pulse: points([5, 76], [50, 102]),
      respiratoryRate: points([5, 15], [50, 20]),
      skinConductance: points([5, 4], [50, 8]),
    },
    positions: [[0, 'supine']],
  },
  {
    name: 'apnoea',
    description:
      'stops breathing from 40 to 80 s: the airflow is still, oxygen falls after a delay, then both come back',
    ...resting,
    apnoea: [[40, 80]],
  },
  {
    name: 'irregular-rhythm',
    description: 'from 20 s on no two heart beats at the same distance and no P wave, as in atrial fibrillation',
    ...resting,
    vitals: {
      ...HEALTHY,
      pulse: points([18, 74], [24, 96]),
    },
    rhythm: points([0, 'sinus'], [20, 'fibrillation']),
  },
  {
    name: 'asystole',
    description: 'the heart stands still from 30 s on: no beat in the ECG, no pulse at the finger, and soon no breath',
    ...resting,
    rhythm: points([0, 'sinus'], [30, 'asystole']),
    apnoea: [[38, 86_400]],
  },
  {
    name: 'hypoglycaemia',
    description: 'blood sugar falls from 104 to 48 mg/dL within half a minute; sweat and a faster heart with it',
    vitals: {
      ...HEALTHY,
      glucose: points([5, 104], [35, 48]),
      pulse: points([10, 74], [35, 98]),
      skinConductance: points([10, 4], [35, 14]),
    },
    positions: [[0, 'supine']],
  },
  {
    name: 'hypertensive-crisis',
    description: 'pressure rises from 128/76 to 206/124 mm[Hg] within half a minute',
    vitals: {
      ...HEALTHY,
      systolic: points([5, 128], [35, 206]),
      diastolic: points([5, 76], [35, 124]),
      pulse: points([5, 74], [35, 90]),
    },
    positions: [[0, 'upright']],
  },
  {
    name: 'fall',
    description: 'stands, falls at 20 s (weightless, then the impact), and lies still on the left side',
    vitals: {
      ...HEALTHY,
      pulse: points([19, 78], [30, 98]),
    },
    positions: points([0, 'upright'], [20, 'left-lateral']),
    falls: [20],
  },
]
