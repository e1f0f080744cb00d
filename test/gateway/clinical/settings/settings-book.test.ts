import { expect } from 'chai'
import fc from 'fast-check'
import { crosses, defaultLimits } from '#gateway/clinical/limits/limits.js'
import { news2OptionsOf } from '#gateway/clinical/settings/catalog.js'
import { type Configured, inForce } from '#gateway/clinical/settings/in-force.js'
import { SettingsBook } from '#gateway/clinical/settings/settings-book.js'
import type { SqliteJournal } from '#gateway/journal/sqlite/sqlite-journal.js'
import type { Actor } from '#gateway/model/alert.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { journalAt, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'

const DOCTOR: Actor = { by: 'doctor-1', via: 'command-line' }
const WHY = 'COPD, target 88–92 %'
const NOTHING: Configured = { limits: {}, settings: {} }

describe('the settings book', () => {
  let folder: TemporaryFolder
  let journal: SqliteJournal
  let clock: TestClock

  beforeEach(async () => {
    folder = new TemporaryFolder()
    journal = journalAt(folder.journal)
    clock = new TestClock()
    await journal.start()
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  const bookWith = (configured = NOTHING) =>
    new SettingsBook({ configured, journal: journal.settings, clock, logger: silentLogger })
  const value = (book: SettingsBook, condition: string) => book.limits().find((limit) => limit.condition === condition)
  const refusal = (action: () => unknown): string => {
    try {
      action()
    } catch (error) {
      expect(error).to.be.instanceOf(HomebeatError)
      expect((error as HomebeatError).message).to.not.include('\n')
      return (error as HomebeatError).code
    }
    throw new Error('it should have been refused')
  }

  it('puts a change in force at once, and says who and why', () => {
    const book = bookWith()
    const told: number[] = []
    book.onChange(({ limits }) => {
      told.push(limits.find(({ condition }) => condition === 'low-oxygen-saturation')?.value ?? 0)
    })
    const listed = book.setLimit('low-oxygen-saturation', { value: 87 }, DOCTOR, WHY)
    expect(listed).to.deep.include({ value: 87, clearAt: 89, delaySeconds: 10, priority: 'high', enabled: true })
    expect(listed.origin).to.include({ from: 'change', by: 'doctor-1', why: WHY, at: clock.now() })
    expect(told).to.deep.equal([87])
    expect(book.originOf('high-pulse-rate')).to.include({ from: 'default' })
    expect(book.originOf('no-such')).to.equal(null)
  })

  it('keeps changes over a restart, over what the configuration says', async () => {
    bookWith().setLimit('low-pulse-rate', { value: 38 }, DOCTOR, 'athlete')
    bookWith().setSetting('news2.spo2-scale', 2, DOCTOR, WHY)
    await journal.stop()
    journal = journalAt(folder.journal)
    await journal.start()
    const book = bookWith({ limits: { 'low-pulse-rate': { value: 42, delaySeconds: 30 } }, settings: {} })
    expect(value(book, 'low-pulse-rate')).to.include({ value: 38, delaySeconds: 30 })
    expect(news2OptionsOf(book.inForce.settings).scale).to.equal(2)
    expect(book.log(10).map(({ name, actor, why }) => [name, actor.by, why])).to.deep.equal([
      ['news2.spo2-scale', 'doctor-1', WHY],
      ['low-pulse-rate', 'doctor-1', 'athlete'],
    ])
  })

  it('lays changes of one limit over each other, until a reset', () => {
    const book = bookWith({ limits: { 'high-pulse-rate': { value: 135 } }, settings: {} })
    book.setLimit('high-pulse-rate', { value: 140 }, DOCTOR, 'first')
    book.setLimit('high-pulse-rate', { delaySeconds: 60, latching: true }, DOCTOR, 'second')
    expect(value(book, 'high-pulse-rate')).to.include({ value: 140, delaySeconds: 60, latching: true })
    expect(book.resetLimit('high-pulse-rate', DOCTOR, 'third')).to.include({
      value: 135,
      delaySeconds: 10,
      latching: false,
    })
    expect(book.originOf('high-pulse-rate')).to.include({ from: 'configuration' })
    book.setLimit('high-pulse-rate', { enabled: false }, DOCTOR, 'fourth')
    expect(book.inForce.limits.map(({ condition }) => condition)).to.not.include('high-pulse-rate')
    expect(value(book, 'high-pulse-rate')).to.include({ enabled: false })
  })

  it('also adjusts what analysers and scores find, which has no value of its own', () => {
    const book = bookWith()
    book.setLimit('news2-medium', { priority: 'low', delaySeconds: 600 }, DOCTOR, 'palliative care')
    expect(book.inForce.findings.find(({ condition }) => condition === 'news2-medium')).to.include({
      priority: 'low',
      delaySeconds: 600,
    })
    expect(refusal(() => book.setLimit('news2-medium', { value: 6 }, DOCTOR, WHY))).to.equal('limits.no-value')
  })

  it('refuses dangerous nonsense, and then nothing has changed', () => {
    const book = bookWith()
    const before = book.inForce
    const set = (condition: string, change: Parameters<SettingsBook['setLimit']>[1]) =>
      refusal(() => book.setLimit(condition, change, DOCTOR, WHY))
    expect(set('low-oxygen-saturation', { clearAt: 80 }), 'ends on the wrong side').to.equal('limits.clear-at')
    expect(set('low-oxygen-saturation', { value: 100 }), 'always').to.equal('limits.range')
    expect(set('low-oxygen-saturation', { value: 20 }), 'never').to.equal('limits.range')
    expect(set('low-oxygen-saturation', { clearAt: 101 })).to.equal('limits.never-ends')
    expect(set('reduced-oxygen-saturation', { value: 90 }), 'a medium one hides the high one').to.equal('limits.hides')
    expect(set('low-pulse-rate', { value: 135 })).to.be.oneOf(['limits.hides', 'limits.overlap'])
    expect(set('low-respiratory-rate', { value: 26 }), 'nothing between').to.equal('limits.overlap')
    expect(set('no-breath', { value: 41 })).to.equal('limits.range')
    expect(set('no-breath', {})).to.equal('limits.nothing')
    expect(set('low-spo2', { value: 88 })).to.equal('limits.unknown')
    expect(refusal(() => book.setSetting('news2.spo2-scale', 3, DOCTOR, WHY))).to.equal('settings.range')
    expect(refusal(() => book.setSetting('toString', 3, DOCTOR, WHY))).to.equal('settings.unknown')
    expect(refusal(() => book.resetSetting('nothing', DOCTOR, WHY))).to.equal('settings.unknown')
    expect(book.inForce).to.equal(before)
    expect(book.log(10)).to.deep.equal([])
    expect(journal.settings.all()).to.deep.equal([])
  })

  it('is not changed where the disk refuses', async () => {
    const book = bookWith()
    await journal.stop()
    expect(refusal(() => book.setLimit('low-pulse-rate', { value: 38 }, DOCTOR, WHY))).to.match(/^journal\./)
    expect(value(book, 'low-pulse-rate')).to.include({ value: 40 })
    await journal.start()
  })

  it('knows the limits of the time of a value', () => {
    const book = bookWith()
    const before = clock.now()
    clock.setWall(before + 1000)
    book.setLimit('low-oxygen-saturation', { value: 87 }, DOCTOR, WHY)
    const low = (at: number) => book.limitsAt(at).find(({ condition }) => condition === 'low-oxygen-saturation')?.value
    expect([low(before), low(before + 1000)]).to.deep.equal([91, 87])
  })

  it('keeps their order when the clock is set back', () => {
    const book = bookWith()
    book.setLimit('low-pulse-rate', { value: 38 }, DOCTOR, WHY)
    clock.setWall(clock.now() - 3_600_000)
    book.setLimit('low-pulse-rate', { value: 39 }, DOCTOR, WHY)
    const [latest, first] = book.log(2)
    expect(latest?.at).to.equal(first?.at)
    expect(value(book, 'low-pulse-rate')).to.include({ value: 39 })
  })

  it('starts, and tells people, where a change no longer goes with the configuration', () => {
    bookWith().setLimit('low-respiratory-rate', { value: 20, clearAt: 21 }, DOCTOR, WHY)
    const book = bookWith({ limits: { 'high-respiratory-rate': { value: 18 } }, settings: {} })
    expect(value(book, 'low-respiratory-rate')).to.include({ value: 8 })
    expect(book.originOf('low-respiratory-rate')).to.include({ from: 'default' })
    expect(book.check()).to.deep.include({
      condition: 'setting-not-in-force',
      priority: 'medium',
      delayMs: 0,
      present: true,
    })
    expect(bookWith().check()[0]).to.include({ present: false })
  })

  it('whatever is asked for, what is in force can be crossed and can end', () => {
    const conditions = defaultLimits.map(({ condition }) => condition)
    const change = fc.record(
      { value: fc.integer({ min: 0, max: 320 }), clearAt: fc.integer({ min: 0, max: 320 }) },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...conditions), change), { maxLength: 8 }), (asked) => {
        const changes = asked.map(([name, limit]) => ({
          ...{ kind: 'limit' as const, name, change: limit, at: 0, actor: DOCTOR, why: WHY },
        }))
        const { limits, rejected } = inForce(NOTHING, changes)
        for (const { comparator, clearAt, value: limit } of limits)
          expect(crosses(comparator, clearAt, limit)).to.equal(false)
        return limits.length === defaultLimits.length && rejected.length <= changes.length
      }),
    )
  })
})
