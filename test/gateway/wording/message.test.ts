import { expect } from 'chai'
import { noticeOf } from '#gateway/alarms/channels/channel.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { NOTIFICATION_REASONS, type NoticeReason } from '#gateway/model/notification.js'
import type { Surroundings } from '#gateway/wording/message.js'
import type { PreviewRules } from '#gateway/wording/preview.js'
import { RAISED } from '#test/behaviours/channel.behaviour.js'

const MINUTE = 60_000
const AT = RAISED.raisedAt
const BREATH: AlertTransition = {
  ...{ alertId: 'no-breath-1', condition: 'no-breath', kind: 'physiological', priority: 'high', state: 'active' },
  ...{ at: AT - 5 * MINUTE, raisedAt: AT - 5 * MINUTE, value: 25, limit: { comparator: '>=', value: 20 } },
}
const PROBE: AlertTransition = {
  ...{
    alertId: 'probe-off-pulse-1',
    condition: 'probe-off-pulse',
    kind: 'technical',
    priority: 'low',
    state: 'active',
  },
  ...{ at: AT - MINUTE, raisedAt: AT - MINUTE },
}
const AROUND: Omit<Surroundings, 'home'> = {
  open: [PROBE, RAISED, BREATH],
  news2: 'NEWS2 at least 5 (risk not known): oxygen saturation 3. Incomplete: temperature missing.',
  call: ['At home: +1 555 0100', 'Out of hours: +1 555 0199'],
  look: 'https://clinic.example/homes',
}
const TO_CALL = 'Whom to call: At home: +1 555 0100; Out of hours: +1 555 0199.'
const TO_LOOK = 'Where to look: https://clinic.example/homes'
const OTHERS =
  'Other open alarms: No breath (high, since 2026-01-01 11:57:00); Probe off: pulse (low, since 2026-01-01 12:01:00).'
const MEANS =
  'What it means: The finger clip measured less oxygen in the blood than the limit set for this person. A cold hand, movement, nail varnish or a clip that sits badly can cause it, so look at the person and the clip first.'
const AT_ONCE =
  'What to do: Look at the person at once, or have somebody look. If their life may be in danger, call the emergency number.'

function told(
  reason: NoticeReason,
  transition: Partial<AlertTransition> = {},
  rules: PreviewRules = {},
  around: Partial<typeof AROUND> = {},
) {
  const at = reason === 'reminder' || reason === 'escalated' ? { at: AT + 12 * MINUTE } : {}
  return noticeOf({ ...RAISED, ...transition }, 'home-7', { key: 'k', reason, ...at }, rules, { ...AROUND, ...around })
}

