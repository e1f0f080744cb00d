import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { committedHex } from '#firmware/build.js'
import { parseIntelHex } from '#simulators/board/intel-hex.js'
import { CPU_HZ, Machine } from '#simulators/board/machine.js'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { KitHost } from '#test/simulators/board/kit-host.js'

const SRAM_START = 0x100
const SRAM_END = 0x900
const PAINT = 0xc5
const HEART_CHANNEL = 0

describe('firmware limits', function () {
  this.timeout(120_000)

  it('leaves at least 200 bytes that the deepest stack never touches, with every command and device at work', () => {
    const kit = new KitHost(new FakePatient())
    const { data } = kit.board.machine.cpu
    // Start-up clears the static memory; what is still painted at the end is neither static nor ever was stack.
    data.fill(PAINT, SRAM_START, SRAM_END)
    kit.board.cuff.store(
      ...Array.from({ length: 80 }, (_, i) => ({
        ...{ year: 2025, month: 6, day: 1 + (i % 28), hour: i % 24, minute: i % 60 },
        ...{ systolic: 120, diastolic: 80, pulse: 60 + i },
      })),
    )
    kit.board.glucometer.store(
      ...Array.from({ length: 50 }, (_, i) => ({
        year: 2025,
        month: 6,
        day: 1,
        hour: i % 24,
        minute: i,
        glucose: 100,
      })),
    )
    kit.run(2000)
    for (const [type, argument, ms] of [
      ['I', '', 300],
      ['C', '', 500],
      ['C', 'airflow-zero=1023', 500],
      ['C', 'nominal', 500],
      ['C', 'no-such-thing', 300],
      ['R', 'ecg=500', 2000],
      ['R', 'airflow=50', 2000],
      ['M', 'emg', 1000],
      ['M', 'ecg', 1000],
      ['P', '', 6000],
      ['U', '', 15_000],
      ['I', '', 1000],
    ] as const) {
      kit.command(type, argument)
      kit.run(ms)
    }
    kit.board.detach('accelerometer')
    kit.board.oximeter.model = 'B'
    kit.run(3000)
    let longest = 0
    for (let at = SRAM_START, run = 0; at < SRAM_END; at++) {
      run = data[at] === PAINT ? run + 1 : 0
      longest = Math.max(longest, run)
    }
    expect(longest).to.be.at.least(200)
    expect(longest, 'the paint says something').to.be.below(1200)
  })

  it('starts every ECG conversion within 1 % of its period, with everything else at work', () => {
    const kit = new KitHost(new FakePatient())
    kit.run(500)
    const starts: number[] = []
    const { adc, cpu } = kit.board.machine
    const convert = adc.onADCRead.bind(adc)
    adc.onADCRead = (input) => {
      if ('channel' in input && input.channel === HEART_CHANNEL) starts.push(cpu.cycles)
      convert(input)
    }
    kit.board.cuff.store({ year: 2025, month: 6, day: 1, hour: 1, minute: 1, systolic: 120, diastolic: 80, pulse: 60 })
    kit.run(5000)
    kit.command('P')
    kit.run(3000)
    kit.command('C', 'skin-off=113')
    kit.run(2000)
    expect(starts.length).to.be.within(2499, 2501)
    const period = (CPU_HZ * 4) / 1000
    const off = starts.slice(1).map((start, i) => Math.abs(start - (starts[i] as number) - period) / period)
    expect(Math.max(...off)).to.be.below(0.01)
    // Nor do the small ones add up: every sample is where the first one says.
    const drift = starts.map((start, i) => Math.abs(start - (starts[0] as number) - i * period) / period)
    expect(Math.max(...drift)).to.be.below(0.01)
  })

  it('is restarted by the watchdog when it hangs, and says so', () => {
    const kit = new KitHost(new FakePatient())
    kit.run(5000)
    kit.heard = ''
    kit.board.machine.hang()
    expect(kit.run(1800).filter((line) => line.type === 'B')).to.deep.equal([])
    const lines = kit.run(1500)
    expect(lines.find((line) => line.type === 'B')?.text).to.match(/^!B,0000,00000000,1,[\d.]+,W\*/)
    expect(lines.filter((line) => line.type === 'E')).to.not.deep.equal([])
  })

  it('says every other cause of a reset as well', () => {
    const program = parseIntelHex(readFileSync(committedHex, 'utf8'))
    for (const [cause, letter] of [
      ['powerOn', 'P'],
      ['external', 'E'],
      ['brownOut', 'B'],
    ] as const) {
      const machine = new Machine(program, { cycles: 0, cause })
      let text = ''
      machine.usart.onByteTransmit = (byte) => {
        text += String.fromCharCode(byte)
      }
      machine.runUntil(CPU_HZ / 10)
      expect(text).to.match(new RegExp(`^\\n!B,0000,00000000,1,[\\d.]+,${letter}\\*`))
    }
  })
})
