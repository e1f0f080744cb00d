import { expect } from 'chai'
import fc from 'fast-check'
import { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { type DispatchPolicy, policyOf } from '#gateway/alarms/dispatch/policy.js'
import { configSchema } from '#gateway/config/schema.js'
import type { AlertTransition, Priority } from '#gateway/model/alert.js'
import type { DigestItem, Dispatch, Notification, OpenDispatch } from '#gateway/model/notification.js'

/** 2026-01-05 was a Monday; local time is UTC here. */
const T0 = Date.UTC(2026, 0, 5, 12)
const MINUTE = 60_000

function alert(over: Partial<AlertTransition> = {}): AlertTransition {
  const { condition = 'low-oxygen-saturation', raisedAt = T0 } = over
  const fixed = { kind: 'physiological', priority: 'high', state: 'active' } as const
  return { ...fixed, condition, alertId: `${condition}-${raisedAt}`, at: raisedAt, raisedAt, ...over }
}

function policy(alerts: object): DispatchPolicy {
  const channels = ['mail', 'push', 'lamp'].map((name) => ({ type: 'terminal', name }))
  const parsed = configSchema.shape.alerts.parse({ channels, ...alerts })
  return policyOf(parsed, () => 0)
}

/** Where nobody has an e-mail address. */
const PUSH_AND_LAMP = ['push', 'lamp'].map((name) => ({ type: 'terminal', name }))

const nurse = { id: 'nurse-1', role: 'nurse', channel: 'push' }
const doctor = { id: 'doctor-1', role: 'doctor', channel: 'mail' }
const family = { id: 'family-1', role: 'family', channel: 'mail' }
const CHAIN = {
  high: [
    { afterMinutes: 0, contacts: ['nurse-1'] },
    { afterMinutes: 5, contacts: ['doctor-1'] },
  ],
}

const brief = ({ notifications }: Dispatch) =>
  notifications.map(({ reason, channel, contact }) => `${reason} ${channel}${contact ? `/${contact}` : ''}`)

/** What a journal would give after these. */
function restart(
  alerts: readonly AlertTransition[],
  said: readonly Notification[],
  digest: DigestItem[] = [],
): OpenDispatch {
  return {
    open: alerts.map((one) => ({
      alert: one,
      notifications: said.filter(({ alertId }) => alertId === one.alertId),
      silencedUntil: 0,
    })),
    digest,
  }
}

describe('the dispatcher', () => {
  it('tells every channel of a home without contacts, once when it begins and once when it is over', () => {
    const dispatcher = new Dispatcher(policy({ remindMinutes: { high: 0 } }))
    expect(brief(dispatcher.take([alert()], T0))).to.deep.equal(['raised mail', 'raised push', 'raised lamp'])
    expect(brief(dispatcher.tick(T0 + 60 * MINUTE))).to.deep.equal([])
    const cleared = alert({ state: 'cleared', at: T0 + MINUTE })
    expect(brief(dispatcher.take([cleared], T0 + MINUTE))).to.deep.equal([
      'cleared mail',
      'cleared push',
      'cleared lamp',
    ])
  })

  it('climbs the chain while nobody acknowledges, and stops when somebody has', () => {
    const dispatcher = new Dispatcher(policy({ contacts: [nurse, doctor], escalation: CHAIN }))
    expect(brief(dispatcher.take([alert()], T0))).to.deep.equal(['raised lamp', 'raised push/nurse-1'])
    expect(brief(dispatcher.tick(T0 + 5 * MINUTE - 1))).to.deep.equal([])
    expect(brief(dispatcher.tick(T0 + 5 * MINUTE))).to.include('escalated mail/doctor-1')

    const other = alert({ condition: 'no-breath', raisedAt: T0 + 10 * MINUTE })
    dispatcher.take([other], other.at)
    const actor = { by: 'nurse-1', via: 'link' } as const
    const known = { ...other, state: 'acknowledged', at: other.at + MINUTE, actor } as const
    // The nurse knows; the lamp shows it.
    expect(brief(dispatcher.take([known], known.at))).to.deep.equal(['acknowledged lamp'])
    const later = dispatcher.tick(other.at + 30 * MINUTE).notifications
    expect(later.filter(({ alertId }) => alertId === other.alertId)).to.deep.equal([])
  })

  it('reminds those who know while nobody acknowledges, unless they have silenced it', () => {
    const dispatcher = new Dispatcher(
      policy({ channels: PUSH_AND_LAMP, contacts: [nurse], remindMinutes: { high: 5 } }),
    )
    dispatcher.take([alert()], T0)
    expect(brief(dispatcher.tick(T0 + 5 * MINUTE))).to.deep.equal(['reminder lamp', 'reminder push/nurse-1'])
    const silenced = dispatcher.silence([alert().alertId], T0 + 16 * MINUTE, T0 + 6 * MINUTE)
    expect(silenced.notifications[0]).to.include({ reason: 'silenced', channel: 'lamp', until: T0 + 16 * MINUTE })
    expect(brief(dispatcher.tick(T0 + 12 * MINUTE))).to.deep.equal([])
    expect(brief(dispatcher.tick(T0 + 16 * MINUTE))).to.deep.equal(['reminder lamp', 'reminder push/nurse-1'])
  })

  it('keeps reminding of what has gone but was latched', () => {
    const dispatcher = new Dispatcher(policy({ remindMinutes: { high: 5 } }))
    dispatcher.take([alert()], T0)
    dispatcher.take([alert({ state: 'latched', at: T0 + MINUTE })], T0 + MINUTE)
    expect(brief(dispatcher.tick(T0 + 6 * MINUTE))).to.include('reminder lamp')
  })

  it('reminds less often of what nobody answers for long', () => {
    const dispatcher = new Dispatcher(policy({ remindMinutes: { high: 5 } }))
    dispatcher.take([alert()], T0)
    let count = 0
    for (let at = T0; at < T0 + 6 * 60 * MINUTE; at += 1000)
      count += dispatcher.tick(at).notifications.filter(({ channel }) => channel === 'lamp').length
    expect(count).to.be.within(10, 12)
  })

  it('passes over who is off duty, and tells everybody of a high alert when nobody is on duty', () => {
    const day = [{ from: '08:00', to: '18:00' }]
    const contacts = [{ ...nurse, hours: day }, doctor]
    const night = T0 + 12 * 60 * MINUTE
    const withDoctor = new Dispatcher(policy({ contacts, escalation: CHAIN }))
    expect(brief(withDoctor.take([alert({ raisedAt: night })], night))).to.deep.equal([
      'raised lamp',
      'escalated mail/doctor-1',
    ])

    const nobody = new Dispatcher(
      policy({ contacts: contacts.map((one) => ({ ...one, hours: day })), escalation: CHAIN }),
    )
    expect(brief(nobody.take([alert({ raisedAt: night })], night))).to.deep.equal([
      'raised lamp',
      'escalated push/nurse-1',
      'escalated mail/doctor-1',
    ])
  })

  it('tells a role what concerns it', () => {
    const dispatcher = new Dispatcher(policy({ contacts: [doctor, nurse, family] }))
    const technical = alert({ condition: 'probe-off-ecg', kind: 'technical', priority: 'medium' })
    expect(brief(dispatcher.take([technical], T0))).to.deep.equal(['raised lamp', 'raised push/nurse-1'])
  })

  it('keeps low alerts of the quiet hours for their end, in one message, also over a restart', () => {
    const caregiver = { id: 'carer-1', role: 'caregiver', channel: 'push' }
    const quiet = policy({
      channels: PUSH_AND_LAMP,
      contacts: [caregiver],
      quietHours: [{ from: '22:00', to: '07:00' }],
    })
    const night = T0 + 11 * 60 * MINUTE
    const low = (condition: string, raisedAt: number) =>
      alert({ condition, raisedAt, priority: 'low', kind: 'technical' })
    const first = new Dispatcher(quiet)
    const one = first.take([low('probe-off-ecg', night)], night)
    expect(brief(one)).to.deep.equal(['raised lamp'])
    expect(one.digestItems).to.have.length(1)

    const second = new Dispatcher(
      quiet,
      restart([low('probe-off-ecg', night)], one.notifications, [...one.digestItems]),
    )
    second.take([low('probe-off-spo2', night + MINUTE)], night + MINUTE)
    expect(brief(second.tick(night + 2 * MINUTE))).to.deep.equal([])
    const morning = second.tick(T0 + 19 * 60 * MINUTE)
    expect(brief(morning)).to.deep.equal(['digest push/carer-1'])
    expect(morning.notifications[0]?.covers).to.have.length(2)
    expect(brief(second.tick(T0 + 20 * 60 * MINUTE))).to.deep.equal([])
  })

  it('brings a digest once a day at its time', () => {
    const carer = { id: 'carer-1', role: 'caregiver', channel: 'push', digestAt: '18:00' }
    const dispatcher = new Dispatcher(policy({ contacts: [carer] }))
    dispatcher.take([alert({ priority: 'low', kind: 'technical', condition: 'probe-off-ecg' })], T0)
    let told = 0
    for (let at = T0; at < T0 + 24 * 60 * MINUTE; at += MINUTE) told += dispatcher.tick(at).notifications.length
    expect(told).to.equal(1)
  })

  it('does not begin anew after a restart: who was told is not told again', () => {
    const chained = policy({ contacts: [nurse, doctor], escalation: CHAIN })
    const before = new Dispatcher(chained)
    const said = [...before.take([alert()], T0).notifications, ...before.tick(T0 + 5 * MINUTE).notifications]
    const after = new Dispatcher(chained, restart([alert()], said))
    expect(brief(after.tick(T0 + 5 * MINUTE + 1000))).to.deep.equal([])
    const cleared = alert({ state: 'cleared', at: T0 + 6 * MINUTE })
    expect(brief(after.take([cleared], cleared.at)).sort()).to.deep.equal([
      'cleared lamp',
      'cleared mail/doctor-1',
      'cleared push/nurse-1',
    ])
  })

  it('never uses a key twice, whatever happens in whatever order, restarts included', () => {
    const chained = policy({
      contacts: [nurse, doctor],
      escalation: CHAIN,
      remindMinutes: { high: 2, medium: 3, low: 0 },
    })
    const action = fc.oneof(
      fc.record({ do: fc.constant('raise' as const), priority: fc.constantFrom<Priority>('high', 'medium', 'low') }),
      fc.record({ do: fc.constantFrom('acknowledge', 'clear', 'silence', 'escalate', 'restart', 'wait' as const) }),
    )
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        let dispatcher = new Dispatcher(chained)
        let now = T0
        const keys = new Set<string>()
        const said: Notification[] = []
        const open = new Map<string, AlertTransition>()
        const hear = ({ notifications }: Dispatch) => {
          for (const one of notifications) {
            expect(keys.has(one.key), one.key).to.equal(false)
            keys.add(one.key)
            said.push(one)
          }
        }
        for (const step of actions) {
          now += MINUTE
          const [first] = open.values()
          if (step.do === 'raise') {
            const raised = alert({ raisedAt: now, priority: 'priority' in step ? step.priority : 'high' })
            open.set(raised.alertId, raised)
            hear(dispatcher.take([raised], now))
          } else if (step.do === 'restart') dispatcher = new Dispatcher(chained, restart([...open.values()], said))
          else if (first && step.do === 'silence') hear(dispatcher.silence([first.alertId], now + 5 * MINUTE, now))
          else if (first && step.do === 'escalate') hear(dispatcher.escalate(first.alertId, now))
          else if (first && (step.do === 'acknowledge' || step.do === 'clear')) {
            const state = step.do === 'clear' ? 'cleared' : 'acknowledged'
            const next = { ...first, state, at: now } as const
            if (state === 'cleared') open.delete(first.alertId)
            else open.set(first.alertId, next)
            hear(dispatcher.take([next], now))
          }
          hear(dispatcher.tick(now))
        }
      }),
    )
  })
})
