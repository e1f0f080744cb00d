import { Writable } from 'node:stream'
import { expect } from 'chai'
import { noticeOf } from '#gateway/alarms/channels/channel.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { RAISED, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'

/** A real stream with the terminal as its edge. */
function rig() {
  const lines: string[] = []
  let held = false
  const stream = new Writable({
    write(chunk, _encoding, done) {
      if (held) return
      lines.push(String(chunk))
      done()
    },
  })
  stream.on('error', () => {})
  return {
    channel: createChannel(
      { type: 'terminal', name: 'terminal' },
      { fetch, stream, home: 'home-7', baseDir: '.', dataDir: '.' },
    ),
    received: () => lines,
    async disconnect() {
      stream.destroy()
    },
    async hang() {
      held = true
    },
    async stop() {
      stream.destroy()
    },
  }
}

describe('The terminal channel', () => {
  shouldBehaveLikeChannel('The terminal channel', async () => rig())

  it('writes the time of a reminder as its own, beside that of the raising, both in the home’s time', async () => {
    const { channel, received } = rig()
    const reminder = { key: 'k', reason: 'reminder', at: RAISED.at + 720_000 } as const
    await channel.notify(noticeOf(RAISED, 'home-7', reminder), new AbortController().signal)
    expect(received()[0]).to.equal(
      '\u00072026-01-01 12:14:00 UTC+00:00 home-7 REMINDER, HIGH: Low oxygen saturation (active since 12:02, nobody has acknowledged)\n',
    )
  })

  it('writes one line, and rings the bell when a high alert begins', async () => {
    const { channel, received } = rig()
    const never = new AbortController().signal
    await channel.notify(noticeOf(RAISED, 'home-7'), never)
    await channel.notify(noticeOf({ ...RAISED, state: 'cleared' }, 'home-7'), never)
    await channel.notify(noticeOf({ ...RAISED, priority: 'medium' }, 'home-7'), never)
    expect(received()[0]).to.equal(
      '\u00072026-01-01 12:02:00 UTC+00:00 home-7 HIGH: Low oxygen saturation (active since 12:02)\n',
    )
    expect(received().map((line) => line.includes('\u0007'))).to.deep.equal([true, false, false])
  })
})
