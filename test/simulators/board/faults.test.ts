import { expect } from 'chai'
import fc from 'fast-check'
import { disturbances, gauss, hum, looseOpen } from '#simulators/board/faults/disturbance.js'
import { LineFaults } from '#simulators/board/faults/line-faults.js'
import { SensorFaults } from '#simulators/board/faults/sensor-faults.js'
import { FakePatient } from './fake-patient.js'
import { KitHost, type KitLine, unpack } from './kit-host.js'

const of = (lines: readonly KitLine[], type: string) => lines.filter((line) => line.type === type)
const samples = (lines: readonly KitLine[], type: string) =>
  of(lines, type).flatMap((line) => unpack(line.fields[2] as string))
const statuses = (lines: readonly KitLine[], type: string) => of(lines, type).map((line) => line.fields[0])
const rms = (values: readonly number[]) => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length)

/** A body whose ECG input is still at 2.5 V, so that what is added can be seen. */
function still(): FakePatient {
  const patient = new FakePatient()
  patient.ecg = () => 2.5
  return patient
}

describe('electrical faults', function () {
  this.timeout(60_000)

  describe('of a sensor', () => {
    it('have noise that is Gaussian in mean, spread and tails, and another for another seed', () => {
      const drawn = Array.from({ length: 20_000 }, (_, i) => gauss(7, i))
      expect(drawn.reduce((sum, v) => sum + v, 0) / drawn.length).to.be.closeTo(0, 0.03)
      expect(rms(drawn)).to.be.closeTo(1, 0.03)
      expect(drawn.filter((v) => Math.abs(v) > 2).length / drawn.length).to.be.closeTo(0.045, 0.015)
      expect(gauss(8, 5)).to.not.equal(gauss(7, 5))
    })

    it('never leave the rails, whatever is combined', () => {
      const fault = fc.record({
        noise: fc.double({ min: 0, max: 5, noNaN: true }),
        hum: fc.double({ min: 0, max: 5, noNaN: true }),
        wander: fc.double({ min: 0, max: 5, noNaN: true }),
        gain: fc.double({ min: 0, max: 100, noNaN: true }),
      })
      fc.assert(
        fc.property(fault, fc.double({ min: 0, max: 5, noNaN: true }), fc.nat(1e6), (all, volts, t) => {
          const heard = disturbances(3, all).reduce((v, disturb) => disturb(v, t), volts)
          return heard >= 0 && heard <= 5
        }),
      )
    })

    it('are open for the share of the time that a loose contact is, in pieces of half a second', () => {
      const open = Array.from({ length: 4000 }, (_, i) => looseOpen(5, i * 500, 0.3))
      expect(open.filter(Boolean).length / 4000).to.be.closeTo(0.3, 0.03)
      expect(looseOpen(5, 0)).to.equal(looseOpen(5, 499))
    })

    it('change nothing when empty', () => {
      const faults = new SensorFaults()
      faults.set('ecg', {})
      expect(faults.volts('ecg', 10, () => 1.234)).to.equal(1.234)
      faults.set('ecg', { contact: 'shorted', hum: 1 })
      faults.clear('ecg')
      expect(faults.volts('ecg', 10, () => 1.234)).to.equal(1.234)
      expect(faults.contact('ecg', 10)).to.equal('good')
    })

    it('hum at 50 Hz at the pin, with the amplitude asked for', () => {
      const kit = new KitHost(still())
      kit.board.faults.set('ecg', { hum: 0.5 })
      kit.run(1000)
      const heard = samples(kit.run(4000), 'E')
      expect(heard.length).to.be.above(800)
      expect(rms(heard.map((count) => count - 511.5))).to.be.closeTo((0.5 / Math.SQRT2 / 5) * 1024, 2)
      // Five samples of 4 ms are one period of 50 Hz.
      for (let i = 5; i < 200; i++) expect(heard[i]).to.be.closeTo(heard[i - 5] as number, 4)
      expect(hum(1, 60)(0, 1000 / 240)).to.be.closeTo(1, 1e-9)
    })

    it('make noise at the pin with the spread asked for, the same for the same seed', () => {
      const run = (faultSeed: number) => {
        const kit = new KitHost(still(), { faultSeed })
        kit.board.faults.set('ecg', { noise: 0.2 })
        return samples(kit.run(3000), 'E')
      }
      const heard = run(1)
      expect(rms(heard.map((count) => count - 511.5))).to.be.closeTo((0.2 / 5) * 1024, 3)
      expect(run(1)).to.deep.equal(heard)
      expect(run(2)).to.not.deep.equal(heard)
    })

    it('let the baseline wander slowly', () => {
      const kit = new KitHost(still())
      kit.board.faults.set('ecg', { wander: 1 })
      const heard = samples(kit.run(12_000), 'E')
      expect(Math.max(...heard) - Math.min(...heard)).to.be.above(150)
      for (const [i, count] of heard.entries()) if (i > 0) expect(count).to.be.closeTo(heard[i - 1] as number, 3)
    })

    it('saturate an amplifier: clipped at both rails, and told of as a fault', () => {
      const kit = new KitHost(new FakePatient())
      kit.board.faults.set('ecg', { gain: 30 })
      const lines = kit.run(3000)
      const heard = samples(lines, 'E')
      expect(Math.max(...heard)).to.equal(1023)
      expect(Math.min(...heard)).to.equal(0)
      expect(statuses(lines, 'E')).to.include('f')
    })

    it('short a sensor: no voltage, the bridge’s rail, or a trace without movement', () => {
      const kit = new KitHost(new FakePatient())
      for (const sensor of ['ecg', 'airflow', 'gsr', 'bodyTemperature'] as const)
        kit.board.faults.set(sensor, { contact: 'shorted' })
      kit.run(4000)
      const lines = kit.run(2000)
      expect(new Set(samples(lines, 'E'))).to.deep.equal(new Set([512]))
      expect(new Set(samples(lines, 'A'))).to.deep.equal(new Set([0]))
      expect(statuses(lines, 'G')).to.include('f')
      expect(statuses(lines, 'T')).to.include('f')
      expect(of(lines, 'T').at(-1)?.fields[1]).to.equal('0')
    })

    it('make a loose thermistor come and go', () => {
      const kit = new KitHost(new FakePatient())
      kit.board.faults.set('bodyTemperature', { contact: 'loose', openShare: 0.5 })
      const seen = new Set(statuses(kit.run(15_000), 'T'))
      expect(seen).to.include('o')
      expect(seen).to.include('f')
    })

    it('darken the oximeter when off, again when its strobe is shorted, and show it again after', () => {
      const kit = new KitHost(new FakePatient())
      const last = () => statuses(kit.run(3500), 'O').at(-1)
      expect(last()).to.equal('o')
      kit.board.detach('oximeter')
      expect(last()).to.equal('n')
      kit.board.attach('oximeter')
      expect(last()).to.equal('o')
      kit.board.faults.set('oximeter', { contact: 'shorted' })
      expect(last()).to.equal('n')
      kit.board.faults.clear('oximeter')
      expect(last()).to.equal('o')
    })

    it('make the display unreadable when many of its edges are missed, and no number of it; few do no harm', () => {
      const kit = new KitHost(new FakePatient())
      kit.board.faults.set('oximeter', { errorRate: 0.4 })
      expect(new Set(statuses(kit.run(8000), 'O'))).to.deep.equal(new Set(['f']))
      kit.board.faults.set('oximeter', { errorRate: 0.01 })
      kit.run(2500)
      const shown = of(kit.run(5000), 'O').filter(({ fields }) => fields[0] === 'o')
      expect(shown.length).to.be.above(2)
      for (const { fields } of shown) expect(fields).to.deep.equal(['o', '72', '97'])
    })

    it('show dashes when there is no pulse to be found', () => {
      const patient = new FakePatient()
      const kit = new KitHost(patient)
      kit.run(2500)
      patient.state = { ...patient.state, pulse: 0 }
      expect(statuses(kit.run(7000), 'O').at(-1)).to.equal('a')
      patient.state = { ...patient.state, pulse: 64 }
      expect(of(kit.run(3500), 'O').at(-1)?.fields).to.deep.equal(['o', '64', '97'])
    })

    it('shake the accelerometer, or take it off the bus', () => {
      const patient = new FakePatient()
      patient.acceleration = () => [0, 0, 1]
      const kit = new KitHost(patient)
      kit.board.faults.set('accelerometer', { noise: 0.25 })
      const z = samples(kit.run(6000), 'X').filter((_, i) => i % 3 === 2)
      expect(rms(z.map((count) => count - 2048 - 256))).to.be.closeTo(64, 10)
      kit.board.faults.set('accelerometer', { contact: 'shorted' })
      kit.run(500)
      expect(statuses(kit.run(2000), 'X').at(-1)).to.equal('f')
    })

    it('break the cuff’s answer, which is then refused and never a wrong pressure; sound, it is read again', () => {
      const kit = new KitHost(new FakePatient(), { measureOnRequest: true })
      kit.run(100)
      kit.board.faults.set('bloodPressure', { errorRate: 0.2 })
      kit.command('P')
      expect(of(kit.run(3500), 'H').at(-1)?.fields[0]).to.equal('end')
      kit.board.faults.clear('bloodPressure')
      kit.command('P')
      expect(of(kit.run(3500), 'P').at(-1)?.fields.slice(3)).to.deep.equal(['131', '82', '72'])
      kit.board.detach('bloodPressure')
      kit.command('P')
      expect(of(kit.run(3500), 'H').at(-1)?.fields.slice(0, 3)).to.deep.equal(['end', 'cuff', '0'])
    })

    it('store nothing in a cuff that finds no pulse', () => {
      const kit = new KitHost(new FakePatient({ pulse: 0 }))
      kit.board.measureBloodPressure()
      expect(kit.board.cuff.records).to.deep.equal([])
    })
  })

  describe('of the line', () => {
    const bytes = (length: number) => new Uint8Array(length)

    it('turn over the share of bits asked for, the same for the same seed however the bytes are cut', () => {
      const damaged = (seed: number, cut: number) => {
        const line = new LineFaults(seed)
        line.set({ bitErrorRate: 0.01 }, 0)
        const heard: number[] = []
        for (let i = 0; i < 40_000; i += cut) heard.push(...line.pass(bytes(cut)))
        return { heard, errors: line.errors }
      }
      const whole = damaged(1, 40_000)
      expect(whole.errors / 320_000).to.be.closeTo(0.01, 0.001)
      expect(damaged(1, 8).heard).to.deep.equal(whole.heard)
      expect(damaged(2, 8).heard).to.not.deep.equal(whole.heard)
    })

    it('pass everything when sound and nothing when cut', () => {
      const line = new LineFaults()
      expect([...line.pass(Uint8Array.of(1, 2, 3))]).to.deep.equal([1, 2, 3])
      line.set({ cut: true, garbagePerSecond: 1000 }, 0)
      expect([...line.pass(Uint8Array.of(1, 2, 3)), ...line.garbage(1000)]).to.deep.equal([])
      line.set({ bitErrorRate: 1 }, 0)
      expect([...line.pass(Uint8Array.of(0, 255))]).to.deep.equal([255, 0])
    })

    it('bring bytes that nobody sent, as many a second as asked for', () => {
      const line = new LineFaults(3)
      line.set({ garbagePerSecond: 50 }, 10_000)
      expect(line.garbage(10_000)).to.have.length(0)
      let heard = 0
      for (let t = 10_000; t <= 70_000; t += 5) heard += line.garbage(t).length
      expect(heard).to.be.within(2700, 3300)
    })

    it('leave the kit’s lines with a right checksum right, and lose the others', () => {
      const [sound, noisy] = [new KitHost(new FakePatient()), new KitHost(new FakePatient())]
      noisy.board.line = { bitErrorRate: 0.001, garbagePerSecond: 30 }
      const sent = new Set(sound.run(8000).map(({ text }) => text))
      const heard = noisy.run(8000).map(({ text }) => text)
      expect(heard.length).to.be.within(sent.size * 0.3, sent.size * 0.9)
      for (const text of heard) expect(sent).to.include(text)
    })

    it('reach the kit as well: a damaged command is refused, not obeyed', () => {
      const kit = new KitHost(new FakePatient())
      kit.run(500)
      kit.board.line = { bitErrorRate: 0.05 }
      for (let i = 0; i < 5; i++) {
        kit.command('M', 'emg')
        kit.board.run(100)
      }
      kit.board.line = {}
      expect(of(kit.run(2500), 'S').at(-1)?.fields[0]).to.equal('ecg')
    })

    it('say nothing while the cable is pulled, and start from the beginning when it is plugged in', () => {
      const kit = new KitHost(new FakePatient())
      kit.run(2000)
      kit.board.pullCable()
      expect(kit.board.powered).to.equal(false)
      kit.heard = ''
      kit.command('I')
      kit.board.run(5000)
      expect(kit.heard).to.equal('')
      expect(kit.board.now).to.be.closeTo(7000, 1)
      kit.board.plugCable()
      const lines = kit.run(2000)
      expect([lines[0]?.type, lines[0]?.seq, lines[0]?.fields[2]]).to.deep.equal(['B', 0, 'P'])
      expect(statuses(lines, 'X').at(-1), 'the accelerometer is set up anew').to.equal('o')
    })

    it('brown out: silence, then a boot that says so, with what was in memory lost', () => {
      const kit = new KitHost(new FakePatient())
      kit.command('M', 'emg')
      kit.run(2000)
      kit.board.brownOut(300)
      expect(kit.run(290)).to.deep.equal([])
      const lines = kit.run(2500)
      expect(lines[0]?.fields[2]).to.equal('B')
      expect(of(lines, 'S').at(-1)?.fields[0], 'the mode was in memory').to.equal('ecg')
    })

    it('do not bring back by themselves a cable pulled during a brown-out', () => {
      const kit = new KitHost(new FakePatient())
      kit.run(100)
      kit.board.brownOut(300)
      kit.board.pullCable()
      kit.board.run(1000)
      expect(kit.board.powered).to.equal(false)
    })

    it('let the kit’s clock run fast or slow while the body’s goes on', () => {
      const kit = new KitHost(new FakePatient())
      kit.board.clockErrorPpm = 5000
      expect(kit.board.clockErrorPpm).to.equal(5000)
      const time = (lines: readonly KitLine[]) => of(lines, 'S').at(-1)?.time as number
      const first = time(kit.run(5500))
      const second = time(kit.run(100_000))
      expect(kit.board.now).to.be.closeTo(105_500, 0.01)
      expect(second - first).to.be.closeTo(100_500, 1000)
      expect(second).to.be.closeTo(106_000, 30)
      kit.board.clockErrorPpm = -5000
      expect(kit.board.now).to.be.closeTo(105_500, 0.01)
    })
  })
})
