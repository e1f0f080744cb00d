import { expect } from 'chai'
import { createLogger, type Logger } from '#gateway/platform/logger.js'
import { type Job, Schedule } from '#gateway/platform/schedule.js'
import { settle, TestClock } from '../../support/test-clock.js'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const logger = createLogger('silent')

describe('schedule', () => {
  const env: { TZ?: string | undefined } = process.env
  const zone = env.TZ
  before(() => {
    env.TZ = 'Europe/Vienna'
  })
  after(() => {
    if (zone === undefined) delete env.TZ
    else env.TZ = zone
  })

  /** A schedule of one job. `ran` has what the clock on the wall showed at each run, `gaps` the run time between them. */
  async function scheduled(cron: string, start: string, action: Job['action'] = async () => {}, log: Logger = logger) {
    const clock = new TestClock(new Date(start).getTime())
    const ran: string[] = []
    const at: number[] = []
    const job: Job = {
      name: 'Kit: cuff',
      cron,
      action: async () => {
        ran.push(new Date(clock.now()).toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' }))
        at.push(clock.monotonic())
        await action()
      },
    }
    const schedule = new Schedule([job], { clock, logger: log })
    await schedule.start()
    const gaps = () => at.slice(1).map((time, i) => (time - (at[i] ?? 0)) / MINUTE)
    return { clock, ran, gaps, schedule, step: (ms: number) => clock.setWall(clock.now() + ms) }
  }

  it('runs a job at its times, each once', async () => {
    const { clock, ran, schedule } = await scheduled('*/5 * * * *', '2026-01-15T11:58:00')
    await clock.advance(12 * MINUTE)
    await schedule.stop()
    await clock.advance(10 * MINUTE)
    expect(ran).to.deep.equal(['12:00', '12:05', '12:10'])
  }).timeout(20_000)

  it('takes six fields, with seconds', async () => {
    const { clock, ran } = await scheduled('*/20 * * * * *', '2026-01-15T11:58:01')
    await clock.advance(MINUTE)
    expect(ran).to.have.length(3)
  })

  it('says once that a job fails, and once that it is done again', async () => {
    const said: string[] = []
    const note = (_fields: object, text: string) => void said.push(text)
    let full = true
    const action = async () => {
      if (full) throw new Error('the disk is full')
    }
    const { clock, ran } = await scheduled('* * * * * *', '2026-01-15T11:58:00', action, {
      ...logger,
      ...{ warn: note, info: note, debug: () => {} },
    } as never)
    await clock.advance(MINUTE)
    full = false
    await clock.advance(MINUTE)
    expect(ran).to.have.length(120)
    expect(said).to.deep.equal([
      'scheduled action failed; it is tried again at its next time',
      'scheduled action is done again',
    ])
  })

  it('makes up for a time that daylight saving jumps over, once, and goes on', async () => {
    const { clock, ran } = await scheduled('30 2 * * *', '2026-03-29T01:50:00')
    await clock.advance(90 * MINUTE)
    expect(ran).to.deep.equal(['03:00'])
    const often = await scheduled('*/5 * * * *', '2026-03-29T01:48:00')
    await often.clock.advance(24 * MINUTE)
    expect(often.ran).to.deep.equal(['01:50', '01:55', '03:00', '03:05', '03:10'])
  }).timeout(20_000)

  it('runs once at a time that comes twice when daylight saving ends, and does not stall in that hour', async () => {
    const daily = await scheduled('30 2 * * *', '2026-10-25T02:20:00+02:00')
    await daily.clock.advance(2 * HOUR)
    expect(daily.ran).to.deep.equal(['02:30'])
    const often = await scheduled('*/10 * * * *', '2026-10-25T02:38:00+02:00')
    await often.clock.advance(40 * MINUTE)
    expect(often.ran).to.deep.equal(['02:40', '02:50', '02:00', '02:10'])
    const hourly = await scheduled('0 * * * *', '2026-10-25T01:59:00+02:00')
    await hourly.clock.advance(2 * HOUR + 2 * MINUTE)
    expect(hourly.ran).to.deep.equal(['02:00', '02:00', '03:00'])
  }).timeout(20_000)

  const STEPS = { minute: MINUTE, 'half hour': 30 * MINUTE, hour: HOUR, day: DAY, month: 30 * DAY, year: 365 * DAY }
  for (const [size, ms] of Object.entries(STEPS))
    for (const sign of [1, -1])
      it(`neither stalls nor repeats where the clock is set ${sign > 0 ? 'on' : 'back'} by a ${size}`, async () => {
        for (const offset of [0, 17_000, 150_000, 240_000]) {
          const { clock, gaps, step } = await scheduled('*/5 * * * *', '2026-05-15T11:59:00')
          await clock.advance(6 * MINUTE + 30_000 + offset)
          step(sign * ms)
          await clock.advance(15 * MINUTE)
          expect(gaps()).to.have.length.at.least(3)
          for (const gap of gaps()) expect(gap).to.be.within(3.7, 8.8)
        }
      }).timeout(60_000)

  it('asks the cuff once where the clock is set back over its time, and again the next day', async () => {
    const { clock, ran, step } = await scheduled('0 8 * * *', '2026-05-15T07:59:00')
    await clock.advance(10 * MINUTE)
    step(-30 * MINUTE)
    await clock.advance(40 * MINUTE)
    expect(ran).to.deep.equal(['08:00'])
    await clock.advance(DAY)
    expect(ran).to.deep.equal(['08:00', '08:00'])
  }).timeout(60_000)

  it('makes up for a time that was jumped over a short while ago, and not for one of long ago', async () => {
    const short = await scheduled('0 8 * * *', '2026-05-15T07:50:00')
    short.step(40 * MINUTE)
    await short.clock.advance(MINUTE)
    expect(short.ran).to.deep.equal(['08:30'])
    const long = await scheduled('0 8 * * *', '2026-05-15T07:50:00')
    long.step(9 * HOUR)
    await long.clock.advance(MINUTE)
    expect(long.ran).to.deep.equal([])
  })

  for (const [how, action] of Object.entries<Job['action']>({
    hangs: () => new Promise(() => {}),
    fails: () => Promise.reject(new Error('no answer')),
  }))
    it(`says that a job is overdue which ${how}`, async () => {
      const { clock, ran, schedule } = await scheduled('0 8 * * *', '2026-05-15T07:59:30', action)
      const condition = { condition: 'job-overdue-kit-cuff', priority: 'medium', delayMs: 0 }
      await clock.advance(10 * MINUTE)
      expect(schedule.check()).to.deep.equal([{ ...condition, present: false }])
      await clock.advance(6 * MINUTE)
      expect(schedule.check()).to.deep.equal([{ ...condition, present: true }])
      expect(ran).to.have.length(1)
    })

  it('is not overdue any more once the job is done', async () => {
    let works = false
    const { clock, schedule } = await scheduled('*/10 * * * *', '2026-05-15T07:59:30', async () => {
      if (!works) throw new Error('no answer')
    })
    await clock.advance(17 * MINUTE)
    expect(schedule.check()[0]?.present).to.equal(true)
    works = true
    await clock.advance(4 * MINUTE)
    await settle()
    expect(schedule.check()[0]?.present).to.equal(false)
  })
})
