/** What every Deliverer does, whatever its far end. */
import { expect } from 'chai'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'

export interface DelivererRig {
  readonly deliverer: Deliverer
  /** An entry that this deliverer can deliver. */
  readonly entry: OutboxEntry
  /** An entry of a kind or reference that names nothing it could deliver. */
  readonly unknown: OutboxEntry
  /** How many different things the far end has been given. */
  received(): number | Promise<number>
  /** From here on nobody answers at the far end's address. */
  disconnect(): Promise<void>
  /** From here on the far end takes requests and never answers. */
  hang(): Promise<void>
  stop(): Promise<void>
}

export function shouldBehaveLikeDeliverer(name: string, build: () => Promise<DelivererRig>): void {
  describe(`${name} behaves like a deliverer`, () => {
    let rig: DelivererRig
    beforeEach(async () => {
      rig = await build()
    })
    afterEach(() => rig.stop())
    const never = new AbortController().signal

    it('delivers an entry, and says how many resources it stood for', async () => {
      const { outcome, resources } = await rig.deliverer.deliver(rig.entry, never)
      expect(outcome.class, JSON.stringify(outcome)).to.equal('delivered')
      expect(resources).to.be.at.least(1)
      expect(await rig.received()).to.be.at.least(1)
    })

    it('may repeat an entry: the far end has it once', async () => {
      await rig.deliverer.deliver(rig.entry, never)
      const before = await rig.received()
      expect((await rig.deliverer.deliver(rig.entry, never)).outcome.class).to.equal('delivered')
      expect(await rig.received()).to.equal(before)
    })

    it('never rejects while the far end is away, and means to try again', async () => {
      await rig.disconnect()
      const { outcome } = await rig.deliverer.deliver(rig.entry, never)
      expect(outcome.class).to.be.oneOf(['transient', 'ambiguous'])
    })

    it('ends when it is told to stop, and means to try again', async () => {
      await rig.hang()
      const stop = new AbortController()
      const delivery = rig.deliverer.deliver(rig.entry, stop.signal)
      setImmediate(() => stop.abort())
      expect((await delivery).outcome.class).to.be.oneOf(['transient', 'ambiguous'])
    })

    it('refuses for good what names nothing', async () => {
      expect((await rig.deliverer.deliver(rig.unknown, never)).outcome.class).to.equal('permanent')
    })
  })
}
