import { expect } from 'chai'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { KitHost, type KitLine } from '#test/simulators/board/kit-host.js'

const readings = (lines: readonly KitLine[]) =>
  lines.filter((line) => line.type === 'O').map((line) => line.fields.join(','))

/** A two-digit value for each pair of a tens and a ones digit, plausible and not: repeated digits among them. */
const PAIRS = Array.from({ length: 99 }, (_, i) => i + 1)

describe('firmware oximeter', function () {
  this.timeout(120_000)

  for (const [model, digitMs] of [
    ['A', 2.35],
    ['A', 2.55],
    ['A', 2.8],
    ['B', 0],
  ] as const) {
    const name = model === 'A' ? `model A at ${digitMs} ms a digit` : 'model B'
    function kit() {
      const patient = new FakePatient({ pulse: 72, spo2: 98 })
      const host = new KitHost(patient)
      host.board.oximeter.model = model
      host.board.oximeter.digitMs = digitMs
      host.run(2500)
      return { patient, host }
    }

    it(`reads two-digit pulse and SpO2 off ${name}, every digit beside every other`, () => {
      const { patient, host } = kit()
      const shown: string[] = []
      const read: string[] = []
      // At the ends of model A's range, the repeated digits and some others; else all.
      for (const [i, pulse] of PAIRS.entries()) {
        if (digitMs !== 2.55 && model === 'A' && pulse % 11 !== 0 && pulse % 7 !== 0) continue
        // 61 and 99 have no common divisor, so that each pulse meets another SpO2; every ninth pair is twice the same.
        const spo2 = i % 9 === 0 ? pulse : ((i * 61) % 99) + 1
        shown.push(`o,${pulse},${spo2}`)
        patient.state = { ...patient.state, pulse, spo2 }
        read.push(...readings(host.run(1000)))
      }
      // The display takes the next number with the next second, and a line says it a second later.
      read.push(...readings(host.run(1000)))
      expect(read.slice(1)).to.deep.equal(shown)
    })

    it(`reads three digits off ${name}, equal to their neighbours and not`, () => {
      const { patient, host } = kit()
      for (const [pulse, spo2] of [
        [100, 90],
        [111, 91],
        [111, 99],
        [111, 88],
        [122, 81],
        [188, 99],
        [199, 91],
        [211, 92],
        [222, 82],
        [250, 97],
      ] as const) {
        patient.state = { ...patient.state, pulse, spo2 }
        expect(readings(host.run(2100)).at(-1), `${pulse}, ${spo2}`).to.equal(`o,${pulse},${spo2}`)
      }
    })

    it(`says acquiring for dashes and blanks of ${name}, and off without a strobe, never a number`, () => {
      const { host } = kit()
      for (const [state, said] of [
        ['acquiring', 'a,,'],
        ['blank', 'a,,'],
        ['off', 'n,,'],
      ] as const) {
        host.board.oximeter.state = state
        host.run(1100)
        for (const reading of readings(host.run(3000))) expect(reading, state).to.equal(said)
      }
      host.board.oximeter.state = 'on'
      expect(readings(host.run(2500)).at(-1)).to.equal('o,72,98')
    })
  }

  it('never gives a number it did not see while one model is changed for the other', () => {
    const patient = new FakePatient({ pulse: 72, spo2: 98 })
    const host = new KitHost(patient)
    for (const model of ['A', 'B', 'A', 'B'] as const) {
      host.board.oximeter.model = model
      const seen = readings(host.run(3000))
      for (const reading of seen) expect(reading).to.match(/^(o,72,98|[naf],,)$/)
      expect(seen.at(-1)).to.equal('o,72,98')
    }
  })

  it('does not guess: a frame either model could have shown is no number until the model is known', () => {
    const patient = new FakePatient({ pulse: 111, spo2: 91 })
    const host = new KitHost(patient)
    host.board.oximeter.model = 'B'
    for (const reading of readings(host.run(4000))) expect(reading).to.match(/^(o,111,91|[naf],,)$/)
  })
})
