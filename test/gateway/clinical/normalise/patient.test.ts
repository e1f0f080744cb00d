/** What is counted from the signals of a virtual patient is what the patient's body does. */
import { expect } from 'chai'
import type { BodyPosition } from '#fhir/measurement.js'
import { BreathingAnalyser } from '#gateway/clinical/signals/breathing/breathing-analyser.js'
import { Posture } from '#gateway/clinical/signals/motion/posture.js'
import { createPatient, SCRIPTS } from '#simulators/patient/patients.js'

const counts = (volts: number) => Math.round((Math.min(5, Math.max(0, volts)) * 1023) / 5)

describe('counted from a virtual patient', () => {
  for (const { name } of SCRIPTS) {
    it(`(${name}) the respiratory rate follows the body within 3 /min of its last half minute`, () => {
      const patient = createPatient({ script: name, seed: 7 })
      const analyser = new BreathingAnalyser({ rateHz: 25 })
      let rate: number | null = null
      let compared = 0
      let breathing = 0
      for (let s = 0; s < 120; s++) {
        const line = Array.from({ length: 25 }, (_, i) => counts(patient.airflow(s * 1000 + i * 40)))
        for (const event of analyser.push(line)) if (event.type === 'rate') rate = event.perMinute
        if (s < 30) continue
        const recent = Array.from({ length: 30 }, (_, i) => patient.vitals((s - i) * 1000).respiratoryRate)
        if (Math.min(...recent) > 0) breathing += 1
        if (rate === null) continue
        expect(rate, `second ${s}`).to.be.within(Math.min(...recent) - 3, Math.max(...recent) + 3)
        compared += 1
      }
      // No rate is no lie; but who breathes all the time has one nearly all the time.
      expect(compared).to.be.at.least(0.9 * breathing)
    })

    it(`(${name}) the position follows the body within 5 s`, () => {
      const patient = createPatient({ script: name, seed: 7 })
      const posture = new Posture()
      let found: BodyPosition | null = null
      let right = 0
      for (let t = 0; t < 120_000; t += 200) {
        const line = Array.from({ length: 10 }, (_, i) => {
          const [x, y, z] = patient.acceleration(t + i * 20)
          return [Math.round(x * 256), Math.round(y * 256), Math.round(z * 256)] as const
        })
        found = posture.push(20, line)
        const lately = [0, 2500, 5000].map((ago) => patient.vitals(Math.max(0, t - ago)).position)
        if (t > 5000 && new Set(lately).size === 1) {
          expect(found, `at ${t} ms`).to.equal(lately[0])
          right += 1
        }
      }
      expect(right).to.be.above(300)
    })
  }
})
