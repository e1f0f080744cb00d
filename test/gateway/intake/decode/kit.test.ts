import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import { KitClock, MAX_DRIFT } from '#gateway/intake/decode/kit-clock.js'
import { KitDecoder } from '#gateway/intake/decode/kit-decoder.js'
import { parseKitLine, unpack } from '#gateway/intake/decode/kit-line.js'
import { kitFrame, kitLine, pack, T0, TestKit } from '#test/gateway/engine/frames.js'

const decoder = () => new KitDecoder({ deviceId: 'kit-1' })
const fixture = new URL('../../../fixtures/kit/lines.txt', import.meta.url)

describe('kit lines', () => {
  it('give back any 12-bit samples they were packed from', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 4095 }), { maxLength: 40 }), (values) => {
        expect(unpack(Buffer.from(pack(values)))).to.deep.equal(values)
      }),
    )
  })

  it('are refused, never misread, when any one byte is another', () => {
    const good = kitLine('T,0007,000003E8,o,349')
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const bad = good.slice(0, at) + String.fromCharCode(byte) + good.slice(at + 1)
        fc.pre(bad !== good)
        expect(parseKitLine(bad)).to.have.property('error')
      }),
    )
  })

  it('never make the decoder throw, whatever is in them', () => {
    const one = decoder()
    const types = fc.constantFrom(...'BEMAXGTOPUHKSZ')
    const bodies = fc.oneof(
      fc.string({ maxLength: 60 }),
      fc
        .array(fc.constantFrom('o', 'a', 'n', 'f', '4000', 'AAAA', '', '1', 'cuff', 'begin', 'ecg', '2026-13-99T99:99'))
        .map((f) => f.join()),
    )
    fc.assert(
      fc.property(types, fc.nat(65_535), fc.nat(), bodies, (type, seq, ms, body) => {
        const text = `${type},${seq.toString(16).toUpperCase().padStart(4, '0')},${ms.toString(16).toUpperCase().padStart(8, '0')},${body}`
        const { readings, refused } = one.decode(kitFrame(kitLine(text)))
        for (const { at, remarks } of readings) {
          expect(Number.isFinite(at)).to.equal(true)
          expect(remarks.every((remark) => /^[a-z-]+$/.test(remark))).to.equal(true)
        }
        if (refused) expect(refused.code).to.match(/^decode\./)
      }),
    )
    fc.assert(
      fc.property(fc.string({ maxLength: 200 }), (noise) => {
        expect(one.decode(kitFrame(noise)).refused).to.not.equal(null)
      }),
    )
  })

  it('become one reading each, or two where one line has two values', () => {
    const kit = new TestKit()
    const one = decoder()
    one.decode(kit.boot())
    const kinds = (type: string, body: string) =>
      one
        .decode(kit.frame(type, 1000, body))
        .readings.map(({ sensor, status, value }) => `${sensor} ${status} ${value.type}`)
    expect(kinds('E', `o,4000,${pack([512, 4095])}`)).to.deep.equal(['ecg ok samples'])
    expect(kinds('M', `n,4000,${pack([0])}`)).to.deep.equal(['emg off samples'])
    expect(kinds('A', `o,40000,${pack([3])}`)).to.deep.equal(['airflow ok samples'])
    expect(kinds('G', `o,250000,${pack([200])}`)).to.deep.equal(['gsr ok samples'])
    expect(kinds('X', `o,20000,${pack([2048, 2048, 2304])}`)).to.deep.equal(['position ok acceleration'])
    expect(kinds('T', 'o,349')).to.deep.equal(['bodyTemperature ok number'])
    expect(kinds('O', 'o,72,97')).to.deep.equal(['pulse ok number', 'spo2 ok number'])
    expect(kinds('O', 'a,,')).to.deep.equal(['pulse acquiring none', 'spo2 acquiring none'])
    expect(kinds('P', 'o,0,2013-11-19T11:05,119,73,60')).to.deep.equal([
      'bloodPressure ok bloodPressure',
      'pulse ok number',
    ])
    expect(kinds('U', 'o,0,2026-01-01T11:05,104,00')).to.deep.equal(['glucose ok number'])
  })

  it('read 4095 as no sample, and refuse counts the converter cannot give', () => {
    const kit = new TestKit()
    const one = decoder()
    const { readings } = one.decode(kit.frame('E', 0, `o,4000,${pack([512, 4095, 0])}`))
    expect(readings[0]?.value).to.deep.equal({ type: 'samples', periodMs: 4, samples: [512, null, 0] })
    expect(one.decode(kit.frame('E', 100, `o,4000,${pack([1024])}`)).refused?.code).to.equal('decode.kit-body')
  })

  it('count what never came by the sequence numbers, and what came damaged only as refused', () => {
    const kit = new TestKit()
    const one = decoder()
    one.decode(kit.boot())
    kit.skip(3)
    expect(one.decode(kit.frame('T', 1000, 'o,349')).lost).to.equal(3)
    kit.skip(2)
    expect(one.decode(kitFrame('!T,0005,0000', T0)).refused?.code).to.equal('decode.kit-line')
    expect(one.decode(kitFrame('!T,0006,000003E8,o,349*0000', T0)).refused?.code).to.equal('decode.crc')
    expect(one.decode(kit.frame('T', 2000, 'o,349')).lost).to.equal(0)
  })

  it('count nothing as lost over a wrap of the numbers or a boot', () => {
    const one = decoder()
    one.decode(kitFrame(kitLine('T,FFFF,000003E8,o,349')))
    expect(one.decode(kitFrame(kitLine('T,0000,000007D0,o,349'), T0 + 1000)).lost).to.equal(0)
    expect(one.decode(kitFrame(kitLine('B,0000,00000000,1,0.1.0,E'), T0 + 3000))).to.deep.include({
      lost: 0,
      events: [{ type: 'boot', deviceId: 'kit-1', at: T0 + 3000, firmware: '0.1.0', cause: 'E' }],
    })
  })

  it('notice a restart whose banner was lost', () => {
    const one = decoder()
    one.decode(kitFrame(kitLine('T,1000,000F4240,o,349')))
    const { events, lost, readings } = one.decode(kitFrame(kitLine('T,0003,000003E8,o,349'), T0 + 5000))
    expect(events.map(({ type }) => type)).to.deep.equal(['boot'])
    expect(lost).to.equal(0)
    expect(readings[0]?.at).to.equal(T0 + 5000)
  })

  it('of another protocol version are refused, all of them, with what to do', () => {
    const one = decoder()
    const refused = one.decode(kitFrame(kitLine('B,0000,00000000,2,9.9.9,P'))).refused
    expect(refused?.code).to.equal('decode.kit-protocol')
    expect(refused?.reason).to.contain('flash it')
    expect(one.decode(kitFrame(kitLine('T,0001,000003E8,o,349'))).refused?.code).to.equal('decode.kit-protocol')
  })

  it('tell hand-overs, modes, answers and heartbeats as events', () => {
    const kit = new TestKit()
    const one = decoder()
    const events = (type: string, body: string) => one.decode(kit.frame(type, 1000, body)).events
    expect(events('S', 'ecg,1,2,3').map(({ type }) => type)).to.deep.equal(['mode', 'heartbeat'])
    expect(events('S', 'ecg,1,2,3').map(({ type }) => type)).to.deep.equal(['heartbeat'])
    expect(events('M', `o,4000,${pack([1])}`)).to.deep.include({
      type: 'mode',
      deviceId: 'kit-1',
      at: T0 + 1000,
      mode: 'emg',
    })
    expect(events('H', 'begin,cuff,0,0')[0]).to.include({ type: 'hand-over', phase: 'begin', to: 'cuff' })
    expect(events('K', '00A1,ok,homebeat-0.1.0')[0]).to.include({ command: '00A1', ok: true, detail: 'homebeat-0.1.0' })
  })

  it('tell declared gaps and the kit’s constants as events, and refuse what is neither', () => {
    const kit = new TestKit()
    const one = decoder()
    const decode = (type: string, body: string) => one.decode(kit.frame(type, 1000, body))
    expect(decode('L', 'E,4000,85').events).to.deep.equal([
      { type: 'gap', deviceId: 'kit-1', at: T0 + 1000, signal: 'ecg', periodMs: 4, samples: 85 },
    ])
    expect(decode('L', 'T,1000000,2').events[0]).to.include({ signal: 'bodyTemperature', periodMs: 1000, samples: 2 })
    expect(decode('C', 'temp-rb,821').events).to.deep.equal([
      { type: 'calibration', deviceId: 'kit-1', at: T0 + 1000, name: 'temp-rb', value: 821 },
    ])
    for (const [type, body] of [
      ['L', 'Q,4000,85'],
      ['L', 'E,0,85'],
      ['L', 'E,4000'],
      ['L', 'constructor,4000,1'],
      ['C', 'temp-rb,-1'],
      ['C', 'Temp,1'],
      ['C', 'temp-rb'],
      ['H', 'end,cuff,3,0,x'],
    ] as const)
      expect(decode(type, body).refused?.code, body).to.equal('decode.kit-body')
  })

  it('take a dump in passes as one: records of the same minute stay apart over the border of two passes', () => {
    const kit = new TestKit()
    const one = decoder()
    const record = (index: number) =>
      one.decode(kit.frame('P', 1100, `o,${index},2026-01-01T11:05,119,73,60`)).readings[0]
    const hand = (body: string) => one.decode(kit.frame('H', 1000, body))
    hand('begin,cuff,0,0,0')
    hand('end,cuff,2,0,0')
    expect(record(0)).to.include({ superseded: true }).and.not.to.have.property('ordinal')
    hand('begin,cuff,0,0,1')
    hand('end,cuff,2,0,1')
    expect(record(1)).to.include({ ordinal: 2 }).and.not.to.have.property('superseded')
    hand('begin,cuff,0,0,0')
    hand('end,cuff,2,0,0')
    expect(record(0), 'a dump that begins again').to.not.have.property('ordinal')
  })

  it('from a cuff keep the device’s own time, and only the newest of a dump may alarm', () => {
    const kit = new TestKit()
    const one = new KitDecoder({ deviceId: 'kit-1', zoneOffsetMinutes: 60 })
    one.decode(kit.frame('H', 1000, 'end,cuff,3,0'))
    const record = (index: number, time: string) =>
      one.decode(kit.frame('P', 1100, `o,${index},${time},119,73,60`)).readings[0]
    const first = record(0, '2026-01-01T11:05')
    expect(first).to.deep.include({
      at: Date.UTC(2026, 0, 1, 10, 5),
      deviceTime: '2026-01-01T11:05',
      superseded: true,
      spot: true,
    })
    expect(first?.remarks).to.deep.equal(['device-clock-unverified'])
    expect(record(1, '2026-01-01T11:05')).to.include({ ordinal: 2, superseded: true })
    const wrong = record(2, '2013-11-19T11:05')
    expect(wrong).to.not.have.property('superseded')
    expect(wrong).to.include({ at: T0 + 1100 })
    expect(wrong?.remarks).to.deep.equal(['device-clock-unverified', 'device-clock-implausible'])
  })

  it('of the real firmware, one of each type, all decode', () => {
    const found: Record<string, string> = {}
    for (const line of readFileSync(fixture, 'ascii').split('\n').filter(Boolean)) {
      const { readings, events, refused } = decoder().decode(kitFrame(line))
      expect(refused, line).to.equal(null)
      found[line[1] ?? ''] = [...readings.map(({ sensor }) => sensor), ...events.map(({ type }) => type)].join(' ')
      for (const { status, value } of readings) {
        expect(status, line).to.equal('ok')
        if (value.type === 'samples' && 'EMA'.includes(line[1] ?? '')) expect(value.samples).to.have.length(25)
      }
    }
    expect(found).to.deep.equal({
      B: 'boot',
      E: 'ecg mode',
      M: 'emg mode',
      A: 'airflow',
      X: 'position',
      G: 'gsr',
      T: 'bodyTemperature',
      O: 'pulse spo2',
      P: 'bloodPressure pulse',
      U: 'glucose',
      H: 'hand-over',
      L: 'gap',
      C: 'calibration',
      K: 'answer',
      S: 'mode heartbeat',
    })
  })
})

