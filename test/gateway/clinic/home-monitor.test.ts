import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { HomeMonitor } from '#gateway/clinic/home-monitor.js'
import { stateOf } from '#gateway/clinic/home-record.js'
import type { RegisteredHome } from '#gateway/clinic/home-register.js'
import { HomeStore } from '#gateway/clinic/home-store.js'
import type { CheckIn } from '#gateway/liveness/check-in.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'
import { checkInAt } from './clinic.js'

const MINUTE = 60_000
const home: RegisteredHome = { id: 'home-1', secret: Buffer.alloc(32), keyId: 'a', missingAfterMs: 5 * MINUTE }

describe('clinic/home-monitor', () => {
  let folder = ''
  let clock: TestClock
  let store: HomeStore
  let monitor: HomeMonitor
  let homes: RegisteredHome[]
  let sequence = 0

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-watch-'))
    clock = new TestClock()
    homes = [home]
    sequence = 0
    open()
  })
  afterEach(() => {
    store.close()
    rmSync(folder, { recursive: true, force: true })
  })

  function open(): void {
    store = new HomeStore(join(folder, 'homes.db'))
    monitor = new HomeMonitor({
      homes: () => homes,
      store,
      rules: { unhealthyMs: 10 * MINUTE, clockOffMs: 10 * MINUTE, firstBeatMs: 60 * MINUTE },
      clock,
      logger: silentLogger,
    })
  }

  /** As after SIGKILL: nothing is said goodbye to. */
  async function downFor(ms: number): Promise<void> {
    store.close()
    await clock.advance(ms)
    open()
  }

  const hear = (change: Partial<CheckIn> = {}) =>
    monitor.hear(home, checkInAt(clock.now(), ++sequence, change), clock.now())

  /** @returns the conditions that are present afterwards, with the second in which each came. */
  async function listen(seconds: number): Promise<Record<string, number>> {
    const came: Record<string, number> = {}
    for (let second = 1; second <= seconds; second++) {
      await clock.advance(1000)
      const present = monitor.check().filter((one) => one.present)
      for (const { condition } of present) came[condition] ??= second
      for (const name of Object.keys(came)) if (!present.some(({ condition }) => condition === name)) delete came[name]
    }
    return came
  }

  const state = () => {
    const record = monitor.records()[0]
    if (!record) throw new Error('no record')
    return stateOf(record, monitor.listening)
  }

  it('calls a home present, then late after two missed check-ins, then missing, and present again', async () => {
    expect(state()).to.equal('awaited')
    hear()
    await listen(149)
    expect(state()).to.equal('present')
    await listen(2)
    expect(state()).to.equal('late')
    expect(await listen(149)).to.deep.equal({ 'home-silent-home-1': 149 })
    expect(state()).to.equal('missing')
    hear()
    expect(await listen(1)).to.deep.equal({})
    expect(state()).to.equal('present')
  })

  it('words an orderly stop differently, and alarms all the same', async () => {
    hear({ state: 'stopping' })
    expect(await listen(301)).to.deep.equal({ 'home-stopped-home-1': 300 })
  })

  it('waits longer for a home that checks in more slowly than it may be missing', async () => {
    hear({ everySeconds: 300 })
    expect(await listen(749)).to.deep.equal({})
    expect(await listen(1)).to.deep.equal({ 'home-silent-home-1': 1 })
  })

  it('does not hold against a home what it could not hear', async () => {
    hear()
    await listen(30)
    await downFor(3 * 60 * MINUTE)
    hear()
    expect(await listen(60)).to.deep.equal({})
    await downFor(3 * 60 * MINUTE)
    // The home checks in again a minute after the start, as it always did.
    expect(await listen(60)).to.deep.equal({})
    hear()
    expect(await listen(200)).to.deep.equal({})
  })

  it('gives a home that was nearly missing time for two check-ins after its own downtime, and no more', async () => {
    hear()
    await listen(290)
    await downFor(60 * MINUTE)
    expect(await listen(150)).to.deep.equal({})
    expect(await listen(20)).to.have.property('home-silent-home-1')
  })

  it('does not forget a silence over any number of its own restarts', async () => {
    hear()
    let came: Record<string, number> = {}
    // Every run is too short to be sure by itself.
    for (let run = 0; run < 12 && Object.keys(came).length === 0; run++) {
      came = await listen(60)
      await downFor(5 * MINUTE)
    }
    expect(Object.keys(came)).to.deep.equal(['home-silent-home-1'])
  })

  it('keeps the alarm over a restart: it is neither over nor new', async () => {
    hear()
    await listen(305)
    await downFor(60 * MINUTE)
    expect(await listen(1)).to.deep.equal({ 'home-silent-home-1': 1 })
  })

  it('counts no silence while its machine slept or its clock was set', async () => {
    hear()
    await listen(60)
    clock.setWall(clock.now() + 24 * 60 * MINUTE)
    expect(await listen(1)).to.deep.equal({})
    await clock.advance(60 * MINUTE)
    monitor.check()
    expect(state()).to.equal('present')
  })

  it('takes no check-in twice, in no order and over restarts', async () => {
    const first = checkInAt(clock.now(), 7)
    const at = clock.now()
    expect(monitor.hear(home, first, at)).to.equal('taken')
    expect(monitor.hear(home, first, at)).to.equal('repeated')
    expect(monitor.hear(home, checkInAt(at, 6), at)).to.equal('repeated')
    await downFor(1000)
    expect(monitor.hear(home, first, at)).to.equal('repeated')
    fc.assert(
      fc.property(fc.array(fc.nat(30)), (numbers) => {
        for (const number of numbers) {
          const before = monitor.records()[0]?.sequence ?? 0
          expect(monitor.hear(home, checkInAt(at, number), at) === 'taken').to.equal(number > before)
        }
      }),
      { numRuns: 30 },
    )
  })

  it('takes no check-in as a sign of life whose time is more than five minutes off, and says that a clock is wrong', async () => {
    hear()
    for (let minute = 0; minute < 16; minute++) {
      const signedAt = clock.now() - 301_000
      expect(monitor.hear(home, checkInAt(signedAt, ++sequence), signedAt)).to.equal('wrong-time')
      await listen(60)
    }
    expect(await listen(1)).to.have.keys('home-silent-home-1', 'home-clock-off-home-1')
    // An old one sent again by somebody else says nothing about the clock.
    hear()
    expect(await listen(1)).to.deep.equal({})
    const old = clock.now() - 400_000
    expect(monitor.hear(home, checkInAt(old, 1), old)).to.equal('repeated')
    expect(await listen(1)).to.deep.equal({})
  })

  it('says that a clock is off before it is so far off that check-ins are refused', async () => {
    monitor.hear(home, checkInAt(clock.now() + 61_000, ++sequence), clock.now() + 61_000)
    expect(await listen(1)).to.have.keys('home-clock-off-home-1')
    hear({ clockTrusted: false })
    expect(await listen(1)).to.have.keys('home-clock-off-home-1')
    hear({ clockTrusted: true })
    expect(await listen(1)).to.deep.equal({})
  })

  it('passes on that a gateway does not keep watch, with the delay of the configuration', async () => {
    hear({ healthy: false, reasons: ['tick-stalled'] })
    const [unhealthy] = monitor.check().filter((one) => one.present)
    expect(unhealthy).to.deep.equal({
      condition: 'home-unhealthy-home-1',
      priority: 'medium',
      delayMs: 10 * MINUTE,
      present: true,
    })
  })

  it('says after a while that an enrolled home was never heard', async () => {
    expect(await listen(3599)).to.deep.equal({})
    expect(await listen(2)).to.have.keys('home-never-heard-home-1')
  })

  it('begins numbers anew with a new secret, and only then', async () => {
    monitor.hear(home, checkInAt(clock.now(), 1000), clock.now())
    homes = [{ ...home, keyId: 'b' }]
    await listen(1)
    expect(monitor.hear(homes[0] ?? home, checkInAt(clock.now(), 1), clock.now())).to.equal('taken')
  })

  it('forgets a home that is watched no longer', async () => {
    hear()
    homes = []
    monitor.forget('home-1')
    expect(await listen(1)).to.deep.equal({})
    await downFor(0)
    expect(store.records()).to.deep.equal([])
  })

  it('awaits a home anew that was taken out of the configuration for a while', async () => {
    hear()
    homes = []
    await downFor(1000)
    await listen(600)
    homes = [home]
    await downFor(1000)
    expect(await listen(1)).to.deep.equal({})
    expect(state()).to.equal('awaited')
  })

  it('believes what it hears although its own disk refuses, and says so', async () => {
    hear()
    store.close()
    expect(hear()).to.equal('taken')
    expect(monitor.canSave).to.equal(false)
    expect(state()).to.equal('present')
  })
})
