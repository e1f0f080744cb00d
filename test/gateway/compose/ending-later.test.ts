import { expect } from 'chai'
import { endingLater } from '#gateway/compose/ending-later.js'
import { program } from '#gateway/compose/program.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'

describe('What ends later', () => {
  let said: string[]
  /** The disk is given up: what waits for it ends. */
  let giveUp: () => void
  let failing: Error | null

  function build() {
    said = []
    failing = null
    const givenUp = new Promise<void>((resolve) => {
      giveUp = resolve
    })
    const poller = {
      start: async () => void said.push('start poller'),
      stop: async () => {
        said.push('stop poller')
        await givenUp
        said.push('poller ended')
      },
    }
    const lane = { stop: async () => void said.push('stop lane') }
    const pump = { stop: async () => void said.push('stop pump') }
    const drain = async () => {
      said.push('last readings')
      giveUp()
    }
    const parts = [
      { name: 'lane', stage: 'outbound' as const, lifecycle: lane, drain: async () => void said.push('drain lane') },
      { name: 'transports', stage: 'inbound' as const, lifecycle: pump, drain },
      ...endingLater('pollers', [poller]),
      {
        name: 'late',
        stage: 'announce' as const,
        lifecycle: { start: async () => failing && Promise.reject(failing) },
      },
    ]
    const clock = new TestClock()
    return program(parts as Parameters<typeof program>[0], {
      ...{ name: 'test', standing: () => [], clock, logger: silentLogger },
    })
  }

  it('is told to stop first, and waited for once the last readings are stored: else both would wait for ever', async () => {
    const running = build()
    await running.start()
    await running.stop()
    expect(said).to.deep.equal([
      ...['start poller', 'stop poller', 'stop pump', 'last readings', 'poller ended', 'drain lane', 'stop lane'],
    ])
  })

  it('is waited for as well where a part after it cannot start', async () => {
    const running = build()
    failing = new Error('no')
    giveUp()
    expect(await running.start().catch((error: Error) => error.message)).to.equal('no')
    expect(said).to.deep.equal(['start poller', 'stop poller', 'poller ended', 'stop pump', 'stop lane'])
  })
})
