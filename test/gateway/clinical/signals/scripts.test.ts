import { expect } from 'chai'
import fc from 'fast-check'
import { BreathingAnalyser } from '#gateway/clinical/signals/breathing/breathing-analyser.js'
import { MotionAnalyser } from '#gateway/clinical/signals/motion/motion-analyser.js'
import { createPatient, SCRIPTS } from '#simulators/patient/patients.js'
import { findScript } from '#simulators/patient/scripts.js'

const SECONDS = 300
const counts = (volts: number) => Math.max(0, Math.min(1023, Math.round((volts * 1023) / 5)))

const airflowOf = (script: string, seed: number) => {
  const patient = createPatient({ script, seed })
  return Array.from({ length: SECONDS * 25 }, (_, i): number | null => counts(patient.airflow(i * 40)))
}
const accelerationOf = (script: string, seed: number) => {
  const patient = createPatient({ script, seed })
  return Array.from({ length: SECONDS * 50 }, (_, i) => {
    const [x, y, z] = patient.acceleration(i * 20)
    return [Math.round(x * 256), Math.round(y * 256), Math.round(z * 256)] as const
  })
}

describe('whatever happens to the virtual patient', () => {
  for (const { name } of SCRIPTS) {
    const { apnoea, falls } = findScript(name) ?? {}
    it(`(${name}) pauses and falls are said where the script has them, and nowhere else`, () => {
      const breathing = new BreathingAnalyser({ rateHz: 25 }).push(airflowOf(name, 5))
      expect(breathing.some(({ type }) => type === 'apnoea-alarm')).to.equal(apnoea !== undefined)
      expect(breathing.filter(({ type }) => type === 'probe-begin')).to.deep.equal([])
      const motion = new MotionAnalyser({ rateHz: 50 }).push(accelerationOf(name, 5))
      expect(motion.some(({ type }) => type === 'suspected-fall')).to.equal(falls !== undefined)
    })
  }

  it('lost lines make no pause and no fall', () => {
    const airflow = airflowOf('steady', 2)
    const acceleration = accelerationOf('exertion', 2)
    const gaps = fc.array(
      fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), seconds: fc.integer({ min: 1, max: 20 }) }),
      {
        maxLength: 12,
      },
    )
    const holed = <T>(samples: readonly T[], rateHz: number, lost: readonly { at: number; seconds: number }[]) => {
      const copy: (T | null)[] = [...samples]
      for (const { at, seconds } of lost) {
        const from = Math.floor(at * copy.length)
        copy.fill(null, from, from + seconds * rateHz)
      }
      return copy
    }
    fc.assert(
      fc.property(gaps, (lost) => {
        const breathing = new BreathingAnalyser({ rateHz: 25 }).push(holed(airflow, 25, lost))
        expect(breathing.filter(({ type }) => type === 'apnoea-alarm')).to.deep.equal([])
        const motion = new MotionAnalyser({ rateHz: 50 }).push(holed(acceleration, 50, lost))
        expect(motion.filter(({ type }) => type === 'impact' || type === 'suspected-fall')).to.deep.equal([])
      }),
      { numRuns: 20 },
    )
  })
})
