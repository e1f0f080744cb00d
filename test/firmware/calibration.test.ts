import { expect } from 'chai'
import { commandLine } from '#gateway/intake/transports/serial/command-line.js'
import type { KitCommand } from '#gateway/model/transport.js'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { KitHost, type KitLine } from '#test/simulators/board/kit-host.js'

const NOMINAL = {
  'rail-low': 5,
  'rail-high': 1015,
  'skin-off': 112,
  'temp-off': 707,
  'ecg-flat': 2,
  'temp-vref': 3000,
  'temp-ra': 4700,
  'temp-rb': 821,
  'temp-rc': 4700,
  'skin-zero': 500,
  'airflow-zero': 0,
}

const of = (lines: readonly KitLine[], type: string) => lines.filter((line) => line.type === type)
const details = (lines: readonly KitLine[]) => of(lines, 'K').map((line) => line.fields.slice(1).join(','))

describe('firmware calibration and rates', function () {
  this.timeout(60_000)
  let kit: KitHost
  let cseq = 0
  beforeEach(() => {
    kit = new KitHost(new FakePatient())
    kit.run(200)
  })
  /** Sends what the gateway would send, and gives back what the kit answers. */
  function ask(command: KitCommand, ms = 400): string[] {
    kit.send(commandLine(command, cseq++))
    return details(kit.run(ms))
  }
  const say = (type: string, argument: string) => {
    kit.command(type, argument)
    return details(kit.run(400))
  }
  function listed(): Record<string, number> {
    kit.send(commandLine({ command: 'readCalibration' }, cseq++))
    return Object.fromEntries(of(kit.run(400), 'C').map((line) => [line.fields[0], Number(line.fields[1])]))
  }

  it('has the nominal constants in a new kit, all listed on request', () => {
    expect(ask({ command: 'readCalibration' })).to.deep.equal(['ok,nominal'])
    expect(listed()).to.deep.equal(NOMINAL)
    expect(say('C', 'temp-rb')).to.deep.equal(['ok,821'])
  })

  it('keeps what is set over a reset, and applies it at once', () => {
    kit = new KitHost(new FakePatient({ skinConductance: 5 }))
    expect(of(kit.run(1200), 'G').at(-1)?.fields[0]).to.equal('o')
    expect(ask({ command: 'calibrate', name: 'skin-off', value: 200 })).to.deep.equal(['ok,200'])
    expect(ask({ command: 'calibrate', name: 'airflow-zero', value: 37 })).to.deep.equal(['ok,37'])
    kit.run(1000)
    expect(of(kit.run(1200), 'G').at(-1)?.fields[0], '5 µS is 153 counts').to.equal('n')
    kit.board.reset()
    kit.run(300)
    expect(ask({ command: 'readCalibration' })).to.deep.equal(['ok,kept'])
    expect(listed()).to.deep.equal({ ...NOMINAL, 'skin-off': 200, 'airflow-zero': 37 })
    expect(ask({ command: 'resetCalibration' })).to.deep.equal(['ok,nominal'])
    kit.board.reset()
    kit.run(300)
    expect(listed()).to.deep.equal(NOMINAL)
  })

  it('has the copy before when the last one is corrupt, and the nominal constants when both are', () => {
    ask({ command: 'calibrate', name: 'skin-zero', value: 480 })
    ask({ command: 'calibrate', name: 'skin-zero', value: 470 })
    const { memory } = kit.board.eeprom
    const corrupt = (slot: number) => {
      memory[slot * 64 + 9] = (memory[slot * 64 + 9] as number) ^ 0x10
      kit.board.reset()
      kit.run(300)
    }
    corrupt(0)
    expect(listed()['skin-zero']).to.equal(480)
    corrupt(1)
    expect(ask({ command: 'readCalibration' })).to.deep.equal(['ok,nominal'])
    expect(listed()).to.deep.equal(NOMINAL)
  })

  it('survives a reset in the middle of keeping a constant with the old or the new value', () => {
    ask({ command: 'calibrate', name: 'temp-rb', value: 800 })
    for (let ms = 4; ms < 100; ms += 8) {
      kit.send(commandLine({ command: 'calibrate', name: 'temp-rb', value: 850 }, cseq++))
      kit.board.run(ms)
      kit.board.reset()
      kit.run(200)
      expect(listed()['temp-rb']).to.be.oneOf([800, 850])
      ask({ command: 'calibrate', name: 'temp-rb', value: 800 })
    }
  })

  it('refuses a constant it does not know, and values that are none or out of range', () => {
    for (const argument of [
      'colour=1',
      'colour',
      'skin=1',
      'skin-off=',
      'skin-off=x',
      'skin-off=-1',
      'skin-off=501',
      'skin-off=65648',
      'temp-vref=000003000',
      '=5',
      'rail-high=799',
    ])
      expect(say('C', argument), argument).to.deep.equal(['err,bad-argument'])
    expect(listed()).to.deep.equal(NOMINAL)
    expect(kit.board.eeprom.memory.every((byte) => byte === 0xff)).to.equal(true)
  })

  it('sends each signal at the rate it is told, and says so in its lines', () => {
    for (const [signal, hertz, type] of [
      ['ecg', 125, 'E'],
      ['ecg', 500, 'E'],
      ['ecg', 250, 'E'],
      ['airflow', 50, 'A'],
      ['airflow', 25, 'A'],
    ] as const) {
      expect(ask({ command: 'rate', signal, hertz })).to.deep.equal([`ok,${hertz}`])
      kit.run(1000)
      const lines = of(kit.run(4000), type)
      expect(lines.length).to.be.within((4 * hertz) / 25 - 1, (4 * hertz) / 25 + 1)
      for (const [i, { time, fields }] of lines.entries()) {
        expect(fields[1]).to.equal(`${1_000_000 / hertz}`)
        if (i > 0) expect(time - (lines[i - 1]?.time ?? 0)).to.equal(25_000 / hertz)
      }
    }
    expect(ask({ command: 'rate', signal: 'emg', hertz: 500 })).to.deep.equal(['ok,500'])
    expect(of(kit.run(1000), 'E').at(-1)?.fields[1], 'the ECG keeps its own').to.equal('4000')
    ask({ command: 'mode', mode: 'emg' })
    expect(of(kit.run(1000), 'M').at(-1)?.fields[1]).to.equal('2000')
    expect(of(kit.run(1100), 'S').at(-1)?.fields.slice(1)).to.deep.equal(['0', '0', '0'])
  })

  it('refuses any other rate', () => {
    for (const argument of ['', 'ecg', 'ecg=', 'ecg=100', 'ecg=2500', 'emg=125', 'airflow=100', 'gsr=4', 'ecg=250 '])
      expect(say('R', argument), argument).to.deep.equal(['err,bad-argument'])
  })
})
