import { expect } from 'chai'
import { desaturation } from '#simulators/patient/apnoea.js'
import { createPatient } from '#simulators/patient/patients.js'
import { SCRIPTS } from '#simulators/patient/scripts.js'

const of = (script: string, seed = 1) => createPatient({ script, seed })

/** The intervals between R waves that begin in the given seconds. */
function intervals(script: string, from: number, to: number, seed = 1): number[] {
  const patient = of(script, seed)
  const starts: number[] = []
  for (let t = from * 1000; t < to * 1000; t += 50) {
    const { start } = patient.beat(t)
    if (start !== starts.at(-1)) starts.push(start)
  }
  return starts.slice(1).map((start, i) => start - (starts[i] as number))
}
const mean = (values: readonly number[]) => values.reduce((sum, v) => sum + v, 0) / values.length
const spread = (values: readonly number[]) => Math.sqrt(mean(values.map((v) => (v - mean(values)) ** 2))) / mean(values)

describe('What happens to a virtual patient', () => {
  it('is the same for the same seed, in any order', () => {
    for (const { name } of SCRIPTS) {
      const [a, b] = [of(name, 9), of(name, 9)]
      const times = [100, 20_300, 35_000, 41_111, 59_000]
      const all = (patient: typeof a, t: number) => [
        patient.vitals(t),
        patient.ecg(t),
        patient.airflow(t),
        patient.acceleration(t),
        patient.arterialPressure(t),
      ]
      const seen = times.map((t) => all(a, t))
      expect(
        times.toReversed().map((t) => all(b, t)),
        name,
      ).to.deep.equal(seen.toReversed())
    }
  })

  it('drives ECG and pressure from one cycle: each R wave is followed by its pulse', () => {
    const patient = of('steady', 4)
    for (let beat = 0; beat < 20; beat++) {
      const { start, length } = patient.beat(beat * 800 + 1000)
      expect(patient.ecg(start), 'R wave').to.be.above(3.3)
      let top = { t: 0, pressure: 0 }
      for (let t = start; t < start + length; t += 2) {
        const pressure = patient.arterialPressure(t)
        if (pressure > top.pressure) top = { t, pressure }
      }
      expect(top.t - start, 'pulse after R').to.be.within(200, 400)
      const { systolic, diastolic } = patient.vitals(top.t)
      expect(top.pressure).to.be.closeTo(systolic, 2)
      expect(patient.arterialPressure(start + 170)).to.be.within(diastolic - 2, diastolic + 12)
    }
  })

  it('lets the breath change the heart’s rate', () => {
    const all = intervals('steady', 1, 60)
    expect(spread(all)).to.be.within(0.01, 0.05)
  })

  it('fibrillates: intervals far apart and without order, the mean rate kept, no P wave', () => {
    const all = intervals('irregular-rhythm', 26, 146)
    expect(spread(all)).to.be.within(0.15, 0.32)
    expect(60_000 / mean(all)).to.be.closeTo(96, 8)
    const steps = all.slice(1).map((v, i) => v - (all[i] as number))
    expect(
      mean(steps.slice(1).map((v, i) => v * (steps[i] as number))),
      'one after the other says nothing',
    ).to.be.below(0)
    const height = (script: string, at: number) => {
      const patient = of(script)
      const heights: number[] = []
      for (let beat = 0; beat < 30; beat++) {
        const { start, length } = patient.beat(at + beat * 900)
        const after = start + length
        heights.push(patient.ecg(after - 0.16 * length) - patient.ecg(after - 0.35 * length))
      }
      return mean(heights)
    }
    expect(height('steady', 26_000)).to.be.above(0.08)
    expect(height('irregular-rhythm', 26_000)).to.be.below(0.04)
  })

  it('stands still in asystole: no beat, no pulse, pressure runs off, soon no breath', () => {
    const patient = of('asystole')
    const range = (from: number, to: number) => {
      const volts = Array.from({ length: (to - from) / 4 }, (_, i) => patient.ecg(from + i * 4))
      return Math.max(...volts) - Math.min(...volts)
    }
    expect(range(20_000, 24_000)).to.be.above(1)
    expect(range(33_000, 37_000), 'only the breath').to.be.below(0.08)
    expect(range(45_000, 60_000)).to.be.below(0.012)
    expect(patient.vitals(25_000).pulse).to.be.above(60)
    expect(patient.vitals(34_000).pulse).to.equal(0)
    expect(patient.arterialPressure(50_000)).to.be.within(15, 25)
    expect(patient.vitals(50_000).respiratoryRate).to.equal(0)
  })

  it('stops breathing in apnoea; oxygen follows after a delay, and comes back after one', () => {
    const patient = of('apnoea')
    const still = Array.from({ length: 3900 }, (_, i) => patient.airflow(40_500 + i * 10))
    expect(Math.max(...still)).to.be.below(0.25)
    expect(Math.max(...Array.from({ length: 1000 }, (_, i) => patient.airflow(82_000 + i * 10)))).to.be.above(1.5)
    const at = (seconds: number) => patient.vitals(seconds * 1000).spo2
    expect(at(57)).to.be.above(95)
    expect(at(80)).to.be.below(90)
    expect(at(97), 'lowest after the first breath').to.be.below(at(85))
    expect(at(125)).to.be.above(95)
    expect(desaturation([[10, 20]], 27_000)).to.equal(0)
    const twice = desaturation(
      [
        [10, 40],
        [42, 72],
      ],
      90_000,
    )
    expect(twice, 'two pauses add up').to.be.above(desaturation([[42, 72]], 90_000))
  })

  it('falls: weightless, then a hard impact within a second, then still on the other side', () => {
    const patient = of('fall')
    const size = (t: number) => Math.hypot(...patient.acceleration(t))
    for (let t = 20_150; t < 20_440; t += 10) expect(size(t)).to.be.below(0.5)
    const impact = Math.max(...Array.from({ length: 100 }, (_, i) => size(20_400 + i * 5)))
    expect(impact).to.be.within(3, 7.9)
    expect(patient.acceleration(19_000)[1]).to.be.closeTo(1, 0.05)
    for (let t = 21_500; t < 40_000; t += 100) {
      expect(size(t)).to.be.closeTo(1, 0.05)
      expect(patient.acceleration(t)[0]).to.be.closeTo(1, 0.05)
    }
  })

  it('walks in exertion: steps in the acceleration, heart and breath faster, then calm again', () => {
    const patient = of('exertion')
    const range = (from: number) => {
      const y = Array.from({ length: 200 }, (_, i) => patient.acceleration(from + i * 20)[1])
      return Math.max(...y) - Math.min(...y)
    }
    expect(range(5000)).to.be.below(0.05)
    expect(range(60_000)).to.be.above(0.25)
    expect(range(120_000)).to.be.below(0.05)
    expect(patient.vitals(80_000).pulse).to.be.above(patient.vitals(5000).pulse + 20)
    expect(patient.vitals(170_000).pulse).to.be.below(90)
  })
})
