import { expect } from 'chai'
import { type CuffRecord, encodeRecord } from '#simulators/board/cuff.js'
import type { GlucoseRecord } from '#simulators/board/glucometer.js'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { KitHost, type KitLine } from '#test/simulators/board/kit-host.js'

const record = (text: string): CuffRecord => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, systolic = 0, diastolic = 0, pulse = 0] = text
    .split(/[-T:, /]/)
    .map(Number)
  return { year, month, day, hour, minute, systolic, diastolic, pulse }
}

/** A real cuff's dump, as captured by one of its users, and what its display said. */
const CAPTURE = [
  ['2F4FCE4FAF6A6B3C', '2013-11-19T11:05,119,73,60'],
  ['2F4FCEEEDF79EA0B', '2013-11-19T17:02,134,81,79'],
  ['2F4F4EFECDE3095A', '2013-11-27T16:35,223,111,90'],
  ['2F3FDF5FFFF98ACA', '2013-12-02T10:00,126,87,83'],
] as const

const bodies = (lines: readonly KitLine[], type: string) =>
  lines.filter((line) => line.type === type).map((line) => line.fields.join(','))

describe('firmware hand-over', function () {
  this.timeout(60_000)
  let kit: KitHost
  beforeEach(() => {
    kit = new KitHost(new FakePatient())
    kit.run(500)
  })

  /** The device answers with these bytes, whatever it has stored. */
  function cuffAnswers(hex: string): void {
    const { cuff } = kit.board
    const receive = cuff.receive.bind(cuff)
    cuff.receive = (byte) => {
      const answer = receive(byte)
      return answer && { ...answer, bytes: Uint8Array.from(Buffer.from(hex, 'hex')) }
    }
  }

  it('decodes a real capture of the cuff as its display showed it', () => {
    cuffAnswers(`C1C2C3C4${CAPTURE.map(([raw]) => `${raw}FFF0F1F2`).join('')}D1D2D3D4`)
    const cseq = kit.command('P')
    const lines = kit.run(2000)
    expect(bodies(lines, 'K')).to.deep.equal([`${cseq},ok,cuff`])
    expect(bodies(lines, 'H')).to.deep.equal(['begin,cuff,0,0', 'end,cuff,4,0'])
    expect(bodies(lines, 'P')).to.deep.equal(CAPTURE.map(([, shown], i) => `o,${i},${shown}`))
    for (const [raw, shown] of CAPTURE)
      expect(
        Buffer.from(encodeRecord(record(shown)))
          .toString('hex')
          .toUpperCase(),
      ).to.equal(raw)
  })

  it('reads a full cuff without losing a byte, keeps the newest 32 and says how many it did not', () => {
    const stored = Array.from({ length: 80 }, (_, i) =>
      record(`2025-06-${1 + Math.floor(i / 24)}T${i % 24}:7,${100 + i},${60 + (i % 30)},${50 + i}`),
    )
    kit.board.cuff.store(...stored)
    kit.command('P')
    const lines = kit.run(3000)
    expect(bodies(lines, 'H').at(-1)).to.equal('end,cuff,32,48')
    const sent = bodies(lines, 'P').map((body) => body.split(','))
    expect(sent.map((f) => f.slice(3).map(Number))).to.deep.equal(
      stored.slice(-32).map((r) => [r.systolic, r.diastolic, r.pulse]),
    )
    expect(sent.map((f) => Number(f[1]))).to.deep.equal(Array.from({ length: 32 }, (_, i) => i))
    expect(kit.board.receiveOverruns).to.equal(0)
    expect(bodies(kit.run(1100), 'S').at(-1)).to.equal('ecg,0,0,0')
  })

  it('does not trust a record that lost a byte, and keeps the others', () => {
    const [first, second, third, fourth] = CAPTURE.map(([raw]) => `${raw}FFF0F1F2`) as [string, string, string, string]
    cuffAnswers(`C1C2C3C4${first}${second.slice(2)}${third}${fourth}D1D2D3D4`)
    kit.command('P')
    const lines = kit.run(2000)
    expect(bodies(lines, 'H').at(-1)).to.equal('end,cuff,2,2')
    expect(bodies(lines, 'P')).to.deep.equal([`o,0,${CAPTURE[0][1]}`, `o,1,${CAPTURE[3][1]}`])
  })

  it('refuses dates that cannot be', () => {
    const impossible = encodeRecord(record('2025-13-1T10:00,120,80,70'))
    cuffAnswers(`C1C2C3C4${Buffer.from(impossible).toString('hex')}FFF0F1F2D1D2D3D4`)
    kit.command('P')
    expect(bodies(kit.run(2000), 'H').at(-1)).to.equal('end,cuff,0,1')
  })

  it('comes back from a cuff that is not there, or stops in the middle', () => {
    kit.board.detach('bloodPressure')
    kit.command('P')
    expect(bodies(kit.run(2500), 'H')).to.deep.equal(['begin,cuff,0,0', 'end,cuff,0,0'])
    kit.board.attach('bloodPressure')
    cuffAnswers(`C1C2C3C4${CAPTURE[0][0]}FFF0F1F22F4F`)
    kit.command('P')
    expect(bodies(kit.run(2500), 'P')).to.deep.equal([`o,0,${CAPTURE[0][1]}`])
  })

  it('reads the glucometer, midnight and noon included', () => {
    const at = { year: 2025, month: 3, day: 9 }
    const stored: GlucoseRecord[] = [
      { ...at, hour: 0, minute: 5, glucose: 104 },
      { ...at, hour: 7, minute: 30, glucose: 61 },
      { ...at, hour: 12, minute: 1, glucose: 255 },
      { ...at, hour: 23, minute: 59, glucose: 412 },
    ]
    kit.board.glucometer.store(...stored)
    kit.command('U')
    const lines = kit.run(3000)
    expect(bodies(lines, 'H')).to.deep.equal(['begin,glucometer,0,0', 'end,glucometer,4,0'])
    expect(bodies(lines, 'U')).to.deep.equal([
      'o,0,2025-03-09T00:05,104,00',
      'o,1,2025-03-09T07:30,61,00',
      'o,2,2025-03-09T12:01,255,00',
      'o,3,2025-03-09T23:59,412,01',
    ])
    expect(kit.board.glucometer.enabled, 'D5 is low again').to.equal(false)
  })

  it('bounds a long glucometer dump in time and counts what it did not read', () => {
    const stored = Array.from({ length: 60 }, (_, i) => ({
      year: 2025,
      month: 1,
      day: 1,
      hour: i % 24,
      minute: i,
      glucose: 90 + i,
    }))
    kit.board.glucometer.store(...stored)
    kit.command('U')
    const lines = kit.run(6000)
    const [begin, end] = lines.filter((line) => line.type === 'H')
    const [, , kept, dropped] = (end?.fields ?? []).map(Number)
    expect((kept ?? 0) + (dropped ?? 0)).to.equal(60)
    expect(kept).to.be.above(20)
    expect((end?.time ?? 0) - (begin?.time ?? 0)).to.be.within(2900, 3500)
  })

  it('is a gap in the waveforms: nothing is sent meanwhile, and the times say how long it was', () => {
    kit.board.cuff.store(record('2025-01-01T10:00,120,80,70'))
    kit.command('P')
    const lines = kit.run(3000)
    const begin = lines.findIndex((line) => line.type === 'H')
    expect(lines[begin + 1]?.fields[0], 'only noise between begin and end').to.equal('end')
    for (let i = 1; i < lines.length; i++) expect(lines[i]?.seq).to.equal((lines[i - 1]?.seq ?? 0) + 1)
    const ecg = lines.filter((line) => line.type === 'E').map((line) => line.time)
    const gaps = ecg.slice(1).map((time, i) => time - (ecg[i] as number))
    expect(gaps.filter((gap) => gap !== 100)).to.have.length(1)
    expect(Math.max(...gaps)).to.be.within(150, 600)
  })

  it('answers busy while the records of the last one are still being sent', () => {
    kit.board.cuff.store(...Array.from({ length: 32 }, (_, i) => record(`2025-01-01T10:${i},120,80,70`)))
    kit.command('P')
    while (!kit.heard.includes('end,cuff')) kit.board.run(5)
    kit.command('U')
    expect(bodies(kit.run(1000), 'K')).to.deep.equal(['0001,err,busy'])
  })
})
