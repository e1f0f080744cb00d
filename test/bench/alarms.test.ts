import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { sharedData } from '#test/support/shared-data.js'
import { burdenOf } from '../../bench/alarms/burden.js'
import { readNumerics } from '../../bench/alarms/numerics.js'
import { runSeeded } from '../../bench/alarms/seeded.js'
import { runWard } from '../../bench/alarms/ward.js'

const read = (...lines: string[]) => readNumerics(`${lines.join('\n')}\n`)
/** The same row for so many minutes, numbered from `from`. */
const minutes = (from: number, count: number, row: string) =>
  Array.from({ length: count }, (_, index) => `${from + index},${row}`)

describe('minute numerics', () => {
  it('go by the names of their columns, in any order and spelling, and name what is not used', () => {
    const { columns, skipped, rows } = read('%SpO2, CVP ,NBP Sys,Minute,hr', '97,8,,5,61.5')
    expect(columns).to.have.members(['saturation', 'cuffSystolic', 'heartRate'])
    expect(skipped).to.deep.equal(['CVP'])
    expect(rows[0]?.minute).to.equal(5)
    expect(rows[0]?.cell('heartRate')).to.deep.equal({ state: 'value', value: 61.5 })
  })

  it('tell a probe that is off (0) from no value (empty), and minute 0 from both', () => {
    const { rows } = read('minute,HR,RESP', '0,0,', '1,0.0,-')
    expect(rows.map(({ minute }) => minute)).to.deep.equal([0, 1])
    for (const row of rows) {
      expect(row.cell('heartRate')).to.deep.equal({ state: 'off' })
      expect(row.cell('respiration')).to.deep.equal({ state: 'none' })
      expect(row.cell('saturation')).to.deep.equal({ state: 'none' })
    }
  })

  it('count minutes themselves where no column does', () => {
    expect(read('HR', '60', '61').rows.map(({ minute }) => minute)).to.deep.equal([0, 1])
  })

  it('that cannot be read are refused with the line', () => {
    expect(() => readNumerics('')).to.throw('the file is empty')
    expect(() => read('minute,HR')).to.throw('no rows')
    expect(() => read('minute,CVP', '0,5')).to.throw('no column')
    expect(() => read('minute,HR', '0,60', '1')).to.throw('line 3 has 1 fields')
    expect(() => read('minute,HR', '0,abc')).to.throw('line 2: abc is not a number')
    expect(() => read('minute,HR', '4,60', '4,61')).to.throw('line 3: minute 4 does not come after 4')
    expect(() => read('HR,heart rate', '60,60')).to.throw('both heartRate')
  })
})