describe('the kit’s clock', () => {
  it('takes the least delayed line as the truth', () => {
    const clock = new KitClock()
    expect(clock.learn(1000, T0 + 1250)).to.equal(T0 + 1250)
    expect(clock.learn(1100, T0 + 1110)).to.equal(T0 + 1110)
    expect(clock.learn(1200, T0 + 1900)).to.be.within(T0 + 1210, T0 + 1211)
  })

  it('goes on over the wrap at 2^32 ms', () => {
    const clock = new KitClock()
    clock.learn(clock.unwrap(0xffff_ff00) as number, T0)
    expect(clock.unwrap(0x0000_0100)).to.equal(2 ** 32 + 0x100)
    clock.learn(2 ** 32 + 0x100, T0 + 0x200)
    // A slower line with an earlier first sample.
    expect(clock.unwrap(0xffff_ffff)).to.equal(0xffff_ffff)
  })

  it('calls a jump back a reboot', () => {
    const clock = new KitClock()
    clock.learn(100_000, T0)
    expect(clock.unwrap(99_000)).to.equal(99_000)
    expect(clock.unwrap(20)).to.equal(null)
  })

  it('follows any resonator within its tolerance, to a tenth of a second, for a day', () => {
    for (const drift of [-0.005, 0.005]) {
      const clock = new KitClock()
      let worst = 0
      for (let s = 0; s < 86_400; s += 1) {
        const truth = T0 + s * 1000
        const late = (s * 7919) % 40
        const mapped = clock.learn(Math.round(s * 1000 * (1 + drift)), truth + late)
        worst = Math.max(worst, Math.abs(mapped - truth))
      }
      expect(worst, `drift ${drift}`).to.be.below(100)
      expect(Math.abs(drift)).to.be.below(MAX_DRIFT)
    }
  })

  it('follows a gateway whose own clock is set', () => {
    const clock = new KitClock()
    clock.learn(1000, T0)
    expect(clock.learn(2000, T0 + 86_400_000)).to.equal(T0 + 86_400_000)
    expect(clock.learn(3000, T0 + 2000)).to.equal(T0 + 2000)
  })
})
