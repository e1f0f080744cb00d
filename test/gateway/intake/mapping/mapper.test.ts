import { expect } from 'chai'
import fc from 'fast-check'
import { measurementIdentifier } from '#gateway/clinical/normalise/identifier.js'
import { sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { parseMappingFile, shippedTemplates } from '#gateway/intake/mapping/load.js'
import { type Mapped, Mapper } from '#gateway/intake/mapping/mapper.js'
import { isPointer, valueAt } from '#gateway/intake/mapping/pointer.js'
import { filterOf, isTopicPattern, matchTopic } from '#gateway/intake/mapping/topic-pattern.js'
import { UNIT_SPELLINGS, ucumOf } from '#gateway/intake/mapping/units.js'
import { T0 } from '#test/gateway/engine/frames.js'

function mapperOf(rules: string, devices: Record<string, string> = {}): Mapper {
  const file = parseMappingFile(`templates: [{ template: t, title: t, rules: [${rules}] }]`, 'test.yaml')
  return new Mapper({ templates: file.templates, devices })
}

const message = (topic: string, payload: unknown, receivedAt = T0) => ({
  topic,
  payload: new TextEncoder().encode(typeof payload === 'string' ? payload : JSON.stringify(payload)),
  receivedAt,
  deviceId: 'bridge',
})

const readingsOf = (mapped: Mapped) => (mapped.outcome === 'mapped' ? mapped.readings : [])

const PULSE = (more: string) =>
  `{ name: r, topic: x, readings: [{ sensor: pulse, value: { pointer: /hr }, unit: { fixed: bpm } }], ${more} }`

describe('mapping', () => {
  it('reads a blood pressure and its pulse from one message, with an id, in the unit that the message says', () => {
    const mapper = mapperOf(
      `{ name: cuff, topic: "ble/{mac}", device: { segment: mac }, identity: id, id: { pointer: /seq },
         time: { pointer: /ts, as: epoch-seconds },
         readings: [
           { sensor: bloodPressure, systolic: { pointer: /bp/0 }, diastolic: { pointer: /bp/1 }, unit: { pointer: /u } },
           { sensor: pulse, value: { pointer: /hr }, unit: { fixed: bpm }, optional: true } ] }`,
      { 'aa-bb-cc-00-11-22': 'cuff-1' },
    )
    const base = { seq: 7, ts: T0 / 1000 - 60, bp: [17.5, '11.2'], u: 'kPa' }
    const mapped = mapper.map(message('ble/AABBCC001122', { ...base, hr: 71 }))
    expect(readingsOf(mapped)).to.deep.equal([
      {
        ...{ sensor: 'bloodPressure', deviceId: 'cuff-1', status: 'ok', at: T0 - 60_000, messageId: '7', spot: true },
        timedByDevice: true,
        value: { type: 'bloodPressure', systolic: 17.5, diastolic: 11.2, unit: 'kPa' },
        remarks: [],
      },
      {
        ...{ sensor: 'pulse', deviceId: 'cuff-1', status: 'ok', at: T0 - 60_000, messageId: '7', spot: true },
        timedByDevice: true,
        value: { type: 'number', value: 71, unit: '/min' },
        remarks: [],
      },
    ])
    expect(readingsOf(mapper.map(message('ble/AABBCC001122', base)))).to.have.length(1)
    expect(mapper.map(message('ble/AABBCC001122', { ...base, seq: 'a b' }))).to.include({ code: 'map.id' })
    expect(mapper.map(message('ble/AABBCC001122', { ...base, ts: 'soon' }))).to.include({ code: 'map.time' })
    expect(mapper.map(message('ble/AABBCC001122', { ...base, u: 'psi' }))).to.include({ code: 'map.unit' })
  })

  it('reads the mean and the irregular pulse that a cuff says, where it does', () => {
    const mapper = mapperOf(
      `{ name: cuff, topic: x, readings: [{ sensor: bloodPressure, systolic: { pointer: /s }, diastolic: { pointer: /d },
         mean: { pointer: /m }, irregularPulse: { pointer: /i, equals: 4 }, unit: { fixed: mmHg } }] }`,
    )
    const value = (more: object) => readingsOf(mapper.map(message('x', { s: 131, d: 84, ...more })))[0]?.value
    const pressure = { type: 'bloodPressure', systolic: 131, diastolic: 84, unit: 'mm[Hg]' }
    expect(value({ m: 99, i: 4 })).to.deep.equal({ ...pressure, mean: 99, irregularPulse: true })
    expect(value({ m: 'None', i: 0 })).to.deep.equal({ ...pressure, irregularPulse: false })
    expect(value({})).to.deep.equal(pressure)
  })

  it('says of a value that comes after its expiry that it is not current', () => {
    const time = 'time: { pointer: /ts, as: epoch-seconds }, identity: time'
    const isCurrent = (rule: string, more: object) =>
      readingsOf(mapperOf(PULSE(rule)).map(message('x', { hr: 171, ts: T0 / 1000 - 60, ...more })))[0]?.superseded !==
      true
    expect(isCurrent(`${time}, expires: { seconds: 61 }`, {})).to.equal(true)
    expect(isCurrent(`${time}, expires: { seconds: 59 }`, {})).to.equal(false)
    expect(isCurrent(`${time}, expires: { pointer: /e, as: seconds }`, { e: 61 })).to.equal(true)
    expect(isCurrent(`${time}, expires: { pointer: /e, as: seconds }`, { e: '59' })).to.equal(false)
    expect(isCurrent('expires: { pointer: /e, as: epoch-seconds }', { e: T0 / 1000 })).to.equal(false)
    for (const e of [undefined, 'soon', null])
      expect(isCurrent('expires: { pointer: /e, as: iso }', { e }), `${e}`).to.equal(true)
    expect(() => mapperOf(PULSE('expires: { seconds: 61 }'))).to.throw('not named')
  })

  it('with `change` takes the same content again when it is current now', () => {
    const mapper = mapperOf(PULSE('identity: change, expires: { pointer: /e, as: epoch-seconds }'))
    const came = (e: number) => mapper.map(message('x', { hr: 171, e: T0 / 1000 + e })).outcome
    expect([came(-1), came(-1), came(1), came(1)]).to.deep.equal(['mapped', 'repeated', 'mapped', 'repeated'])
  })

  it('takes every way of writing no number for no value', () => {
    const mapper = mapperOf(
      '{ name: r, topic: x, readings: [{ sensor: pulse, value: payload, unit: { fixed: bpm } }] }',
    )
    const words = ['-', '---', 'nan', '-nan(ind)', 'nan(0x8000)', '1.#INF', '-1.#IND', '+Inf', 'NULL', '#N/A', 'nil']
    for (const word of words) expect(readingsOf(mapper.map(message('x', word)))[0]?.status, word).to.equal('acquiring')
    for (const word of ['seventy', '0x48', '1.#', '7-2'])
      expect(mapper.map(message('x', word)), word).to.include({ code: 'map.value' })
    const json = mapperOf(PULSE('identity: arrival'))
    for (const word of ['-nan(ind)', '1.#QNAN', 'None'])
      expect(readingsOf(json.map(message('x', `{"a":1,"hr":${word}}`)))[0]?.status, word).to.equal('acquiring')
  })

  it('says of each rule what it misses where the message names no sensor of theirs', () => {
    const mapped = new Mapper({ templates: shippedTemplates(), devices: { 'tas-1': 'th-1' } }).map(
      message('tele/tas-1/SENSOR', { Time: '2026-01-01T12:00:00', AM2301: { Temperature: 21 } }),
    )
    expect(mapped).to.include({ code: 'map.value' })
    for (const place of ['/MLX90614/OBJTMP', '/DS18B20/Temperature'])
      expect(mapped.outcome === 'unmapped' && mapped.reason).to.include(place)
  })

  it('ignores what Tasmota, ESPHome and OpenMQTTGateway say of themselves', () => {
    const mapper = new Mapper({ templates: shippedTemplates(), devices: {} })
    for (const topic of [
      ...[
        'tele/t/LWT',
        'tele/t/STATE',
        'tele/t/INFO1',
        'tele/t/LOGGING',
        'tele/t/RESULT',
        'stat/t/RESULT',
        'cmnd/t/POWER',
      ],
      ...['n/status', 'n/debug', 'esphome/discover/n', 'esphome/ping/n', 'n/text_sensor/ip/state'],
      ...['home/g/LWT', 'home/g/SYStoMQTT', 'home/g/BTtoMQTT', 'home/presence/g', 'homeassistant/status'],
    ])
      expect(mapper.map(message(topic, 'online')).outcome, topic).to.equal('ignored')
  })

  it('scales linearly, before the unit', () => {
    const mapper = mapperOf(
      '{ name: r, topic: x, readings: [{ sensor: spo2, value: payload, scale: { factor: 100, offset: -1 }, unit: { fixed: "%" } }] }',
    )
    expect(readingsOf(mapper.map(message('x', '0.98')))[0]?.value).to.deep.equal({
      type: 'number',
      value: 97,
      unit: '%',
    })
  })

  it('takes HI, LO and a bound for what lies beyond the sensor’s range', () => {
    const mapper = mapperOf(
      `{ name: mg, topic: mg, readings: [{ sensor: glucose, value: payload, unit: { fixed: mg/dL } }] },
       { name: mmol, topic: mmol, readings: [{ sensor: glucose, value: { pointer: /v }, scale: { factor: 0.1, offset: 0 }, unit: { fixed: mmol/L } }] }`,
    )
    const value = (topic: string, payload: unknown) => readingsOf(mapper.map(message(topic, payload)))[0]?.value
    const beyond = (number: number, unit: string, comparator: '<' | '>') => ({
      ...{ type: 'number', value: number, unit, comparator },
    })
    for (const text of ['HI', 'hi', ' High ', '"HI"'])
      expect(value('mg', text), text).to.deep.equal(beyond(600, 'mg/dL', '>'))
    for (const text of ['LO', 'low', 'Lo\n']) expect(value('mg', text), text).to.deep.equal(beyond(10, 'mg/dL', '<'))
    expect(value('mg', '>500')).to.deep.equal(beyond(500, 'mg/dL', '>'))
    expect(value('mg', '< 20')).to.deep.equal(beyond(20, 'mg/dL', '<'))
    // A word stands for the sensor's own range; a bound is a number of the device.
    expect(value('mmol', { v: 'HI' })).to.deep.equal(beyond(600, 'mg/dL', '>'))
    expect(value('mmol', { v: '>333' })).to.deep.equal(beyond(33.300000000000004, 'mmol/L', '>'))
    for (const text of ['>', 'HIGHER', '>x', '>>5'])
      expect(mapper.map(message('mg', text))).to.include({ code: 'map.value' })
  })

  it('takes text as a number only where it is one', () => {
    const mapper = mapperOf(
      '{ name: r, topic: x, readings: [{ sensor: pulse, value: payload, unit: { fixed: bpm } }] }',
    )
    for (const good of ['71', ' 71.0\n', '+71', '"71"'])
      expect(mapper.map(message('x', good)).outcome, good).to.equal('mapped')
    for (const none of ['NaN', '-nan', 'Infinity', 'inf', 'null', 'None', '"unavailable"', 'Unknown', '--', '', '""'])
      expect(readingsOf(mapper.map(message('x', none)))[0], none).to.deep.include({
        value: { type: 'none' },
        status: 'acquiring',
      })
    for (const bad of ['ON', '0x47', '71 bpm', '7e1x', '[71]', 'true', '71,5', 'nano', 'info'])
      expect(mapper.map(message('x', bad)), bad).to.include({ code: 'map.value' })
  })

  it('with `change` makes no new reading of what is said again, and one of what changed, also back', () => {
    const mapper = mapperOf(PULSE('identity: change'))
    const outcomes = [71, 71, 72, 71].map((hr, i) => mapper.map(message('x', { hr }, T0 + i)).outcome)
    expect(outcomes).to.deep.equal(['mapped', 'repeated', 'mapped', 'mapped'])
  })

  it('with `arrival` gives each message an identity of its arrival and content, and says so', () => {
    const mapper = mapperOf(PULSE('identity: arrival'))
    const [first] = readingsOf(mapper.map(message('x', { hr: 71 })))
    expect(first?.remarks).to.deep.equal(['identity-by-arrival'])
    expect(readingsOf(mapper.map(message('x', { hr: 71 })))[0]?.messageId).to.equal(first?.messageId)
    expect(readingsOf(mapper.map(message('x', { hr: 72 })))[0]?.messageId).not.to.equal(first?.messageId)
    expect(readingsOf(mapper.map(message('x', { hr: 71 }, T0 + 1)))[0]?.messageId).not.to.equal(first?.messageId)
  })

  it('tries rules in order and says of the nearest what was missing', () => {
    const mapper = mapperOf(
      `{ name: far, topic: x, when: [{ pointer: /kind, in: [a, 1, true] }], ignore: true }, ${PULSE('time: { pointer: /t, as: iso }')}`,
    )
    expect(mapper.map(message('x', { kind: true })).outcome).to.equal('ignored')
    expect(mapper.map(message('x', { kind: 'true', hr: 71 }))).to.deep.equal({
      outcome: 'unmapped',
      code: 'map.time',
      reason: 'There is not an ISO 8601 time with a zone at /t.',
      nearest: { template: 't', rule: 'r' },
    })
    expect(mapper.map(message('y', {}))).to.include({ code: 'map.topic' })
  })

  it('refuses a sender whose name is no device', () => {
    const odd = { ...message('x', { hr: 71 }), deviceId: 'Erna Muster' }
    expect(mapperOf(PULSE('')).map(odd)).to.include({ code: 'map.device' })
  })

  it('follows RFC 6901, and no name into a prototype', () => {
    const document = { 'a/b': [{ 'm~n': 0 }], '': 1 }
    expect(valueAt(document, '/a~1b/0/m~0n')).to.equal(0)
    expect(valueAt(document, '/')).to.equal(1)
    expect(valueAt(document, '')).to.equal(document)
    for (const wrong of ['/a~1b/00', '/a~1b/-', '/a~1b/length', '/__proto__', '/constructor', '/x/y'])
      expect(valueAt(document, wrong), wrong).to.equal(undefined)
    expect(['', '/a', '/a~0/~1'].every(isPointer)).to.equal(true)
    expect(['a', '/a~', '/~2', '#/a'].some(isPointer)).to.equal(false)
  })

  it('matches topics level by level', () => {
    expect([...(matchTopic('tele/{device}/SENSOR', 'tele/bed/SENSOR') ?? [])]).to.deep.equal([['device', 'bed']])
    for (const other of ['tele/bed/STATE', 'tele//SENSOR', 'tele/bed/x/SENSOR', 'tele/SENSOR'])
      expect(matchTopic('tele/{device}/SENSOR', other), other).to.equal(null)
    expect(filterOf('tele/{device}/SENSOR')).to.equal('tele/+/SENSOR')
    expect(['', 'a/{b}/{b}', 'a/x{b}', 'a/#', 'a/+', 'a/{B}'].some(isTopicPattern)).to.equal(false)
  })

  it('knows the spellings of every unit that a device may give, and no two units by one spelling', () => {
    const devices = Object.values(sensorDefinitions).flatMap(({ quantity, pressure }) =>
      Object.keys({ ...quantity?.units, ...pressure?.units }),
    )
    expect(Object.keys(UNIT_SPELLINGS)).to.have.members([...new Set(devices)].filter((unit) => unit !== 'counts'))
    for (const [ucum, spellings] of Object.entries(UNIT_SPELLINGS))
      for (const text of spellings) expect(ucumOf(` ${text} `), text).to.equal(ucum)
    for (const unknown of ['', 'K', 'psi', 'rpm', 'g/L', 'constructor', '__proto__'])
      expect(ucumOf(unknown), unknown).to.equal(null)
  })

  it('never throws: any message is mapped, or unmapped with a reason, and what is mapped can be identified', () => {
    const mapper = new Mapper({ templates: shippedTemplates(), devices: { bed: 'bed-1' }, zoneOffsetMinutes: 60 })
    const wild = mapperOf(
      `{ name: a, topic: "t/{x}", identity: time, time: { pointer: /t, as: epoch-seconds }, readings: [{ sensor: pulse, value: { pointer: /v }, unit: { fixed: bpm } }] },
       { name: b, topic: "t/{x}", identity: id, id: { pointer: /t }, readings: [{ sensor: pulse, value: { pointer: /v }, unit: { pointer: /u } }] },
       ${PULSE('identity: change')}`,
    )
    const topics = shippedTemplates().flatMap(({ rules }) =>
      rules.map(({ topic }) => topic.replace(/\{[^}]*\}/g, 'bed')),
    )
    const json = fc.record(
      {
        v: fc.oneof(fc.double(), fc.json()),
        t: fc.oneof(fc.double(), fc.string(), fc.maxSafeInteger()),
        u: fc.constantFrom('bpm', 'K'),
      },
      { requiredKeys: [] },
    )
    const payloads = fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => new TextEncoder().encode(text)),
      json.map((value) => new TextEncoder().encode(JSON.stringify(value))),
    )
    fc.assert(
      fc.property(
        fc.oneof(fc.constantFrom(...topics, 't/1', 'x'), fc.string()),
        payloads,
        fc.string(),
        (topic, payload, deviceId) => {
          for (const one of [mapper, wild]) {
            const mapped = one.map({ topic, payload, receivedAt: T0, deviceId: deviceId || 'bridge' })
            if (mapped.outcome === 'unmapped') expect(mapped.reason).to.match(/\.$|: -$/)
            for (const { deviceId, at, messageId } of readingsOf(mapped)) {
              const id = messageId === undefined ? {} : { messageId }
              measurementIdentifier({ deviceId, patient: 'p'.repeat(32), observable: 'oxygenSaturation', at, ...id })
            }
          }
        },
      ),
      { numRuns: 2000 },
    )
  })

  it('says of a mapping file each thing that is wrong, with its place', () => {
    const problem = (text: string) => {
      try {
        parseMappingFile(text, 'site.yaml')
      } catch (error) {
        return (error as Error).message
      }
      throw new Error('the file was accepted')
    }
    expect(problem('templates: [')).to.match(/^site\.yaml:1: the file: is no YAML: /)
    expect(problem('a: &x 1\nb: *x')).to.contain('aliases')
    expect(problem('devices: { "AA": "Band One" }')).to.contain('devices.AA: use 1 to 32 lower-case')
    const rule = (text: string) =>
      problem(`templates: [{ template: t, title: t, rules: [{ name: r, topic: "a/{b}", ${text} }] }]`)
    expect(rule('readings: []')).to.contain('name at least one reading')
    expect(rule('ignore: true, run: "rm"')).to.contain('run')
    expect(rule('device: { segment: c }, ignore: true')).to.contain('names no level of the topic')
    expect(rule('readings: [{ sensor: pulse, value: payload, unit: { fixed: "%" } }]')).to.contain(
      'a pulse is given in /min',
    )
    expect(rule('identity: id, readings: [{ sensor: pulse, value: payload, unit: { fixed: bpm } }]')).to.contain(
      'identity: id needs',
    )
  })
})