describe('A message to a doctor', () => {
  it('says without values what it is, since when, what else, what to do, whom to call and where to look', () => {
    const { subject, details } = told('raised')
    expect(subject).to.equal('home-7: HIGH: Low oxygen saturation (active since 12:02)')
    expect(details?.split('\n')).to.deep.equal([
      'Home: home-7.',
      'High priority, since 2026-01-01 12:02:00 (UTC+00:00), for 0 s at 2026-01-01 12:02:00.',
      'Value and limit do not stand in messages of this home.',
      MEANS,
      AT_ONCE,
      OTHERS,
      TO_CALL,
      TO_LOOK,
    ])
  })

  it('says value, limit, and NEWS2 with its gaps where the site allows values, and what people call the home', () => {
    const { subject, details } = told('raised', {}, { value: true, label: 'Flat 12' })
    expect(subject).to.equal(
      'Flat 12: HIGH: Low oxygen saturation at 83.25 %, limit below 87.75 % (active since 12:02)',
    )
    expect(details?.split('\n')).to.deep.equal([
      'Home: Flat 12 (home-7).',
      'High priority, since 2026-01-01 12:02:00 (UTC+00:00), for 0 s at 2026-01-01 12:02:00.',
      'Value: 83.25 %, limit below 87.75 %.',
      MEANS,
      AT_ONCE,
      AROUND.news2,
      OTHERS,
      TO_CALL,
      TO_LOOK,
    ])
  })

  it('has a time of its own when it reminds or escalates, beside that of the raising', () => {
    for (const reason of ['reminder', 'escalated'] as const) {
      const { at, raisedAt, details } = told(reason)
      expect([at, raisedAt]).to.deep.equal([AT + 12 * MINUTE, AT])
      expect(details).to.contain('since 2026-01-01 12:02:00 (UTC+00:00), for 12 min at 2026-01-01 12:14:00.')
      expect(details).to.contain(AT_ONCE)
    }
    const aDayLater = noticeOf(RAISED, 'home-7', { key: 'k', reason: 'reminder', at: AT + 24 * 60 * MINUTE })
    expect(aDayLater.preview).to.contain('(active since 2026-01-01 12:02, nobody has acknowledged)')
  })

  it('asks for nothing when it is over or somebody knows, and says how long it was', () => {
    for (const reason of ['cleared', 'acknowledged'] as const) {
      const { details } = told(reason, { state: reason, at: AT + 7 * MINUTE }, {}, { open: [] })
      expect(details).to.not.contain('What to do')
      expect(details).to.contain('Other open alarms: none.')
    }
    const { details } = told('cleared', { state: 'cleared', at: AT + 7 * MINUTE })
    expect(details).to.contain('since 2026-01-01 12:02:00 (UTC+00:00), over since 2026-01-01 12:09:00, after 7 min.')
  })

  it('sends nobody to a patient for a cable, and gives no score with it', () => {
    const { details } = noticeOf(PROBE, 'home-7', undefined, { value: true }, AROUND)
    expect(details)
      .to.contain('What to do: Have somebody look at the equipment when they can.')
      .and.not.contain('NEWS2')
    expect(details).to.contain('Low oxygen saturation (high, since')
  })

  it('says of an exercise that it is one, for whatever reason, and asks for an answer alone', () => {
    const exercise = { condition: 'rehearsal', kind: 'technical', value: undefined, limit: undefined } as object
    for (const reason of NOTIFICATION_REASONS.filter((one) => one !== 'digest')) {
      const { preview, subject, details } = told(reason, exercise)
      for (const text of [preview, subject]) expect(text).to.contain('Rehearsal of the alarm').and.not.match(/HIGH/)
      expect(details, reason)
        .to.contain('Nothing has happened')
        .and.not.match(/High priority|Look at|look at/)
    }
    expect(told('raised', exercise).preview).to.equal('EXERCISE: Rehearsal of the alarm (active since 12:02)')
    expect(told('raised', exercise).details).to.contain('What to do: Say that you know of it')
  })

  it('of a patient names no exercise among the other alarms', () => {
    const open = [RAISED, { ...PROBE, condition: 'rehearsal', priority: 'high' as const }]
    expect(told('raised', {}, {}, { open }).details).to.contain('Other open alarms: none.')
  })

  it('is short for a digest and empty for a test, and says first that nobody is monitored', () => {
    expect(told('digest').details).to.equal(['Home: home-7.', TO_CALL, TO_LOOK].join('\n'))
    expect(told('test').details).to.equal(undefined)
    const paused = {
      reason: 'bath',
      since: AT,
      until: AT + 30 * MINUTE,
      actor: { by: 'nurse-1', via: 'console' },
    } as const
    const [, second] = told('raised', {}, {}, { notMonitored: paused as never }).details?.split('\n') ?? []
    expect(second).to.equal(
      'Not monitored: in the bath, since 2026-01-01 12:02:00 until 2026-01-01 12:32:00, said by nurse-1.',
    )
  })

  it('names ten other alarms and counts the rest, and nothing that the site did not write', () => {
    const open = Array.from({ length: 13 }, (_, i) => ({
      ...PROBE,
      condition: `silent-device-d${i}`,
      raisedAt: AT + i,
    }))
    const { details = '' } = told('raised', {}, {}, { open, call: [], look: undefined })
    expect(details)
      .to.contain('and 3 more.')
      .and.not.match(/Whom to call|Where to look/)
    expect(details.match(/Silent: device/g)).to.have.length(10)
  })
})