describe('a recording through the alarms', () => {
  const head = 'minute,HR,RESP,SpO2'

  it('of a well person raises nothing', () => {
    const { alarms, patientDays } = runWard(read(head, ...minutes(0, 60, '62,14,97')))
    expect(alarms).to.deep.equal([])
    expect(patientDays).to.equal(60 / 1440)
  })

  it('with dropouts is technical, never of the patient', () => {
    const numerics = read(
      head,
      ...minutes(0, 10, '62,14,97'),
      ...minutes(10, 5, '0,0,0'),
      ...minutes(15, 10, '62,14,97'),
    )
    const { alarms } = runWard(numerics)
    expect(
      alarms.map(({ condition, kind, at, lasted, woke }) => ({ condition, kind, at, lasted, woke })),
    ).to.have.deep.members(
      ['pulse', 'airflow', 'spo2'].map((sensor) => ({
        condition: `probe-off-${sensor}`,
        kind: 'technical',
        at: 10,
        lasted: 5,
        woke: false,
      })),
    )
  })

  it('wakes the doctor once for what is high and lasts, and says why', () => {
    const numerics = read(
      head,
      ...minutes(0, 10, '62,14,97'),
      ...minutes(10, 6, '62,14,87'),
      ...minutes(16, 5, '62,14,97'),
    )
    const woken = runWard(numerics).alarms.filter(({ woke }) => woke)
    expect(woken.map(({ condition, at, why }) => ({ condition, at, why }))).to.deep.equal([
      {
        condition: 'low-oxygen-saturation',
        at: 10,
        why: 'oxygen saturation 87 %, at or below the limit of 88 %, since minute 10, for 6 min',
      },
    ])
  })

  it('takes the ECG’s heart rate while the oximeter is off, and the oximeter’s while the ECG is', () => {
    const numerics = read('minute,HR,PULSE', '0,0,62', '1,62,0', '2,0,0', '3,0,0')
    expect(runWard(numerics).alarms.map(({ condition, at }) => `${condition} ${at}`)).to.deep.equal([
      'probe-off-pulse 2',
    ])
  })

  it('does not hold a value over minutes that are not there', () => {
    const { alarms } = runWard(read(head, ...minutes(0, 4, '62,14,97'), '30,62,14,97'))
    expect(alarms.map(({ condition, at, lasted }) => ({ condition, at, lasted }))).to.deep.equal([
      { condition: 'silent-device-monitor', at: 4, lasted: 26 },
    ])
  })

  it('a cuff’s one reading beyond the crisis limit asks for a repeat, and a usual one ends it', () => {
    const numerics = read('minute,NBPSys,NBPDias', '0,190,90', '1,,', '2,,', '3,140,80')
    expect(runWard(numerics).alarms.map(({ condition, at, lasted }) => ({ condition, at, lasted }))).to.deep.equal([
      { condition: 'repeat-blood-pressure', at: 0, lasted: 3 },
    ])
  })

  it('an arterial line must stay beyond a limit for minutes', () => {
    const passing = read('minute,ABPSys,ABPDias', ...minutes(0, 5, '120,70'), '5,250,120', ...minutes(6, 5, '120,70'))
    expect(runWard(passing).alarms).to.deep.equal([])
    const lasting = read('minute,ABPSys,ABPDias', ...minutes(0, 5, '120,70'), ...minutes(5, 8, '84,50'))
    expect(runWard(lasting).alarms.map(({ condition, at }) => `${condition} ${at}`)).to.include(
      'low-systolic-pressure 10',
    )
  })

  it('of real numerics, with all their dropouts, alarms only on values that are there', function () {
    this.timeout(120_000)
    const numerics = readNumerics(readFileSync(sharedData(this, 'mimic2/s00001.csv'), 'utf8'))
    const { alarms, patientDays } = runWard(numerics)
    expect(patientDays).to.be.closeTo(0.67, 0.01)
    const physiological = alarms.filter(({ kind }) => kind === 'physiological')
    for (const { condition, at, why } of physiological) {
      expect(condition).to.equal('low-respiratory-rate')
      const value = Number(/respiration ([\d.]+)/.exec(why)?.[1])
      const rows = numerics.rows.filter(({ minute }) => minute === at)
      expect(rows.map((row) => row.cell('respiration'))).to.deep.include({ state: 'value', value })
      expect(value).to.be.within(3, 8)
    }
    expect(alarms.filter(({ kind }) => kind === 'technical')).to.not.deep.equal([])
  })
})

describe('seeded events', function () {
  this.timeout(120_000)

  it('are all alarmed on in their time, at their priority, and nothing else is', () => {
    const { events, missed, other } = runSeeded()
    expect(events.length).to.be.at.least(20)
    expect(missed).to.deep.equal([])
    expect(other).to.deep.equal([])
  })

  it('that nothing alarms on are named as missed', () => {
    const quiet = { name: 'quiet', conditions: ['low-pulse-rate'], priority: 'high', withinS: 20, lastsS: 60 } as const
    const late = { ...quiet, name: 'late', withinS: 5, vitals: () => ({ pulse: 35 }) }
    const lower = {
      ...quiet,
      name: 'too low a priority',
      conditions: ['reduced-pulse-rate'],
      vitals: () => ({ pulse: 45 }),
      lastsS: 120,
    }
    expect(runSeeded([quiet, late, lower]).missed).to.deep.equal(['quiet', 'late', 'too low a priority'])
  })

  it('of a recording keep its burden by priority within the aims', function () {
    for (const name of ['s00001']) {
      const numerics = readNumerics(readFileSync(sharedData(this, `mimic2/${name}.csv`), 'utf8'))
      const { alarms, patientDays } = runWard(numerics)
      const { high, medium } = burdenOf(alarms, patientDays)
      // A recording of less than a day: one alarm is the least that there can be.
      expect(high.count).to.be.at.most(1)
      expect(medium.perPatientDay).to.be.at.most(5)
    }
  })
})
