import { expect } from 'chai'
import fc from 'fast-check'
import { crosses, defaultLimits } from '#gateway/clinical/limits/limits.js'
import { news2OptionsOf } from '#gateway/clinical/settings/catalog.js'
import { type Configured, inForce } from '#gateway/clinical/settings/in-force.js'
import { PatientSettings } from '#gateway/clinical/settings/patient-settings.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { Actor } from '#gateway/model/alert.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { journalAt, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'

const DOCTOR: Actor = { by: 'doctor-1', via: 'command-line' }
const WHY = 'COPD, target 88–92 %'
const NOTHING: Configured = { limits: {}, settings: {} }

describe('the settings of a patient', () => {
  let folder: TemporaryFolder
  let journal: Journal
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

  const settingsWith = (configured = NOTHING) =>
    new PatientSettings({ configured, journal: journal.settings, clock, logger: silentLogger })
  const value = (settings: PatientSettings, condition: string) =>
    settings.limits().find((limit) => limit.condition === condition)
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
    const settings = settingsWith()
    const told: number[] = []
    settings.onChange(({ limits }) => {
      told.push(limits.find(({ condition }) => condition === 'low-oxygen-saturation')?.value ?? 0)
    })
    const listed = settings.setLimit('low-oxygen-saturation', { value: 87 }, DOCTOR, WHY)
    expect(listed).to.deep.include({ value: 87, clearAt: 89, delaySeconds: 15, priority: 'high', enabled: true })
    expect(listed.origin).to.include({ from: 'change', by: 'doctor-1', why: WHY, at: clock.now() })
    expect(told).to.deep.equal([87])
    expect(settings.originOf('high-pulse-rate')).to.include({ from: 'default' })
    expect(settings.originOf('no-such')).to.equal(null)
  })

  it('keeps changes over a restart, over what the configuration says', async () => {
    settingsWith().setLimit('low-pulse-rate', { value: 38 }, DOCTOR, 'athlete')
    settingsWith().setSetting('news2.spo2-scale', 2, DOCTOR, WHY)
    await journal.stop()
    journal = journalAt(folder.journal)
    await journal.start()
    const settings = settingsWith({ limits: { 'low-pulse-rate': { value: 42, delaySeconds: 30 } }, settings: {} })
    expect(value(settings, 'low-pulse-rate')).to.include({ value: 38, delaySeconds: 30 })
    expect(news2OptionsOf(settings.inForce.settings).scale).to.equal(2)
    expect(settings.log(10).map(({ name, actor, why }) => [name, actor.by, why])).to.deep.equal([
      ['news2.spo2-scale', 'doctor-1', WHY],
      ['low-pulse-rate', 'doctor-1', 'athlete'],
    ])
  })

  it('lays changes of one limit over each other, until a reset', () => {
    const settings = settingsWith({ limits: { 'high-pulse-rate': { value: 135 } }, settings: {} })
    settings.setLimit('high-pulse-rate', { value: 140 }, DOCTOR, 'first')
    settings.setLimit('high-pulse-rate', { delaySeconds: 60, latching: true }, DOCTOR, 'second')
    expect(value(settings, 'high-pulse-rate')).to.include({ value: 140, delaySeconds: 60, latching: true })
    expect(settings.resetLimit('high-pulse-rate', DOCTOR, 'third')).to.include({
      value: 135,
      delaySeconds: 10,
      latching: false,
    })
    expect(settings.originOf('high-pulse-rate')).to.include({ from: 'configuration' })
    settings.setLimit('high-pulse-rate', { enabled: false }, DOCTOR, 'fourth')
    expect(settings.inForce.limits.map(({ condition }) => condition)).to.not.include('high-pulse-rate')
    expect(value(settings, 'high-pulse-rate')).to.include({ enabled: false })
  })

  it('also adjusts what analysers and scores find, which has no value of its own', () => {
    const settings = settingsWith()
    settings.setLimit('news2-medium', { priority: 'low', delaySeconds: 600 }, DOCTOR, 'palliative care')
    expect(settings.inForce.findings.find(({ condition }) => condition === 'news2-medium')).to.include({
      priority: 'low',
      delaySeconds: 600,
    })
    expect(refusal(() => settings.setLimit('news2-medium', { value: 6 }, DOCTOR, WHY))).to.equal('limits.no-value')
  })

  it('refuses dangerous nonsense, and then nothing has changed', () => {
    const settings = settingsWith()
    const before = settings.inForce
    const set = (condition: string, change: Parameters<PatientSettings['setLimit']>[1]) =>
      refusal(() => settings.setLimit(condition, change, DOCTOR, WHY))
    expect(set('low-oxygen-saturation', { clearAt: 80 }), 'ends on the wrong side').to.equal('limits.clear-at')
    expect(set('low-oxygen-saturation', { value: 100 }), 'always').to.equal('limits.range')
    expect(set('low-oxygen-saturation', { value: 20 }), 'never').to.equal('limits.range')
    expect(set('low-oxygen-saturation', { clearAt: 101 })).to.equal('limits.never-ends')
    expect(set('reduced-oxygen-saturation', { value: 87 }), 'a medium one hides the high one').to.equal('limits.hides')
    expect(set('low-pulse-rate', { value: 135 })).to.be.oneOf(['limits.hides', 'limits.overlap'])
    expect(set('low-respiratory-rate', { value: 26 }), 'nothing between').to.equal('limits.overlap')
    expect(set('no-breath', { value: 41 })).to.equal('limits.range')
    expect(set('no-breath', {})).to.equal('limits.nothing')
    expect(set('low-spo2', { value: 88 })).to.equal('limits.unknown')
    expect(refusal(() => settings.setSetting('news2.spo2-scale', 3, DOCTOR, WHY))).to.equal('settings.range')
    expect(refusal(() => settings.setSetting('toString', 3, DOCTOR, WHY))).to.equal('settings.unknown')
    expect(refusal(() => settings.resetSetting('nothing', DOCTOR, WHY))).to.equal('settings.unknown')
    expect(settings.inForce).to.equal(before)
    expect(settings.log(10)).to.deep.equal([])
    expect(journal.settings.all()).to.deep.equal([])
  })

  it('is not changed where the disk refuses', async () => {
    const settings = settingsWith()
    await journal.stop()
    expect(refusal(() => settings.setLimit('low-pulse-rate', { value: 38 }, DOCTOR, WHY))).to.match(/^journal\./)
    expect(value(settings, 'low-pulse-rate')).to.include({ value: 40 })
    await journal.start()
  })

  it('knows the limits of the time of a value', () => {
    const settings = settingsWith()
    const before = clock.now()
    clock.setWall(before + 1000)
    settings.setLimit('low-oxygen-saturation', { value: 87 }, DOCTOR, WHY)
    const low = (at: number) =>
      settings.limitsAt(at).find(({ condition }) => condition === 'low-oxygen-saturation')?.value
    expect([low(before), low(before + 1000)]).to.deep.equal([88, 87])
  })

  it('keeps their order when the clock is set back', () => {
    const settings = settingsWith()
    settings.setLimit('low-pulse-rate', { value: 38 }, DOCTOR, WHY)
    clock.setWall(clock.now() - 3_600_000)
    settings.setLimit('low-pulse-rate', { value: 39 }, DOCTOR, WHY)
    const [latest, first] = settings.log(2)
    expect(latest?.at).to.equal(first?.at)
    expect(value(settings, 'low-pulse-rate')).to.include({ value: 39 })
  })

  it('starts, and tells people, where a change no longer goes with the configuration', () => {
    settingsWith().setLimit('low-respiratory-rate', { value: 20, clearAt: 21 }, DOCTOR, WHY)
    const settings = settingsWith({ limits: { 'high-respiratory-rate': { value: 18 } }, settings: {} })
    expect(value(settings, 'low-respiratory-rate')).to.include({ value: 8 })
    expect(settings.originOf('low-respiratory-rate')).to.include({ from: 'default' })
    expect(settings.check()).to.deep.include({
      condition: 'setting-not-in-force',
      priority: 'medium',
      delayMs: 0,
      present: true,
    })
    expect(settingsWith().check()[0]).to.include({ present: false })
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
