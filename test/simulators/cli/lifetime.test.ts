import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect } from 'chai'
import { lifetime } from '#simulators/cli/lifetime.js'

const edges = () => ({ signals: new EventEmitter(), stdin: new PassThrough() })

describe('Lifetime of a simulator', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`ends on ${signal}, and takes a repeated one for the same wish`, async () => {
      const given = edges()
      const ended = lifetime({}, given)
      given.signals.emit(signal)
      expect(await ended).to.equal(signal)
      expect(given.signals.listenerCount(signal)).to.equal(1)
    })
  }

  it('ends with the process that started it, when that is asked for', async () => {
    const given = edges()
    const ended = lifetime({ exitWithParent: true }, given)
    given.stdin.write('what it says does not matter')
    given.stdin.end()
    expect(await ended).to.equal('parent-gone')
  })

  it('ends when that process has died without closing anything', async () => {
    const given = edges()
    const ended = lifetime({ exitWithParent: true }, given)
    given.stdin.destroy()
    expect(await ended).to.equal('parent-gone')
  })

  it('does not mind the end of standard input otherwise', async () => {
    const given = edges()
    const ended = lifetime({}, given)
    given.stdin.end()
    given.stdin.resume()
    await new Promise((resolve) => given.stdin.once('end', resolve))
    given.signals.emit('SIGTERM')
    expect(await ended).to.equal('SIGTERM')
  })
})
