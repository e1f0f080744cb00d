import { expect } from 'chai'
import fc from 'fast-check'
import { decodeMqtt, MQTT_MAX_PAYLOAD } from '#gateway/intake/decode/mqtt.js'
import { mqttFrame, T0 } from '#test/gateway/engine/frames.js'

const decode = (sensor: string, payload: object | string) =>
  decodeMqtt(mqttFrame(`homebeat/v1/cuff-1/${sensor}`, typeof payload === 'string' ? payload : JSON.stringify(payload)))
const refusal = (sensor: string, payload: object | string) => {
  const { refused, readings } = decode(sensor, payload)
  expect(readings).to.deep.equal([])
  return `${refused?.code}: ${refused?.reason}`
}

describe('MQTT payloads', () => {
  it('with a blood pressure give it and the pulse, under the sender’s id', () => {
    const at = '2026-01-01T12:59:30+01:00'
    const { readings, refused } = decode('bloodPressure', {
      id: '7f',
      at,
      systolic: 131,
      diastolic: 84,
      pulse: 71,
      unit: 'mm[Hg]',
    })
    expect(refused).to.equal(null)
    expect(readings).to.deep.equal([
      {
        sensor: 'bloodPressure',
        deviceId: 'cuff-1',
        status: 'ok',
        at: T0 - 30_000,
        timedByDevice: true,
        messageId: '7f',
        spot: true,
        value: { type: 'bloodPressure', systolic: 131, diastolic: 84, unit: 'mm[Hg]' },
        remarks: [],
      },
      {
        sensor: 'pulse',
        deviceId: 'cuff-1',
        status: 'ok',
        at: T0 - 30_000,
        timedByDevice: true,
        messageId: '7f',
        spot: true,
        value: { type: 'number', value: 71, unit: '/min' },
        remarks: [],
      },
    ])
  })

  it('take each sensor’s units and no others', () => {
    expect(decode('glucose', { id: '1', value: 5.8, unit: 'mmol/L' }).readings).to.have.length(1)
    expect(decode('glucose', { id: '1', value: 105, unit: 'mg/dL' }).readings).to.have.length(1)
    expect(decode('bodyTemperature', { id: '1', value: 99, unit: '[degF]' }).readings).to.have.length(1)
    expect(decode('position', { id: '1', position: 'supine' }).readings[0]?.value).to.deep.equal({
      type: 'position',
      code: 1,
    })
    expect(refusal('bodyTemperature', { id: '1', value: 349, unit: 'counts' })).to.contain('must be one of Cel, [degF]')
    expect(refusal('glucose', { id: '1', value: 1, unit: 'constructor' })).to.contain('must be one of mg/dL, mmol/L')
    expect(refusal('bloodPressure', { id: '1', systolic: 1, diastolic: 1, unit: 'toString' })).to.contain('mm[Hg]')
  })

  it('without id and time are refused: a redelivery could not be recognised', () => {
    expect(refusal('pulse', { value: 71, unit: '/min' })).to.equal(
      'decode.payload: The pulse payload is refused: give "id" or "at", so that a redelivery is recognised.',
    )
  })

  it('are refused with one clear reason that repeats nothing the sender wrote', () => {
    expect(refusal('pulse', { id: '1', value: 'seventy', unit: '/min' })).to.match(
      /"value" must be a number, or HI or LO\.$/,
    )
    expect(refusal('pulse', { id: '1', value: 71, unit: '/min', 'Erika Muster': 1 })).to.match(
      /a member the contract does not name\.$/,
    )
    expect(refusal('pulse', { id: 'a b', value: 71, unit: '/min' })).to.contain('"id" must be')
    expect(refusal('pulse', { at: 'yesterday', value: 71, unit: '/min' })).to.contain('"at" must be an ISO 8601')
    expect(refusal('pulse', { at: '2026-01-01T12:00:00', value: 71, unit: '/min' })).to.contain('with a zone')
    expect(refusal('pulse', '[1]')).to.contain('must be a JSON object')
    expect(refusal('pulse', 'null')).to.match(/^decode\.json/)
    expect(refusal('pulse', '{"value":71')).to.match(/^decode\.json/)
    expect(refusal('ecg', { id: '1', value: 1, unit: 'V' })).to.contain('no waveforms')
    expect(refusal('heart', { id: '1', value: 1, unit: 'V' })).to.match(/^decode\.sensor/)
    expect(refusal('pulse', ' '.repeat(MQTT_MAX_PAYLOAD + 1))).to.match(/^decode\.size/)
    expect(decodeMqtt(mqttFrame('homebeat/v1/cuff-1', '{}')).refused?.code).to.equal('decode.topic')
    expect(decodeMqtt(mqttFrame('homebeat/v2/cuff-1/pulse', '{}')).refused).to.deep.include({
      code: 'decode.version',
      reason: 'The topic names version 2 of the contract; this gateway knows version 1.',
    })
    expect(decodeMqtt(mqttFrame('homebeat/v1/cuff-1/pulse', new Uint8Array([0xff, 0xfe]))).refused?.code).to.equal(
      'decode.json',
    )
  })

  it('of one device under the name of another are refused', () => {
    const frame = { ...mqttFrame('homebeat/v1/cuff-1/pulse', '{"id":"1","value":71,"unit":"/min"}'), deviceId: 'other' }
    expect(decodeMqtt(frame).refused?.code).to.equal('decode.device')
  })

  it('with a time that cannot be true are kept at their arrival, recognisable by the time as sent', () => {
    const at = '2031-01-01T00:00:00Z'
    const { readings } = decode('pulse', { at, value: 71, unit: '/min' })
    expect(readings[0]).to.deep.include({
      at: T0,
      messageId: `at.${Date.parse(at)}`,
      remarks: ['device-clock-implausible', 'device-time-2031-01-01T00:00:00.000Z'],
    })
  })

  it('keep what else a cuff says', () => {
    const pressure = { systolic: 131, diastolic: 84, unit: 'mm[Hg]' }
    expect(
      decode('bloodPressure', { id: '1', ...pressure, mean: 99, irregularPulse: true }).readings[0]?.value,
    ).to.deep.equal({ type: 'bloodPressure', mean: 99, irregularPulse: true, ...pressure })
    expect(refusal('bloodPressure', { id: '1', ...pressure, irregularPulse: 1 })).to.contain('true or false')
  })

  it('that come after their expiry are kept, and are not current', () => {
    const pulse = (more: object) => decode('pulse', { id: '1', value: 171, unit: '/min', ...more }).readings[0]
    const time = (ms: number) => new Date(T0 + ms).toISOString()
    const current = [
      { expires: time(1) },
      { at: time(-60_000), expires: time(30_000) },
      // Of a clock that is not believed, or that contradicts itself, nothing is held against the value.
      { at: '2001-01-01T00:00:00Z', expires: '2001-01-01T00:01:00Z' },
      { expires: '2001-01-01T00:01:00Z' },
      { at: time(-60_000), expires: time(-90_000) },
    ]
    for (const more of current) expect(pulse(more)?.superseded, JSON.stringify(more)).to.equal(undefined)
    for (const more of [{ expires: time(0) }, { at: time(-60_000), expires: time(-30_000) }])
      expect(pulse(more), JSON.stringify(more)).to.deep.include({ superseded: true, remarks: ['expired'] })
    expect(refusal('pulse', { id: '1', value: 71, unit: '/min', expires: 'soon' })).to.contain('"expires" must be')
  })

  it('never make the decoder throw', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('pulse', 'bloodPressure', 'position', 'airflow', '__proto__'),
        fc.json(),
        (sensor, json) => {
          const { readings, refused } = decode(sensor, json)
          expect(readings.length > 0).to.equal(refused === null)
        },
      ),
    )
  })
})
