import { execFileSync } from 'node:child_process'
import { expect } from 'chai'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import type { VirtualPatient } from '#simulators/patient/patient.js'
import { createPatient, SCRIPTS } from '#simulators/patient/patients.js'

const worsening = () => createPatient({ script: 'worsening', seed: 1 })

/** The times at which a signal rises through a level, having been well below it since the last; a step of 1 ms. */
function crossings(signal: (t: number) => number, level: number, from: number, to: number): number[] {
  const times: number[] = []
  let below = false
  for (let t = from; t < to; t++) {
    const volts = signal(t)
    if (below && volts >= level) times.push(t)
    if (volts >= level) below = false
    else if (volts < level - 0.3) below = true
  }
  return times
}
const perMinute = (times: readonly number[]) =>
  (60_000 * (times.length - 1)) / ((times.at(-1) as number) - (times[0] as number))

function everything(patient: VirtualPatient, t: number) {
  return [patient.vitals(t), patient.ecg(t), patient.emg(t), patient.airflow(t), patient.acceleration(t)]
}

describe('Virtual patient', () => {
  it('has scripts with a name and a description, and refuses another', () => {
    expect(SCRIPTS.map(({ name }) => name)).to.include.members(['steady', 'worsening', 'exertion', 'sleep', 'apnoea'])
    for (const { description } of SCRIPTS) expect(description).to.match(/\w{3}/)
    expect(() => createPatient({ script: 'dancing', seed: 1 })).to.throw(HomebeatError, 'steady, worsening')
  })

  it('is the same for the same seed, whatever is asked when, and another for another seed', () => {
    const forwards = worsening()
    const backwards = worsening()
    const times = Array.from({ length: 60 }, (_, i) => i * 997)
    const seen = times.map((t) => everything(forwards, t))
    expect(times.toReversed().map((t) => everything(backwards, t))).to.deep.equal(seen.toReversed())
    expect(everything(createPatient({ script: 'worsening', seed: 2 }), 5000)).to.not.deep.equal(
      everything(forwards, 5000),
    )
  })

  it('is the same in another process', function () {
    this.timeout(60_000)
    const code = `import { createPatient } from '#simulators/patient/patients.js'
      const p = createPatient({ script: 'worsening', seed: 1 })
      console.log(JSON.stringify([5, 15000, 59000].map((t) => [p.vitals(t), p.ecg(t), p.emg(t), p.airflow(t), p.acceleration(t)])))`
    const args = ['--import=tsx', '--conditions=homebeat-source', '--input-type=module', '--eval', code]
    const other = execFileSync(process.execPath, args, { cwd: packageRoot, encoding: 'utf8' })
    const here = [5, 15_000, 59_000].map((t) => everything(worsening(), t))
    expect(JSON.parse(other)).to.deep.equal(JSON.parse(JSON.stringify(here)))
  })

  it('worsens on its script, and recovers', () => {
    for (const seed of [1, 7, 12345]) {
      const patient = createPatient({ script: 'worsening', seed })
      const at = (seconds: number) => patient.vitals(seconds * 1000)
      expect(at(0).spo2).to.be.closeTo(96, 0.5)
      expect(at(0).pulse).to.be.closeTo(74, 2)
      expect(at(0).respiratoryRate).to.be.closeTo(15, 1)
      expect(at(0).temperature).to.be.closeTo(36.8, 0.1)
      expect(at(0).glucose).to.be.closeTo(108, 2)
      expect(at(0).skinConductance).to.be.closeTo(4, 0.5)
      for (const seconds of [22, 30, 40, 44]) expect(at(seconds).spo2).to.be.within(85.5, 86.5)
      expect(at(25).glucose).to.be.closeTo(62, 1.5)
      for (const seconds of [30, 35, 44]) expect(at(seconds).pulse).to.be.within(132, 136)
      expect(at(30).respiratoryRate).to.be.within(26, 28)
      expect(at(40).temperature).to.be.closeTo(38.4, 0.1)
      for (const seconds of [58, 70, 600]) expect(at(seconds).spo2).to.be.at.least(94)
      expect([0, 11.9, 12, 29.9, 30, 600].map((seconds) => at(seconds).position)).to.deep.equal([
        ...['supine', 'supine', 'left-lateral', 'left-lateral', 'supine', 'supine'],
      ])
    }
  })

  it('changes smoothly', () => {
    const patient = worsening()
    for (let t = 0; t < 70_000; t += 100) {
      const before = patient.vitals(t)
      const after = patient.vitals(t + 100)
      expect(Math.abs(after.pulse - before.pulse)).to.be.below(0.8)
      expect(Math.abs(after.spo2 - before.spo2)).to.be.below(0.25)
    }
  })

  it('has an ECG whose R waves stand about 1 V above 2.5 V and come at the pulse rate', () => {
    const steady = createPatient({ script: 'steady', seed: 3 })
    const beats = crossings((t) => steady.ecg(t), 3, 1, 60_000)
    expect(perMinute(beats)).to.be.closeTo(74, 2)
    const intervals = beats.slice(1).map((t, i) => t - (beats[i] as number))
    expect(Math.max(...intervals) - Math.min(...intervals), 'varies with the breath').to.be.within(20, 120)
    let [low, high] = [9, 0]
    for (let t = 0; t < 10_000; t++) {
      low = Math.min(low, steady.ecg(t))
      high = Math.max(high, steady.ecg(t))
    }
    expect(high).to.be.within(3.4, 3.7)
    expect(low).to.be.within(2, 2.45)
    const fast = worsening()
    expect(perMinute(crossings((t) => fast.ecg(t), 3, 31_000, 44_000))).to.be.closeTo(134, 3)
  })

  it('breathes at its respiratory rate, out of 0.2 V at rest, up to 2 to 3 V', () => {
    const steady = createPatient({ script: 'steady', seed: 3 })
    expect(perMinute(crossings((t) => steady.airflow(t), 1, 1, 60_000))).to.be.closeTo(15, 1)
    const values = Array.from({ length: 60_000 }, (_, t) => steady.airflow(t))
    expect(Math.max(...values)).to.be.within(2, 3)
    expect(Math.min(...values)).to.be.closeTo(0.2, 0.02)
    const fast = worsening()
    expect(perMinute(crossings((t) => fast.airflow(t), 1, 27_000, 44_000))).to.be.closeTo(27, 1.5)
  })

  it('tenses a muscle in bursts, within the converter’s range, and rests between', () => {
    const patient = worsening()
    const rms = Array.from({ length: 300 }, (_, cell) => {
      let sum = 0
      for (let t = 0; t < 100; t++) {
        const volts = patient.emg(cell * 100 + t)
        expect(volts).to.be.within(0, 5)
        sum += (volts - 2.5) ** 2
      }
      return Math.sqrt(sum / 100)
    })
    expect(rms.filter((value) => value > 0.15).length).to.be.within(30, 150)
    expect(rms.filter((value) => value < 0.03).length).to.be.above(90)
  })

  it('feels 1 g on the axes of its position, also while it turns', () => {
    const patient = worsening()
    const near = (t: number, expected: readonly number[]) => {
      for (const [i, g] of patient.acceleration(t).entries()) expect(g).to.be.closeTo(expected[i] as number, 0.05)
    }
    near(5000, [0, 0, 1])
    near(20_000, [1, 0, 0])
    near(35_000, [0, 0, 1])
    for (let t = 11_000; t < 33_000; t += 20) expect(Math.hypot(...patient.acceleration(t))).to.be.closeTo(1, 0.05)
  })

  it('answers a converter after hours as in the first second', function () {
    this.timeout(60_000)
    const patient = worsening()
    let sum = 0
    for (let i = 0; i < 250 * 600; i++) sum += patient.ecg(6 * 3_600_000 + i * 4)
    expect(sum / (250 * 600)).to.be.within(2.4, 2.8)
  })
})
