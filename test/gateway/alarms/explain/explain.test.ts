import { expect } from 'chai'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { explainAlarm } from '#gateway/alarms/explain/explain.js'
import { limitOrigin } from '#gateway/alarms/explain/limit-origin.js'
import type { LimitOverrides } from '#gateway/clinical/settings/config.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import type { AlarmExplanation } from '#gateway/model/alarm-explanation.js'
import { laneOf } from '#gateway/model/lane.js'
import { explainWords } from '#gateway/wording/alarm-words.js'
import { ALERTS, AlarmHome, MINUTE } from '#test/gateway/alarms/alarm-home.js'
import { codeOf, measurement, nextBatch, transition } from '#test/gateway/journal/journal-fixture.js'

const time = (at: number) => new Date(at).toISOString().slice(11, 19)

describe('Explaining an alarm', () => {
  let home: AlarmHome
  afterEach(() => home.stop())

  function explained(alertId: string, overrides: LimitOverrides = {}): AlarmExplanation {
    const journal = openJournalReader(home.path)
    try {
      return explainAlarm(alertId, { journal, overrides })
    } finally {
      journal.close()
    }
  }

  /** A morning: the disk is nearly full, a pressure and a pulse were measured, then the sugar is low. */
  async function morning(): Promise<string> {
    home = await new AlarmHome().start()
    await home.tick(1000, true)
    const at = home.clock.now()
    const pressure = measurement('bp-1', {
      ...{ sensor: 'bloodPressure', observable: 'bloodPressure', at, quality: 'questionable' },
      value: { type: 'bloodPressure', systolic: 131, diastolic: 84 },
    })
    const pulses = [20, 2, 1].map((minutes, i) =>
      measurement(`pulse-${i}`, { at: at + 5 * MINUTE - minutes * MINUTE, value: { type: 'quantity', value: 70 + i } }),
    )
    await home.journal.commit({ measurements: [pressure, ...pulses], transitions: [] })
    await home.clock.advance(5 * MINUTE)
    const [alertId = ''] = await home.glucose(45)
    for (
      let entry = home.journal.outbox.claim(laneOf('alert:terminal/nurse-1'));
      entry;
      entry = home.journal.outbox.claim(laneOf('alert:terminal/nurse-1'))
    ) {
      home.journal.outbox.launch(entry)
      home.journal.outbox.settle(entry, { class: 'delivered' }, 1)
    }
    await home.clock.advance(2 * MINUTE)
    await home.actions.acknowledge([alertId], { by: 'nurse-1', via: 'console', note: 'giving juice' })
    await home.clock.advance(8 * MINUTE)
    await home.glucose(110)
    return alertId
  }

  it('says value, limit and its source, quality, what went on, who was told, who acted, and when it ended', async () => {
    const alertId = await morning()
    const alarm = explained(alertId)
    expect(alarm.cause).to.deep.include({
      value: 45,
      unit: 'mg/dL',
      limit: { comparator: '<', value: 54 },
      delaySeconds: 0,
    })
    expect(alarm.cause.measured).to.include({ value: '45 mg/dL', quality: 'good' })
    expect(alarm.around.alarms.map(({ condition }) => condition)).to.deep.equal(['disk-low'])
    expect(
      explainWords(alarm, time, home.clock.now()),
    ).to.equal(`Low glucose (high priority, physiological)  [${alertId}]

What it means
  The meter found so little sugar in the blood that somebody should act at once.
  One drop of blood can be wrong by 15 %, and unwashed fingers can make it far wrong: measure again.
  (American Diabetes Association, Standards of Care: hypoglycaemia levels 1 and 2; glucose meters, ISO 15197)

Why it was raised
  The value was 45 mg/dL.
  The limit is below 54 mg/dL: the default of this gateway, after level 2 hypoglycaemia.
  It is raised at once, by the first such value.
  Measured at 12:05:01 as Capillary blood glucose; quality of the signal: good.

How long
  From 12:05:01 to 12:15:01 (10 min).

What else was going on
  Disk nearly full (equipment): began 5 min before, not over

Other values at that time
  Pulse rate: 72 /min (60 s before)
  Blood pressure: 131/84 mmHg (5 min before, use with care)

Who was told
  nurse-1 by terminal: told at 12:05:01, that it began
  nurse-1 by terminal: not told yet (since 12:15:01), that it is over

Who acted
  nurse-1 acknowledged it at 12:07:01, by console: "giving juice"
`)
  })

  it('says the same of values that a batch holds', async () => {
    const alertId = await morning()
    const before = explained(alertId)
    const stored = new Map(home.journal.measurements.unbatched(100).map((one) => [one.identifier, one]))
    const batch = nextBatch(home.journal)
    home.journal.batches.close({
      ...batch,
      leaves: batch.leaves.map((leaf) => {
        const one = stored.get(leaf.identifier)
        if (!one) throw new Error('a leaf without its measurement')
        return { ...leaf, observation: JSON.stringify(observationOf(one, { patient: 'p-1', home: 'h' })) }
      }),
    })
    expect(home.journal.measurements.unbatchedCount()).to.equal(0)
    expect(explained(alertId)).to.deep.equal(before)
  })

  it('explains one that is open, of the equipment, and told to nobody', async () => {
    home = await new AlarmHome({ ...ALERTS, contacts: [], escalation: {}, channels: [] }).start()
    await home.tick(1000, true)
    const [alarm] = home.actions.open()
    const words = explainWords(explained(alarm?.alertId ?? ''), time, home.clock.now() + 3 * MINUTE)
    expect(words).to.contain('Disk nearly full (medium priority, technical)')
    expect(words).to.contain('It is about the equipment')
    expect(words).to.contain('Since 12:00:01 (3 min), and not over.')
    expect(words).to.contain('Nobody: no channel is told of it.').and.contain('Nobody yet.')
  })

  it('finds an alarm that was open meanwhile though it began and ended long before and after', async () => {
    home = await new AlarmHome().start()
    await home.tick(1000, true)
    await home.clock.advance(60 * MINUTE)
    const [alertId = ''] = await home.glucose(45)
    await home.tick(90 * MINUTE, false)
    const [disk] = explained(alertId).around.alarms
    expect(disk).to.include({ condition: 'disk-low', endedAt: home.clock.now() })
  })

  it('says why somebody could not be told', async () => {
    home = await new AlarmHome().start()
    const [alertId = ''] = await home.glucose(45)
    const entry = home.journal.outbox.claim(laneOf('alert:terminal/nurse-1'))
    if (!entry) throw new Error('nothing is owed')
    home.journal.outbox.launch(entry)
    home.journal.outbox.settle(entry, { class: 'permanent', reason: 'the contact is no longer configured' }, 1)
    expect(explainWords(explained(alertId), time, home.clock.now())).to.contain(
      'nurse-1 by terminal: could not be told (since 12:00:00): the contact is no longer configured, that it began',
    )
  })

  it('knows no alarm that there never was', async () => {
    home = await new AlarmHome().start()
    expect(await codeOf(() => explained('low-glucose-1'))).to.equal('alarm.unknown')
  })
})

