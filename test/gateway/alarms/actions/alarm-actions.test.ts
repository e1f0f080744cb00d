import { expect } from 'chai'
import type { Actor } from '#gateway/model/alert.js'
import { ALERTS, AlarmHome, MINUTE } from '#test/gateway/alarms/alarm-home.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'

const NURSE: Actor = { by: 'nurse-1', via: 'console' }
const CARER: Actor = { ...NURSE, note: 'washing' }
const DOCTOR: Actor = { by: 'doctor-1', via: 'link', note: 'on my way' }

describe('Alarm actions', () => {
  let home: AlarmHome
  beforeEach(async () => {
    home = await new AlarmHome().start()
  })
  afterEach(() => home.stop())

  const log = () =>
    home.journal.alarmActions.latest(100).map(({ action, subjects, actor }) => ({ action, subjects, by: actor.by }))
  const state = (alertId: string) => home.journal.alerts.episode(alertId).at(-1)?.state

  it('acknowledges an alarm: the log has who, how, when and why before it answers', async () => {
    const [alertId = ''] = await home.glucose(50)
    await home.clock.advance(90_000)
    expect(await home.actions.acknowledge([alertId], DOCTOR)).to.deep.equal([alertId])
    const at = home.clock.now()
    expect(home.journal.alarmActions.latest(10)).to.deep.equal([
      { action: 'acknowledge', at, subjects: [alertId], actor: DOCTOR },
    ])
    expect(home.journal.alerts.episode(alertId).at(-1)).to.deep.include({ state: 'acknowledged', at, actor: DOCTOR })
  })

  it('ends reminders and escalation with it', async () => {
    const [alertId = ''] = await home.glucose(50)
    await home.actions.acknowledge([alertId], NURSE)
    home.told.length = 0
    for (let minute = 0; minute < 30; minute++) await home.tick(MINUTE)
    expect(home.told).to.deep.equal([])
  })

  it('lets the first of two people at once have it, and tells the other that nothing was left', async () => {
    const [alertId = ''] = await home.glucose(50)
    const [first, second] = await Promise.all([
      home.actions.acknowledge([alertId], NURSE),
      home.actions.acknowledge([alertId], DOCTOR),
    ])
    expect([first, second]).to.deep.equal([[alertId], []])
    expect(log()).to.deep.equal([{ action: 'acknowledge', subjects: [alertId], by: 'nurse-1' }])
    expect(home.journal.alerts.episode(alertId).filter((one) => one.state === 'acknowledged')).to.have.length(1)
    expect(await home.actions.acknowledge([alertId], DOCTOR)).to.deep.equal([])
  })

  it('says that an alarm is unknown, also one that is over, and then does nothing of the whole request', async () => {
    const [alertId = ''] = await home.glucose(50)
    expect(await codeOf(() => home.actions.acknowledge([alertId, 'low-glucose-1'], NURSE))).to.equal('alarm.unknown')
    expect(state(alertId)).to.equal('active')
    await home.glucose(100)
    expect(state(alertId)).to.equal('cleared')
    for (const act of [
      () => home.actions.acknowledge([alertId], NURSE),
      () => home.actions.silence([alertId], MINUTE, NURSE),
      () => home.actions.escalate(alertId, NURSE),
    ])
      expect(await codeOf(act)).to.equal('alarm.unknown')
    expect(log()).to.deep.equal([])
  })

  it('acknowledges only what is active now: what comes later is told', async () => {
    const [first = ''] = await home.glucose(50)
    await home.tick(1000, true)
    expect(await home.actions.acknowledge('all', NURSE)).to.have.length(2)
    await home.glucose(100)
    const [second = ''] = await home.glucose(40)
    expect(second).not.to.equal(first)
    expect(state(second)).to.equal('active')
    expect(home.actions.open().map(({ condition, state }) => `${condition} ${state}`)).to.have.members([
      'disk-low acknowledged',
      'low-glucose active',
    ])
  })

  it('acknowledges "all" where nothing is open, without a word in the log', async () => {
    expect(await home.actions.acknowledge('all', NURSE)).to.deep.equal([])
    expect(log()).to.deep.equal([])
  })

  it('makes an alarm that has gone but waits for somebody over', async () => {
    await home.stop()
    home = await new AlarmHome({ ...ALERTS, limits: { 'low-glucose': { latching: true } } }).start()
    const [alertId = ''] = await home.glucose(50)
    await home.glucose(100)
    expect(state(alertId)).to.equal('latched')
    expect(await home.actions.acknowledge('all', NURSE)).to.deep.equal([alertId])
    expect(state(alertId)).to.equal('cleared')
  })

  it('silences for an hour at most: no reminders meanwhile, but escalation goes on', async () => {
    const [alertId = ''] = await home.glucose(50)
    for (const ms of [0, -1, 60 * MINUTE + 1, Number.NaN])
      expect(await codeOf(() => home.actions.silence([alertId], ms, NURSE)), String(ms)).to.equal('alarm.too-long')
    expect(await home.actions.silence('all', 10 * MINUTE, NURSE)).to.deep.equal([alertId])
    expect(home.journal.alarmActions.latest(1)[0]).to.include({
      action: 'silence',
      until: home.clock.now() + 10 * MINUTE,
    })
    home.told.length = 0
    for (let minute = 0; minute < 9; minute++) await home.tick(MINUTE)
    expect(home.told).to.deep.equal(['escalated doctor-1'])
    for (let minute = 0; minute < 6; minute++) await home.tick(MINUTE)
    expect(home.told.slice(1)).to.include.members(['reminder nurse-1', 'reminder doctor-1'])
  })

  it('passes over what is acknowledged when it silences', async () => {
    const [alertId = ''] = await home.glucose(50)
    await home.actions.acknowledge([alertId], NURSE)
    expect(await home.actions.silence('all', MINUTE, NURSE)).to.deep.equal([])
    expect(log().map(({ action }) => action)).to.deep.equal(['acknowledge'])
  })

  it('keeps a silence over a restart', async () => {
    await home.glucose(50)
    await home.actions.silence('all', 30 * MINUTE, NURSE)
    await home.restart()
    home.told.length = 0
    for (let minute = 0; minute < 20; minute++) await home.tick(MINUTE)
    expect(home.told.filter((line) => line.startsWith('reminder'))).to.deep.equal([])
  })

  it('tells the next in the chain when somebody asks', async () => {
    const [alertId = ''] = await home.glucose(50)
    await home.actions.escalate(alertId, NURSE)
    expect(
      home.journal.notifications.ofAlert(alertId).map(({ reason, contact }) => `${reason} ${contact}`),
    ).to.deep.equal(['raised nurse-1', 'escalated doctor-1'])
    expect(log()).to.deep.equal([{ action: 'escalate', subjects: [alertId], by: 'nurse-1' }])
  })

  it('inhibits values but not the gateway’s own conditions, over a restart, and ends by itself', async () => {
    await home.actions.inhibit('all', 15 * MINUTE, CARER)
    expect(await home.glucose(50)).to.deep.equal([])
    await home.restart()
    expect(home.actions.inhibitions()).to.deep.equal([{ scope: 'all', until: home.clock.now() + 15 * MINUTE }])
    expect(await home.glucose(49)).to.deep.equal([])
    await home.tick(1000, true)
    expect(home.actions.open().map(({ condition }) => condition)).to.have.members(['alarms-inhibited', 'disk-low'])
    await home.tick(15 * MINUTE, true)
    expect(home.actions.inhibitions()).to.deep.equal([])
    expect(home.actions.open().map(({ condition }) => condition)).to.deep.equal(['disk-low'])
    expect(await home.glucose(48)).to.have.length(1)
  })

  it('inhibits one condition or one kind of value alone, and releases all', async () => {
    await home.actions.inhibit({ observable: 'oxygenSaturation' }, MINUTE, CARER)
    expect(await home.glucose(50)).to.have.length(1)
    await home.glucose(100)
    await home.actions.inhibit({ condition: 'low-glucose' }, MINUTE, CARER)
    await home.glucose(45)
    expect(home.actions.open()).to.deep.equal([])
    await home.actions.release(DOCTOR)
    expect(home.actions.inhibitions()).to.deep.equal([])
    expect(await home.glucose(44)).to.have.length(1)
    await home.restart()
    expect(home.actions.inhibitions()).to.deep.equal([])
    await home.actions.release(DOCTOR)
    expect(log().map(({ action }) => action)).to.deep.equal(['release', 'inhibit', 'inhibit'])
  })

  it('asks why before anything is inhibited, and lets nobody inhibit a standstill', async () => {
    expect(await codeOf(() => home.actions.inhibit('all', MINUTE, NURSE))).to.equal('alarm.why')
    for (const condition of ['asystole', 'no-organised-heartbeat', 'no-readable-heartbeat', 'no-breath'])
      expect(await codeOf(() => home.actions.inhibit({ condition }, MINUTE, CARER)), condition).to.equal(
        'alarm.never-inhibited',
      )
    expect(home.actions.inhibitions()).to.deep.equal([])
    await home.actions.inhibit('all', MINUTE, CARER)
    expect(home.journal.alarmActions.latest(1)[0]?.actor).to.deep.equal(CARER)
  })

  it('refuses an inhibition that outlasts the person who asked for it', async () => {
    for (const ms of [0, 60 * MINUTE + 1, Number.POSITIVE_INFINITY])
      expect(await codeOf(() => home.actions.inhibit('all', ms, CARER)), String(ms)).to.equal('alarm.too-long')
  })
})
