import { expect } from 'chai'
import { temperatureCounts } from '#simulators/board/sensor-curves.js'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { KitHost, type KitLine, unpack } from '#test/simulators/board/kit-host.js'

const of = (lines: readonly KitLine[], type: string) => lines.filter((line) => line.type === type)
const counts = (volts: number) => (volts / 5) * 1024

describe('firmware sensors', function () {
  this.timeout(60_000)

  /**
   * Every sample within one step of the voltage at the pin at the time the line gives it; the kit's clock starts some
   * 0.3 ms after its reset, when the memory is cleared.
   */
  function follows(lines: readonly KitLine[], periodMs: number, volts: (t: number) => number): void {
    expect(lines.length).to.be.above(1)
    for (const { time, fields } of lines) {
      expect(fields[0]).to.equal('o')
      for (const [i, sample] of unpack(fields[2] as string).entries())
        expect(sample).to.be.closeTo(counts(volts(time + i * periodMs + 0.3)) - 0.5, 1)
    }
  }

  it('send the ECG at 250 Hz, each sample within one step of the voltage at its time', () => {
    const patient = new FakePatient()
    follows(of(new KitHost(patient).run(3000), 'E'), 4, (t) => patient.ecg(t))
  })

  it('send the airflow at 25 Hz, each sample within one step of the voltage at its time', () => {
    const patient = new FakePatient()
    follows(of(new KitHost(patient).run(4000), 'A'), 40, (t) => patient.airflow(t))
  })

  it('send the EMG instead, once the mode and the jumper are changed', () => {
    const patient = new FakePatient()
    patient.emg = (t) => 2.5 + Math.sin(t / 200)
    const kit = new KitHost(patient)
    kit.run(1000)
    kit.board.moveJumper('emg')
    kit.command('M', 'emg')
    const lines = kit.run(2000)
    follows(of(lines, 'M'), 4, (t) => patient.emg(t))
    expect(of(lines, 'E').length).to.be.at.most(2)
    expect(of(lines, 'S').at(-1)?.fields[0]).to.equal('emg')
  })

  it('send the skin response within one step', () => {
    for (const skinConductance of [1.2, 5, 20, 60]) {
      const [line] = of(new KitHost(new FakePatient({ skinConductance })).run(1500), 'G')
      expect(line?.fields[0]).to.equal('o')
      for (const sample of unpack(line?.fields[2] as string))
        expect(sample).to.be.closeTo(counts(0.5 + skinConductance / 20) - 0.5, 1)
    }
  })

  it('send the temperature within one step', () => {
    for (const temperature of [30, 35.2, 36.6, 38.9, 41]) {
      const [line] = of(new KitHost(new FakePatient({ temperature })).run(1500), 'T')
      expect(line?.fields[0]).to.equal('o')
      expect(Number(line?.fields[1])).to.be.closeTo(temperatureCounts(temperature), 1)
    }
  })

  it('send the acceleration exactly, full scale included', () => {
    const patient = new FakePatient()
    patient.acceleration = () => [-0.53, 7.99, -8]
    for (const line of of(new KitHost(patient).run(1000), 'X')) {
      expect(line.fields[0]).to.equal('o')
      const samples = unpack(line.fields[2] as string).map((v) => v - 2048)
      expect(samples).to.deep.equal(Array.from({ length: 10 }, () => [-136, 2045, -2048]).flat())
    }
  })

  it('follow a movement: each acceleration is at most 6 ms old', () => {
    const patient = new FakePatient()
    patient.acceleration = (t) => [t / 2560, 0, 0] // one count each 10 ms
    const line = of(new KitHost(patient).run(3000), 'X').at(-1)
    for (const [i, value] of unpack(line?.fields[2] as string).entries()) {
      const at = (line?.time ?? 0) + Math.floor(i / 3) * 20
      if (i % 3 === 0) expect(value - 2048).to.be.within(Math.floor((at - 6) / 10), Math.ceil((at + 6) / 10))
    }
  })

  it('read pulse and SpO2 off the display exactly, equal neighbours and all', () => {
    const kit = new KitHost(new FakePatient())
    const patient = new FakePatient()
    const shown = new KitHost(patient)
    shown.run(100)
    for (const [pulse, spo2] of [
      [60, 97],
      [72, 88],
      [88, 88],
      [99, 99],
      [100, 90],
      [111, 91],
      [188, 85],
      [200, 77],
      [8, 66],
    ] as const) {
      patient.state = { ...patient.state, pulse, spo2 }
      expect(of(shown.run(3000), 'O').at(-1)?.fields).to.deep.equal(['o', `${pulse}`, `${spo2}`])
    }
    patient.state = { ...patient.state, pulse: 70, spo2: 100 }
    expect(of(shown.run(3000), 'O').at(-1)?.fields, '100 % does not fit the display').to.deep.equal(['o', '70', '99'])
    expect(of(kit.run(1900), 'O')).to.have.length(1)
  })

  it('say acquiring while the display shows dashes and off when it is dark, and never a value with either', () => {
    const kit = new KitHost(new FakePatient())
    kit.board.oximeter.state = 'acquiring'
    expect(of(kit.run(2500), 'O').at(-1)?.fields).to.deep.equal(['a', '', ''])
    kit.board.detach('oximeter')
    expect(of(kit.run(2500), 'O').at(-1)?.fields).to.deep.equal(['n', '', ''])
    kit.board.attach('oximeter')
    expect(of(kit.run(2500), 'O').at(-1)?.fields[0]).to.equal('o')
  })

  it('say off and fault where the voltages say so', () => {
    const status = (patient: FakePatient, type: string, change?: (kit: KitHost) => void) => {
      const kit = new KitHost(patient)
      change?.(kit)
      return of(kit.run(4500), type).at(-1)?.fields[0]
    }
    const flat = new FakePatient()
    flat.ecg = () => 2.5
    expect(status(flat, 'E'), 'a flat ECG').to.equal('n')
    expect(
      status(new FakePatient(), 'E', (kit) => kit.board.detach('ecg')),
      'an ECG at the rail',
    ).to.equal('f')
    expect(status(new FakePatient({ skinConductance: 0.9 }), 'G'), 'dry electrodes').to.equal('n')
    expect(
      status(new FakePatient(), 'G', (kit) => kit.board.detach('gsr')),
      'no electrodes',
    ).to.equal('n')
    expect(status(new FakePatient({ temperature: 24 }), 'T'), 'a probe in the room').to.equal('n')
    expect(
      status(new FakePatient(), 'T', (kit) => kit.board.detach('bodyTemperature')),
      'no probe',
    ).to.equal('f')
    const wet = new FakePatient()
    wet.airflow = () => 5
    expect(status(wet, 'A'), 'airflow at the upper rail').to.equal('f')
  })

  it('go on without the accelerometer, mark its samples as missing, and find it again', () => {
    const kit = new KitHost(new FakePatient())
    kit.board.detach('accelerometer')
    const lines = kit.run(3000)
    const last = of(lines, 'X').at(-1)
    expect(last?.fields[0]).to.equal('f')
    expect(unpack(last?.fields[2] as string).every((v) => v === 4095)).to.equal(true)
    expect(of(lines, 'E').length).to.be.above(27)
    kit.board.attach('accelerometer')
    expect(of(kit.run(3000), 'X').at(-1)?.fields[0]).to.equal('o')
  })
})