describe('Where a limit came from', () => {
  const alarm = transition({ condition: 'low-oxygen-saturation', limit: { comparator: '<=', value: 88 } })
  const at = (value: number) => ({ ...alarm, limit: { comparator: '<=' as const, value } })

  it('is the default with its source, the configuration, or not known any more', () => {
    expect(limitOrigin(alarm, {})).to.deep.equal({
      from: 'default',
      source: 'Welch J, Biomed Instrum Technol 2011;45(s1):46–52: 88 % and 15 s for continuous oximetry',
    })
    expect(limitOrigin(alarm, { 'low-oxygen-saturation': { delaySeconds: 5 } })).to.include({ from: 'default' })
    expect(limitOrigin(at(86), { 'low-oxygen-saturation': { value: 86 } })).to.deep.equal({
      from: 'configuration',
      default: 88,
    })
    expect(limitOrigin(at(90), { 'low-oxygen-saturation': { value: 86 } })).to.deep.equal({ from: 'unknown' })
    expect(limitOrigin(alarm, { 'low-oxygen-saturation': { value: 86 } })).to.include({ from: 'default' })
    expect(limitOrigin(transition({ condition: 'constructor' }), {})).to.deep.equal({ from: 'unknown' })
  })

  it('asks the log of changed settings first', () => {
    const change = { by: 'doctor-1', at: 5, note: 'COPD' }
    const origin = limitOrigin(at(88), {}, (condition, when) =>
      condition === 'low-oxygen-saturation' && when === alarm.raisedAt ? change : null,
    )
    expect(origin).to.deep.equal({ from: 'clinician', ...change })
  })
})
