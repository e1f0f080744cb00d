import { expect } from 'chai'
import { InvalidArgumentError } from 'commander'
import { brokerUrl, duration, hostPort, port, wholeNumber } from '#simulators/cli/parse.js'

function refuses(parse: (text: string) => unknown, ...texts: string[]): void {
  for (const text of texts) expect(() => parse(text), text).to.throw(InvalidArgumentError)
}

describe('Command-line values', () => {
  it('takes durations with their unit', () => {
    expect(['250ms', '45s', '1.5m', '2h'].map(duration)).to.deep.equal([250, 45_000, 90_000, 7_200_000])
    refuses(duration, '', '45', 's', '-1s', '0s', '1d', '1e3s', '999999h')
  })

  it('takes a host and a port', () => {
    expect(hostPort('10.0.0.1:9000')).to.deep.equal({ host: '10.0.0.1', port: 9000 })
    expect(hostPort('[::1]:1')).to.deep.equal({ host: '::1', port: 1 })
    for (const text of [':0', '0']) expect(hostPort(text)).to.deep.equal({ host: '127.0.0.1', port: 0 })
    refuses(hostPort, '', 'a', 'a:', 'a:65536', '::1:1', 'a b:1', 'a:-1')
    expect(port('65535')).to.equal(65_535)
    refuses(port, '65536', 'x', '-1', '')
  })

  it('takes whole numbers', () => {
    expect(wholeNumber('1767268800000')).to.equal(1_767_268_800_000)
    refuses(wholeNumber, '', '-1', '1.5', '9007199254740993', '0x10')
  })

  it('takes a broker’s address, without a secret in it', () => {
    expect(brokerUrl('mqtt://127.0.0.1:1883')).to.equal('mqtt://127.0.0.1:1883')
    refuses(brokerUrl, '', 'localhost:1883', 'http://localhost', 'mqtt://user:secret@host:1883', 'mqtt://')
  })
})
