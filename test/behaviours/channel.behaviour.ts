/** What every AlertChannel does, however it reaches people. */
import { expect } from 'chai'
import type { AlertTransition } from '#gateway/alerts/alert.js'
import { type AlertChannel, noticeOf } from '#gateway/alerts/channels/channel.js'

export interface ChannelRig {
  readonly channel: AlertChannel
  /** Everything that arrived at the other end, as text. */
  received(): string[]
  /** From here on the other end cannot be reached. */
  disconnect(): Promise<void>
  /** From here on the other end takes what comes and never answers. */
  hang(): Promise<void>
  stop(): Promise<void>
}

export const RAISED: AlertTransition = {
  alertId: 'low-oxygen-saturation-1767268920000',
  condition: 'low-oxygen-saturation',
  kind: 'physiological',
  priority: 'high',
  state: 'active',
  at: 1767268920000,
  raisedAt: 1767268920000,
  observable: 'oxygenSaturation',
  measurement: 'urn:measurement:secret-identifier',
  value: 83.25,
  limit: { comparator: '<', value: 87.75 },
}

export function shouldBehaveLikeChannel(name: string, build: () => Promise<ChannelRig>): void {
  describe(`${name} behaves like an alert channel`, () => {
    let rig: ChannelRig
    beforeEach(async () => {
      rig = await build()
    })
    afterEach(() => rig.stop())
    const never = new AbortController().signal

    it('brings a notice to the other end, in plain words', async () => {
      expect(await rig.channel.notify(noticeOf(RAISED, 'home-7'), never)).to.deep.equal({ class: 'delivered' })
      const [text, ...others] = rig.received()
      expect(others).to.deep.equal([])
      expect(text).to.contain('HIGH: Low oxygen saturation (active since ').and.to.contain('home-7')
    })

    it('says when an alert is over', async () => {
      const cleared = { ...RAISED, state: 'cleared', at: RAISED.at + 420_000 } as const
      expect((await rig.channel.notify(noticeOf(cleared, 'home-7'), never)).class).to.equal('delivered')
      expect(rig.received()[0]).to.contain('CLEARED: Low oxygen saturation (active from ')
    })

    it('never says a value, a limit or a measurement', async () => {
      await rig.channel.notify(noticeOf(RAISED, 'home-7'), never)
      for (const secret of ['83.25', '87.75', 'secret-identifier']) expect(rig.received().join()).to.not.contain(secret)
    })

    it('never rejects while the other end is away, and means to try again', async () => {
      await rig.disconnect()
      const outcome = await rig.channel.notify(noticeOf(RAISED, 'home-7'), never)
      expect(outcome.class).to.be.oneOf(['transient', 'ambiguous'])
    })

    it('ends when it is told to stop, and means to try again', async () => {
      await rig.hang()
      const stop = new AbortController()
      const notified = rig.channel.notify(noticeOf(RAISED, 'home-7'), stop.signal)
      setImmediate(() => stop.abort())
      expect((await notified).class).to.be.oneOf(['transient', 'ambiguous'])
      expect((await rig.channel.notify(noticeOf(RAISED, 'home-7'), stop.signal)).class).to.equal('transient')
    })
  })
}
