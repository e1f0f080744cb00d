import { expect } from 'chai'
import { Chunker, type Scale } from '#gateway/clinical/normalise/chunker.js'
import { KitDecoder } from '#gateway/intake/decode/kit-decoder.js'
import type { KitLineFrame } from '#gateway/model/transport.js'
import { type CuffRecord, encodeRecord } from '#simulators/board/cuff.js'
import { encodeGlucose, type GlucoseRecord } from '#simulators/board/glucometer.js'
import { FakePatient } from '#test/simulators/board/fake-patient.js'
import { KitHost, type KitLine, linesIn } from '#test/simulators/board/kit-host.js'

const record = (text: string): CuffRecord => {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, systolic = 0, diastolic = 0, pulse = 0] = text
    .split(/[-T:, /]/)
    .map(Number)
  return { year, month, day, hour, minute, systolic, diastolic, pulse }
}

const T0 = Date.UTC(2026, 0, 1)

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
    expect(bodies(lines, 'H')).to.deep.equal(['begin,cuff,0,0,0', 'end,cuff,4,0,0'])
    expect(bodies(lines, 'P')).to.deep.equal(CAPTURE.map(([, shown], i) => `o,${i},${shown}`))
    for (const [raw, shown] of CAPTURE)
      expect(
        Buffer.from(encodeRecord(record(shown)))
          .toString('hex')
          .toUpperCase(),
      ).to.equal(raw)
  })

  const eighty = Array.from({ length: 80 }, (_, i) =>
    record(`2025-06-${1 + Math.floor(i / 24)}T${i % 24}:7,${100 + i},${60 + (i % 30)},${50 + i}`),
  )

  it('reads all 80 records of a full cuff in two passes, without losing a byte', () => {
    kit.board.cuff.store(...eighty)
    kit.command('P')
    const lines = kit.run(5000)
    expect(bodies(lines, 'H')).to.deep.equal([
      'begin,cuff,0,0,0',
      'end,cuff,80,0,0',
      'begin,cuff,0,0,40',
      'end,cuff,80,0,40',
    ])
    const sent = bodies(lines, 'P').map((body) => body.split(','))
    expect(sent.map((f) => f.slice(3).map(Number))).to.deep.equal(eighty.map((r) => [r.systolic, r.diastolic, r.pulse]))
    expect(sent.map((f) => Number(f[1]))).to.deep.equal(Array.from({ length: 80 }, (_, i) => i))
    expect(kit.board.receiveOverruns).to.equal(0)
    expect(bodies(kit.run(1100), 'S').at(-1)).to.equal('ecg,0,0,0')
  })

  it('is one dump for a virtual patient that measures on request: not again at the second pass', () => {
    const patient = new KitHost(new FakePatient(), { measureOnRequest: true })
    patient.board.cuff.store(...eighty)
    patient.run(300)
    patient.command('P')
    const lines = patient.run(5000)
    expect(bodies(lines, 'H').at(-1)).to.equal('end,cuff,80,0,40')
    expect(bodies(lines, 'P')).to.have.length(80)
    expect(bodies(lines, 'P').at(-1)).to.match(/,131,82,72$/)
  })

  it('begins again when the cuff has measured between two passes, so that the newest is not lost', () => {
    kit.board.cuff.store(...eighty)
    kit.command('P')
    while (!kit.heard.includes('end,cuff')) kit.board.run(5)
    const newest = record('2025-06-30T10:00,141,91,77')
    kit.board.cuff.store(newest)
    kit.board.run(5000)
    const lines = linesIn(kit.heard)
    expect(bodies(lines, 'H').map((body) => body.replace(/,80,0,/, ',n,0,'))).to.deep.equal([
      'begin,cuff,0,0,0',
      'end,cuff,n,0,0',
      'begin,cuff,0,0,40',
      'end,cuff,n,0,40',
      'begin,cuff,0,0,0',
      'end,cuff,n,0,0',
      'begin,cuff,0,0,40',
      'end,cuff,n,0,40',
    ])
    const sent = bodies(lines, 'P')
    expect(sent).to.have.length(40 + 80)
    expect(sent.at(-1)).to.equal('o,79,2025-06-30T10:00,141,91,77')
  })

  it('gives up a cuff that is another one at every pass, and says what it did not get', () => {
    const { cuff } = kit.board
    cuff.store(...eighty)
    let minute = 0
    cuff.beforeDump = () => cuff.store(record(`2025-07-01T10:${minute++},120,80,70`))
    kit.command('P')
    const lines = kit.run(9000)
    expect(bodies(lines, 'H').at(-1)).to.equal('end,cuff,80,40,40')
    expect(bodies(lines, 'P')).to.have.length(3 * 40)
    kit.heard = ''
    kit.command('I')
    expect(bodies(kit.run(300), 'K')[0]).to.contain('ok')
  })

  it('does not trust a record that lost a byte, and keeps the others', () => {
    const [first, second, third, fourth] = CAPTURE.map(([raw]) => `${raw}FFF0F1F2`) as [string, string, string, string]
    cuffAnswers(`C1C2C3C4${first}${second.slice(2)}${third}${fourth}D1D2D3D4`)
    kit.command('P')
    const lines = kit.run(2000)
    expect(bodies(lines, 'H').at(-1)).to.equal('end,cuff,2,2,0')
    expect(bodies(lines, 'P')).to.deep.equal([`o,0,${CAPTURE[0][1]}`, `o,1,${CAPTURE[3][1]}`])
  })

  it('refuses dates that cannot be', () => {
    const impossible = encodeRecord(record('2025-13-1T10:00,120,80,70'))
    cuffAnswers(`C1C2C3C4${Buffer.from(impossible).toString('hex')}FFF0F1F2D1D2D3D4`)
    kit.command('P')
    expect(bodies(kit.run(2000), 'H').at(-1)).to.equal('end,cuff,0,1,0')
  })

  it('comes back from a cuff that is not there, or stops in the middle', () => {
    kit.board.detach('bloodPressure')
    kit.command('P')
    expect(bodies(kit.run(2500), 'H')).to.deep.equal(['begin,cuff,0,0,0', 'end,cuff,0,0,0'])
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
    expect(bodies(lines, 'H')).to.deep.equal(['begin,glucometer,0,0,0', 'end,glucometer,4,0,0'])
    expect(bodies(lines, 'U')).to.deep.equal([
      'o,0,2025-03-09T00:05,104,00',
      'o,1,2025-03-09T07:30,61,00',
      'o,2,2025-03-09T12:01,255,00',
      'o,3,2025-03-09T23:59,412,01',
    ])
    expect(kit.board.glucometer.enabled, 'D5 is low again').to.equal(false)
  })

  const glucose = (n: number): GlucoseRecord[] =>
    Array.from({ length: n }, (_, i) => ({
      year: 2025,
      month: 1,
      day: 1 + (i % 28),
      hour: i % 24,
      minute: i % 60,
      glucose: 90 + i,
    }))

  it('reads all 100 records of a full glucometer in three passes', () => {
    kit.board.glucometer.store(...glucose(100))
    kit.command('U')
    const lines = kit.run(24_000)
    expect(bodies(lines, 'H').filter((body) => body.startsWith('end'))).to.deep.equal([
      'end,glucometer,100,0,0',
      'end,glucometer,100,0,40',
      'end,glucometer,100,0,80',
    ])
    expect(bodies(lines, 'U').map((body) => Number(body.split(',')[3]))).to.deep.equal(
      glucose(100).map((r) => r.glucose),
    )
    expect(bodies(kit.run(1100), 'S').at(-1)).to.equal('ecg,0,0,0')
  })

  it('bounds a glucometer that says it has 255 records in time, and counts what it did not read', () => {
    const { glucometer } = kit.board
    const receive = glucometer.receive.bind(glucometer)
    glucometer.receive = (byte) => {
      const answer = receive(byte)
      return answer && { ...answer, bytes: Uint8Array.from([255, 0, ...glucose(255).flatMap(encodeGlucose)]) }
    }
    kit.command('U')
    const lines = kit.run(30_000)
    const [, records, dropped] = (lines.filter((line) => line.type === 'H').at(-1)?.fields ?? []).slice(1).map(Number)
    expect(bodies(lines, 'U')).to.have.length(records ?? 0)
    expect(records).to.be.above(110)
    expect((records ?? 0) + (dropped ?? 0)).to.equal(255)
    const times = lines.filter((line) => line.type === 'H').map((line) => line.time)
    for (let i = 0; i < times.length; i += 2) expect((times[i + 1] ?? 0) - (times[i] ?? 0)).to.be.below(10_500)
  })

  it('declares in L lines exactly the samples that are not there, and keeps the others', () => {
    kit.board.glucometer.store(...glucose(45))
    const lines = [...kit.run(2000)]
    kit.command('U')
    lines.push(...kit.run(12_000))
    for (let i = 1; i < lines.length; i++) expect(lines[i]?.seq).to.equal((lines[i - 1]?.seq ?? 0) + 1)
    const digits = { E: 2, A: 2, G: 2, X: 6 }
    for (const [type, width] of Object.entries(digits)) {
      let next: number | undefined
      let declared = 0
      for (const { type: is, time, fields } of lines) {
        const gap = is === 'L' && fields[0] === type
        if (is !== type && !gap) continue
        const periodMs = Number(fields[1]) / 1000
        const samples = gap ? Number(fields[2]) : (fields[2]?.length ?? 0) / width
        if (gap) declared += samples
        // Each line begins where the one before it ended. An acceleration is read up to a tick after its time.
        if (next !== undefined)
          expect(time - next, `${type} at ${time}`).to.be.within(type === 'X' ? -6 : 0, type === 'X' ? 6 : 0)
        next = time + samples * periodMs
      }
      expect(declared, type).to.be.above(type === 'E' ? 1500 : 10)
    }
    const temperatures = lines.filter((line) => line.type === 'T').map((line) => line.time)
    const lost = lines
      .filter((line) => line.type === 'L' && line.fields[0] === 'T')
      .reduce((n, line) => n + Number(line.fields[2]), 0)
    expect(temperatures.length + lost).to.equal(1 + ((temperatures.at(-1) ?? 0) - (temperatures[0] ?? 0)) / 1000)
    expect(bodies(lines, 'S').at(-1)).to.equal('ecg,0,0,0')
  })

  it('is nulls in the gateway: as many as the kit has declared', () => {
    kit.board.cuff.store(...eighty)
    const lines = [...kit.run(1000)]
    kit.command('P')
    lines.push(...kit.run(5000))
    const decoder = new KitDecoder({ deviceId: 'kit-1' })
    const chunker = new Chunker({ chunkMs: 60_000 })
    const scale = { origin: 0, factor: 1, lowerLimit: 0, upperLimit: 1023, unit: '1' } as Scale
    let declared = 0
    for (const { text, time } of lines) {
      const frame: KitLineFrame = {
        format: 'kit-line',
        transport: 't',
        receivedAt: T0 + time,
        line: text,
        settle: () => {},
      }
      const { readings, events, refused, lost } = decoder.decode(frame)
      expect(refused, text).to.equal(null)
      expect(lost).to.equal(0)
      for (const event of events) if (event.type === 'gap' && event.signal === 'ecg') declared += event.samples
      for (const { sensor, value, at, clockMs } of readings)
        if (sensor === 'ecg' && value.type === 'samples' && clockMs !== undefined)
          chunker.push({ at, clockMs, periodMs: value.periodMs, scale, samples: value.samples, remarks: [] })
    }
    const [chunk, ...others] = chunker.flush()
    expect(others).to.deep.equal([])
    expect(declared).to.be.within(100, 500)
    expect(chunk?.samples.filter((sample) => sample === null)).to.have.length(declared)
    expect(chunk?.remarks).to.contain('gap')
  })

  it('is a gap in the waveforms: nothing is sent meanwhile, and the times say how long it was', () => {
    kit.board.cuff.store(...eighty.slice(0, 40))
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
    kit.board.cuff.store(...Array.from({ length: 40 }, (_, i) => record(`2025-01-01T10:${i},120,80,70`)))
    kit.command('P')
    while (!kit.heard.includes('end,cuff')) kit.board.run(5)
    kit.command('U')
    expect(bodies(kit.run(1000), 'K')).to.deep.equal(['0001,err,busy'])
  })
})
