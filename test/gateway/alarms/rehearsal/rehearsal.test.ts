import { expect } from 'chai'
import fc from 'fast-check'
import { isWithinAny } from '#gateway/alarms/dispatch/hours.js'
import { Rehearsal, rehearsalsOf } from '#gateway/alarms/rehearsal/rehearsal.js'
import { Recorder } from '#gateway/engine/recorder.js'
import type { ActionPath, Actor } from '#gateway/model/alert.js'
import { ACTION_PATHS } from '#gateway/model/alert.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { ALERTS, AlarmHome, MINUTE } from '#test/gateway/alarms/alarm-home.js'

const SCHEDULE: Actor = { by: 'gateway', via: 'gateway' }
const ANSWER = 60 * MINUTE
const HOUR = 60 * MINUTE

/** A home that may be asked for an exercise. The test clock begins at 12:00. */
class RehearsingHome extends AlarmHome {
  rehearsal!: Rehearsal

  override async start(): Promise<this> {
    await super.start()
    const { journal, clock, alerts } = this
    const isQuiet = (now: number) => isWithinAny(alerts.quietHours, now, () => 0)
    const recorder = new Recorder({ journal, clock, logger: silentLogger })
    this.rehearsal = new Rehearsal({ journal, recorder, isQuiet, answerMs: ANSWER, clock, logger: silentLogger })
    return this
  }

  override async take(step: PipelineStep): Promise<void> {
    this.rehearsal?.see(step)
    await super.take(step)
  }

  /** So much time passes, looked at each second or, where it is long, each minute. */
  async pass(ms: number): Promise<void> {
    const by = ms > HOUR / 4 ? MINUTE : 1000
    for (let passed = 0; passed < ms; passed += by) {
      await this.clock.advance(by)
      await this.take(this.pipeline.tick(this.clock.now(), this.rehearsal.check()))
    }
  }

  open(): string[] {
    return this.journal.alerts.active().map(({ condition }) => condition)
  }

  async answer(by = 'nurse-1', via: ActionPath = 'link'): Promise<void> {
    const ids = this.journal.alerts
      .active()
      .flatMap(({ alertId, condition }) => (condition === 'rehearsal' ? alertId : []))
    await this.take(this.pipeline.acknowledge(ids, { by, via }, this.clock.now()))
  }

  results() {
    return rehearsalsOf(this.journal.alerts, 9).map(({ answered, begunAt }) => ({
      ...(answered && { by: answered.by, via: answered.via, after: answered.at - begunAt }),
    }))
  }

  /** What was told since the last look. */
  heard(): string[] {
    return this.told.splice(0)
  }
}

