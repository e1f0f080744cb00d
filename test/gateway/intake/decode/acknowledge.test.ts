import { expect } from 'chai'
import fc from 'fast-check'
import { Decoder } from '#gateway/intake/decode/decoder.js'
import { mqttFrame } from '#test/gateway/engine/frames.js'

const TOPIC = 'homebeat/v1/button-1/acknowledge'

describe('A device’s acknowledgement', () => {
  const allowing = new Decoder({ mayAcknowledge: (_, device) => device === 'button-1' })
  const decode = (payload: unknown, topic = TOPIC, decoder = allowing) =>
    decoder.decode({
      ...mqttFrame(topic, typeof payload === 'string' ? payload : JSON.stringify(payload)),
      deviceId: 'button-1',
    })

  it('is an event, not a reading', () => {
    const { receivedAt } = mqttFrame(TOPIC, '')
    const decoded = decode({ id: 'b1', alert: 'low-glucose-17' })
    expect(decoded).to.deep.include({ readings: [], refused: null })
    expect(decoded.events).to.deep.equal([
      { type: 'acknowledge', deviceId: 'button-1', at: receivedAt, messageId: 'b1', alert: 'low-glucose-17' },
    ])
  })

  it('keeps the time of the press, but none that lies ahead', () => {
    const { receivedAt } = mqttFrame(TOPIC, '')
    const at = (ms: number) =>
      decode({ id: 'b1', alert: 'all', at: new Date(receivedAt + ms).toISOString() }).events[0]?.at
    expect(at(-5000)).to.equal(receivedAt - 5000)
    expect(at(5000)).to.equal(receivedAt)
  })

  it('is refused where nobody has allowed it, and not kept to be tried again', () => {
    for (const decoder of [new Decoder(), new Decoder({ mayAcknowledge: () => false })]) {
      const decoded = decode({ id: 'b1', alert: 'all' }, TOPIC, decoder)
      expect(decoded.refused?.code).to.equal('decode.acknowledge')
      expect(decoded.events).to.deep.equal([])
      expect(decoded).not.to.have.property('unmapped')
    }
  })

  it('is refused of another device’s name, and in any other form', () => {
    expect(decode({ id: 'b1', alert: 'all' }, 'homebeat/v1/button-2/acknowledge').refused?.code).to.equal(
      'decode.device',
    )
    for (const wrong of [
      { alert: 'all' },
      { id: 'b1' },
      { id: 'b1', alert: 'a b' },
      { id: 'b1', alert: 'all', by: 'x' },
      'no',
    ]) {
      expect(decode(wrong).refused?.code, JSON.stringify(wrong)).to.equal('decode.payload')
    }
    fc.assert(fc.property(fc.jsonValue(), (value) => decode(value).events.length === 0))
  })
})
