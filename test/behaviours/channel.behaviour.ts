/** What every AlertChannel does, however it reaches people. */
import { expect } from 'chai'
import { type AlertChannel, type AlertNotice, noticeOf } from '#gateway/alarms/channels/channel.js'
import type { AlertState, AlertTransition } from '#gateway/model/alert.js'
import { NOTICE_REASONS, type NoticeReason, type Telling } from '#gateway/model/notification.js'
import type { Surroundings } from '#gateway/wording/message.js'
import type { PreviewRules } from '#gateway/wording/preview.js'

export interface ChannelRig {
  readonly channel: AlertChannel
  /** Where the channel reaches somebody, if it sends to addresses: their suites then say `addressed`. */
  readonly address?: string
  /** Everything that arrived at the other end, as text. */
  received(): string[] | Promise<string[]>
  /** What the other end can recognise a repetition by, one for each arrival; for suites that say `recognisable`. */
  keys?(): unknown[] | Promise<unknown[]>
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

/** The state of an alert about which people are told for a reason, and words that they then read. */
const TOLD: Readonly<Record<NoticeReason, readonly [AlertState, string]>> = {
  raised: ['active', 'HIGH: Low oxygen saturation (active since '],
  escalated: ['active', 'ESCALATED, HIGH: Low oxygen saturation (active since '],
  reminder: ['active', 'REMINDER, HIGH: Low oxygen saturation (active since '],
  acknowledged: ['acknowledged', 'ACKNOWLEDGED: Low oxygen saturation (since '],
  latched: ['latched', 'OVER, NOT ACKNOWLEDGED: Low oxygen saturation (active from '],
  silenced: ['active', 'SILENCED until '],
  cleared: ['cleared', 'CLEARED: Low oxygen saturation (active from '],
  digest: ['active', 'One alert of low priority:'],
  test: ['cleared', 'TEST: this is how an alert would reach you'],
}

/** What is known when it is made; the value that caused the other alarm is nobody's either. */
const AROUND: Omit<Surroundings, 'home'> = {
  open: [{ ...RAISED, alertId: 'no-breath-1', condition: 'no-breath', raisedAt: RAISED.raisedAt - 60_000 }],
  news2: 'NEWS2 at least 5 (risk not known).',
  call: ['At home: +1 555 0100'],
  look: 'https://clinic.example/',
}

/** A notice as the alert deliverer makes it. */
export function noticeFor(reason: NoticeReason, telling: Partial<Telling> = {}, rules: PreviewRules = {}): AlertNotice {
  const [state] = TOLD[reason]
  const transition = { ...RAISED, state, at: state === 'active' ? RAISED.at : RAISED.at + 420_000 }
  const key = `${RAISED.alertId}:${reason}:1:doctor-1@channel`
  return noticeOf(transition, 'home-7', { key, reason, contact: 'doctor-1', ...telling }, rules, AROUND)
}

export function shouldBehaveLikeChannel(
  name: string,
  build: () => Promise<ChannelRig>,
  has: { readonly addressed?: boolean; readonly recognisable?: boolean } = {},
): void {
  describe(`${name} behaves like an alert channel`, () => {
    let rig: ChannelRig
    beforeEach(async () => {
      rig = await build()
    })
    afterEach(() => rig.stop())
    const never = new AbortController().signal
    const notice = (reason: NoticeReason = 'raised', rules: PreviewRules = {}) =>
      noticeFor(reason, rig.address === undefined ? {} : { address: rig.address }, rules)
    const tell = (reason?: NoticeReason, rules?: PreviewRules) => rig.channel.notify(notice(reason, rules), never)

    for (const reason of NOTICE_REASONS) {
      it(`brings a notice to the other end, in plain words: ${reason}`, async () => {
        expect((await tell(reason)).class).to.equal('delivered')
        const [text, ...others] = await rig.received()
        expect(others).to.deep.equal([])
        expect(text).to.contain(TOLD[reason][1]).and.to.contain('home-7')
      })
    }

    it('never says a value, a limit or a measurement', async () => {
      for (const reason of NOTICE_REASONS) await tell(reason)
      const received = await rig.received()
      expect(received).to.have.length(NOTICE_REASONS.length)
      for (const secret of ['83.25', '87.75', 'secret-identifier']) expect(received.join()).to.not.contain(secret)
    })

    it('says the value and what people call the home where the site allows it, and no measurement even then', async () => {
      await tell('raised', { value: true, label: 'Maple Street' })
      const text = (await rig.received()).join()
      expect(text).to.contain('Maple Street: HIGH: Low oxygen saturation at 83.25 %')
      expect(text).to.not.contain('secret-identifier')
    })

    const recognises = async () => {
      for (const reason of ['raised', 'raised', 'cleared'] as const) await tell(reason)
      const [first, second, other] = (await rig.keys?.()) ?? []
      expect(first).to.be.a('string').and.to.have.length.above(0)
      expect(second).to.equal(first)
      expect(other).to.be.a('string').and.to.not.equal(first)
    }
    if (has.recognisable) it('lets the other end recognise a repetition', recognises)

    const refuses = async () => {
      for (const address of [undefined, 'not an address\r\nBcc: everybody@example.org']) {
        const outcome = await rig.channel.notify(noticeFor('raised', address === undefined ? {} : { address }), never)
        expect(outcome.class).to.equal('permanent')
        expect(rig.channel.addressProblem?.(address), 'said at the start too').to.be.a('string')
      }
      expect(rig.channel.addressProblem?.(rig.address)).to.equal(null)
      expect(await rig.received()).to.deep.equal([])
    }
    if (has.addressed) it('refuses for good what has no address, or one that it cannot use', refuses)

    it('never rejects while the other end is away, and means to try again', async () => {
      await rig.disconnect()
      expect((await tell()).class).to.be.oneOf(['transient', 'ambiguous'])
    })

    it('ends when it is told to stop, and means to try again', async () => {
      await rig.hang()
      const stop = new AbortController()
      const notified = rig.channel.notify(notice(), stop.signal)
      setImmediate(() => stop.abort())
      expect((await notified).class).to.be.oneOf(['transient', 'ambiguous'])
      expect((await rig.channel.notify(notice(), stop.signal)).class).to.equal('transient')
    })
  })
}