describe('A rehearsal of the alarm', function () {
  this.timeout(60_000)
  let home: RehearsingHome
  const begin = async (alerts: object = ALERTS) => {
    home = await new RehearsingHome(alerts).start()
  }
  afterEach(() => home.stop())

  it('goes the whole way of a high alarm: contacts, chain, reminders', async () => {
    await begin()
    expect(await home.rehearsal.ask(SCHEDULE)).to.equal('begins')
    await home.pass(2000)
    expect(home.journal.alerts.active()).to.containSubset([
      { condition: 'rehearsal', priority: 'high', state: 'active' },
    ])
    expect(home.heard()).to.deep.equal(['raised nurse-1'])
    await home.pass(11 * MINUTE)
    expect(home.heard()).to.have.members(['escalated doctor-1', 'reminder nurse-1', 'reminder doctor-1'])
  })

  it('is told to everybody whom a high alarm of the patient would reach, a daughter too', async () => {
    const contacts = (['doctor', 'family', 'nurse', 'technician'] as const).map((role) => ({
      id: role,
      role,
      channel: 'terminal',
    }))
    await begin({ channels: ALERTS.channels, contacts })
    await home.rehearsal.ask(SCHEDULE)
    await home.pass(2000)
    expect(home.heard()).to.deep.equal(['raised doctor', 'raised family', 'raised nurse', 'raised technician'])
  })

  it('ends only when a person answers, whichever way, and its result is on record', async () => {
    await begin()
    const ways = ACTION_PATHS.filter((via) => via !== 'gateway')
    for (const via of ways) {
      await home.rehearsal.ask(SCHEDULE)
      await home.pass(2 * HOUR)
      expect(home.open(), via).to.include('rehearsal')
      await home.answer('nurse-1', via)
      await home.pass(2000)
      expect(home.open(), via).to.deep.equal([])
    }
    expect(home.results().map(({ by, via }) => `${by} ${via}`)).to.deep.equal(
      ways.map((via) => `nurse-1 ${via}`).reverse(),
    )
    expect(home.results()[0]?.after).to.be.within(2 * HOUR - MINUTE, 2 * HOUR)
  })

  it('that nobody answers is an alarm of its own, and when the next is due it is on record that nobody has', async () => {
    await begin()
    await home.rehearsal.ask(SCHEDULE)
    await home.pass(ANSWER - MINUTE)
    expect(home.open()).to.deep.equal(['rehearsal'])
    await home.pass(2 * MINUTE)
    expect(home.open()).to.have.members(['rehearsal', 'rehearsal-unanswered'])
    expect(await home.rehearsal.ask(SCHEDULE)).to.equal('unanswered')
    expect(home.journal.alarmActions.latest(1)[0]).to.deep.include({
      subjects: ['rehearsal'],
      actor: { ...SCHEDULE, note: 'nobody has answered the one before' },
    })
    expect(home.results()).to.deep.equal([{}])
    await home.answer()
    await home.pass(2000)
    expect(home.open(), 'and the one that was due then does not follow').to.deep.equal([])
    await home.restart()
    await home.pass(2000)
    expect(home.open()).to.deep.equal([])
  })

  it('does not remind for ever as an emergency does: some times, then once a day', async () => {
    await begin({ ...ALERTS, contacts: [ALERTS.contacts[0]], escalation: {} })
    await home.rehearsal.ask(SCHEDULE)
    await home.pass(6 * HOUR)
    const first = home.heard().filter((one) => one === 'reminder nurse-1').length
    expect(first).to.equal(12)
    await home.pass(48 * HOUR)
    expect(home.heard().filter((one) => one === 'reminder nurse-1')).to.have.length(4)
  })

  it('waits for an open high alarm, and begins when that is over', async () => {
    await begin()
    await home.glucose(40)
    home.heard()
    expect(await home.rehearsal.ask(SCHEDULE)).to.equal('waits')
    await home.pass(10_000)
    expect(home.open()).to.deep.equal(['low-glucose'])
    await home.glucose(110)
    await home.pass(2000)
    expect(home.open()).to.deep.equal(['rehearsal'])
  })

  it('stands back for a high alarm that is raised meanwhile, which is told at once and by itself', async () => {
    await begin()
    await home.rehearsal.ask(SCHEDULE)
    await home.pass(2000)
    home.heard()
    const [real = ''] = await home.glucose(40)
    expect(home.heard()).to.deep.equal(['raised nurse-1'])
    await home.pass(11 * MINUTE)
    expect(home.heard(), 'reminders and chain of the real one only').to.have.members([
      'escalated doctor-1',
      'reminder nurse-1',
      'reminder doctor-1',
    ])
    await home.take(home.pipeline.acknowledge([real], { by: 'doctor-1', via: 'link' }, home.clock.now()))
    await home.glucose(110)
    home.heard()
    await home.pass(2000)
    expect(home.heard(), 'then it goes on').to.include('escalated doctor-1')
  })

  it('respects quiet hours: it does not begin in them, and does not remind in them', async () => {
    await begin({ ...ALERTS, quietHours: [{ from: '12:00', to: '13:00' }] })
    expect(await home.rehearsal.ask(SCHEDULE)).to.equal('waits')
    await home.pass(59 * MINUTE)
    expect(home.open()).to.deep.equal([])
    await home.pass(2 * MINUTE)
    expect(home.open()).to.deep.equal(['rehearsal'])
    home.heard()
    await home.pass(23 * HOUR)
    home.heard()
    await home.pass(58 * MINUTE)
    expect(home.heard()).to.deep.equal([])
  })

  it('survives a restart: waiting, begun, and answered', async () => {
    await begin()
    await home.glucose(40)
    await home.rehearsal.ask(SCHEDULE)
    await home.restart()
    await home.glucose(110)
    await home.pass(2000)
    expect(home.open(), 'it had waited').to.deep.equal(['rehearsal'])
    await home.pass(30 * MINUTE)
    await home.restart()
    await home.pass(31 * MINUTE)
    expect(home.open(), 'its time goes on').to.have.members(['rehearsal', 'rehearsal-unanswered'])
    await home.answer()
    await home.restart()
    await home.pass(2000)
    expect(home.open()).to.deep.equal([])
    expect(home.results()).to.have.length(1)
  })

  it('that is asked for in the moment after an answer begins anew', async () => {
    await begin()
    await home.rehearsal.ask(SCHEDULE)
    await home.pass(2000)
    await home.answer()
    await home.rehearsal.ask(SCHEDULE)
    await home.pass(3000)
    expect(home.journal.alerts.active()).to.containSubset([{ condition: 'rehearsal', state: 'active' }])
    expect(home.results()).to.have.length(2)
  })

  it('whatever is asked, answered, raised and restarted: never begins beside a high alarm, never ends without an answer', async () => {
    const acts = fc.array(fc.constantFrom('ask', 'answer', 'raise', 'clear', 'restart', 'minutes', 'hours'), {
      maxLength: 25,
    })
    await fc.assert(
      fc.asyncProperty(acts, async (all) => {
        await begin({ ...ALERTS, quietHours: [{ from: '20:00', to: '07:00' }] })
        for (const act of all) {
          home.heard()
          if (act === 'ask') await home.rehearsal.ask(SCHEDULE)
          if (act === 'answer') await home.answer()
          if (act === 'raise' && (await home.glucose(40)).length > 0) expect(home.heard()).to.include('raised nurse-1')
          if (act === 'clear') await home.glucose(110)
          if (act === 'restart') await home.restart()
          await home.pass({ minutes: 5 * MINUTE, hours: 5 * HOUR }[act as string] ?? 1000)
        }
        const log = home.journal.alerts.latest(1000).reverse()
        let high = false
        for (const { condition, state, alertId, at } of log) {
          if (condition === 'low-glucose') high = state !== 'cleared'
          if (condition !== 'rehearsal') continue
          if (state === 'active') {
            expect(high, 'begins beside a high alarm').to.equal(false)
            expect(new Date(at).getUTCHours(), 'begins in quiet hours').to.be.within(7, 19)
          }
          if (state === 'cleared') {
            const states = home.journal.alerts.episode(alertId).map((one) => one.state)
            expect(states).to.deep.equal(['active', 'acknowledged', 'cleared'])
          }
        }
        await home.stop()
      }),
      { numRuns: 15 },
    )
    await begin()
  })
})
