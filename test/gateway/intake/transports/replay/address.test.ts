import { expect } from 'chai'
import { parseReplayAddress } from '#gateway/intake/transports/replay/address.js'
import { HomebeatError } from '#gateway/platform/errors.js'

describe('Replay address', () => {
  it('has defaults for all but the path', () => {
    expect(parseReplayAddress('replay:a/100.hea')).to.deep.equal({
      path: 'a/100.hea',
      signal: undefined,
      speed: 1,
      from: 0,
      duration: undefined,
      at: undefined,
    })
  })

  it('reads every setting', () => {
    const url = 'replay:///data/my%20record.hea?signal=lead%20II&speed=0&from=1.5&for=60&at=2026-01-01T12:00:00%2B01:00'
    expect(parseReplayAddress(url)).to.deep.equal({
      path: '/data/my record.hea',
      signal: 'lead II',
      speed: 0,
      from: 1.5,
      duration: 60,
      at: Date.UTC(2026, 0, 1, 11),
    })
  })

  it('says what is wrong', () => {
    for (const [url, word] of [
      ['serial:///dev/ttyACM0', 'write it as'],
      ['replay:100.dat', '.hea'],
      ['replay:%zz.hea', 'hex'],
      ['replay:a.hea?speed=fast', 'speed'],
      ['replay:a.hea?for=0', 'for'],
      ['replay:a.hea?from=-1', 'from'],
      ['replay:a.hea?at=noon', 'at'],
      ['replay:a.hea?speed=1&speed=2', 'twice'],
      ['replay:a.hea?loop=1', 'loop'],
    ] as const) {
      expect(() => parseReplayAddress(url), url)
        .to.throw(HomebeatError)
        .with.property('message')
        .that.includes(word)
    }
  })
})
