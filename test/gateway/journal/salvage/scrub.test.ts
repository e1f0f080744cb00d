import { writeFileSync } from 'node:fs'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Journal, JournalReader } from '#gateway/journal/api/journal.js'
import { checkJournal } from '#gateway/journal/salvage/check.js'
import { Scrub } from '#gateway/journal/salvage/scrub.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { recordOf, treeOf } from '#gateway/proofs/record.js'
import { overwrite, signedBatch } from '#test/gateway/journal/damaged-home.js'
import { codeOf, journalAt, measurement, TemporaryFolder, transition } from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'

const NURSE = { by: 'nurse-1', via: 'command-line' } as const
/** Table and column of everything that is sealed in a journal that has something of each. */
const SEALED: readonly [table: string, column: string, where: string][] = [
  ['measurement', 'payload', 'payload IS NOT NULL'],
  ['leaf', 'observation', '1'],
  ['alert_transition', 'value', 'value IS NOT NULL'],
  ['hourly_aggregate', 'payload', '1'],
  ['setting_change', 'change', '1'],
  ['patient_entry', 'value', '1'],
  ['unmapped_message', 'payload', '1'],
]

describe('Reading the journal through', function () {
  this.timeout(60_000)
  let folder: TemporaryFolder
  let journal: Journal
  const clock = new TestClock()
  let batch: ClosedBatch
  let damages = 0

  beforeEach(async () => {
    folder = new TemporaryFolder()
    damages = 0
    journal = journalAt(folder.journal, { clock, onDamage: () => damages++ })
    await journal.start()
    const names = Array.from({ length: 60 }, (_, i) => `m-${i}`)
    await journal.commit({ measurements: names.map((name) => measurement(name)), transitions: [] })
    batch = signedBatch(journal, 45)
    journal.batches.close(batch)
    await journal.commit({
      measurements: [],
      transitions: [transition(), transition({ raisedAt: 5 })],
      unmapped: [1, 2].map((n) => ({
        ...{ deviceId: 'd', topic: 't', receivedAt: n, code: 'mapping.none', reason: 'r', payload: Buffer.from('x') },
      })),
    })
    const hour = { number: 'pulseRate', count: 1, mean: 60, min: 60, max: 60 }
    journal.hourly.put(
      [
        { ...hour, hour: 1 },
        { ...hour, hour: 2 },
      ],
      0,
    )
    for (const [at, value] of [
      [1, 87],
      [2, 86],
    ] as const)
      journal.settings.append({
        ...{ at, kind: 'limit', name: 'low-oxygen-saturation', change: { value }, actor: NURSE, why: 'COPD' },
      } as Parameters<Journal['settings']['append']>[0])
    for (const [at, value] of [
      [1, 'alert'],
      [2, 'confusion'],
    ] as const)
      journal.manualObservations.append({ at, what: 'consciousness', value, actor: NURSE } as Parameters<
        Journal['manualObservations']['append']
      >[0])
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  async function scrubbed(): Promise<void> {
    const run = new Scrub({ journal: journal.scrub, clock, logger: silentLogger }).run()
    await clock.advance(60_000)
    await run
  }

  /** Changes the file as a card does, after a clean stop; then the gateway starts again, which looks at nothing. */
  async function restarted(change: (sqlite: Sqlite.Database) => void): Promise<void> {
    await journal.stop()
    const sqlite = new Sqlite(folder.journal)
    sqlite.unsafeMode(true)
    change(sqlite)
    sqlite.close()
    await journal.start()
  }

  /** One bit of one sealed blob. */
  function flip(sqlite: Sqlite.Database, table: string, column: string, where: string, row: number, bit: number): void {
    const rows = sqlite.prepare(`SELECT "${column}" AS blob FROM "${table}" WHERE ${where}`).all() as { blob: Buffer }[]
    const old = rows[row % rows.length]?.blob as Buffer
    const blob = Buffer.from(old)
    const at = Math.floor(bit / 8) % blob.length
    blob[at] = (blob[at] as number) ^ (1 << (bit % 8))
    expect(
      sqlite.prepare(`UPDATE "${table}" SET "${column}" = ? WHERE "${column}" = ?`).run(blob, old).changes,
    ).to.equal(1)
  }

  /** How many of each kind can be read, and that nothing that is asked throws. */
  function readable(of: Pick<JournalReader, 'alerts' | 'batches' | 'settings' | 'values'> = journal) {
    const names = Array.from({ length: 60 }, (_, i) => `m-${i}`)
    return {
      unbatched: journal.measurements.unbatched(100).length,
      leaves: of.batches.byNumber(1)?.leaves.length,
      values: names.filter((name) => of.values.of(name) !== null).length,
      alerts: of.alerts.latest(10).length,
      valued: of.alerts.latest(10).filter(({ value }) => value !== undefined).length,
      hours: journal.hourly.all().length,
      settings: of.settings.all().length,
      consciousness: journal.manualObservations.latest('consciousness') !== null,
      unmapped: journal.unmapped.after(0, 1).length + journal.unmapped.latest(10).length,
    }
  }

  it('finds nothing in a whole one, a few rows at a time, and says when that was', async () => {
    expect(journal.damages.lastCheck()).to.equal(null)
    const slices = [...journal.scrub.rows()]
    expect(Math.max(...slices)).to.be.at.most(20)
    await scrubbed()
    const rows = slices.reduce((sum, count) => sum + count, 0)
    expect(rows).to.be.above(110)
    expect(journal.damages.lastCheck()).to.deep.equal({
      at: clock.now() - 60_000 + slices.length * 50,
      rows,
      unopened: 0,
    })
    expect(journal.damages.open()).to.deep.equal([])
    expect(checkJournal(folder.journal)).to.deep.include({ batches: 1, leaves: 45, unbatched: 15, problems: [] })
  })

  it('finds a bit that was flipped after a clean stop, wherever it is sealed, and it costs only its row', async () => {
    const whole = readable()
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...SEALED),
        fc.nat(44),
        fc.nat(10_000),
        async ([table, column, where], row, bit) => {
          let before: Buffer | undefined
          await restarted((sqlite) => {
            before = sqlite.serialize()
            flip(sqlite, table, column, where, row, bit)
          })
          await scrubbed()
          const [damage] = journal.damages.open()
          expect(damage?.reason, damage?.reason).to.match(/^1 sealed rows do not open and are left out: \w/)
          expect(damage?.setAside).to.equal(null)
          expect(journal.damages.lastCheck()?.unopened).to.equal(1)
          expect(checkJournal(folder.journal)).to.deep.include({ unopened: 1, more: 0 })
          const now = readable()
          const lost = (Object.keys(whole) as (keyof typeof whole)[]).filter((key) => now[key] !== whole[key])
          // Of what a person saw, only the latest is asked for.
          expect(lost.length, `${table}: ${lost}`).to.be.within(table === 'patient_entry' ? 0 : 1, 2)
          for (const key of lost) expect(Number(whole[key]) - Number(now[key])).to.be.within(0, 2)
          const reader = openJournalReader(folder.journal)
          readable(reader)
          reader.close()
          expect(damages).to.equal(0)
          await journal.stop()
          overwriteWhole(before as Buffer)
          await journal.start()
        },
      ),
      { numRuns: 40, seed: 5 },
    )
  })

  it('leaves every other reading of a batch its proof, and lets the batch go on', async () => {
    await restarted((sqlite) => flip(sqlite, 'leaf', 'observation', 'position = 7', 0, 500))
    const held = journal.batches.byNumber(1) as ClosedBatch
    expect(held.leaves).to.deep.equal(batch.leaves.filter((_, index) => index !== 7))
    expect(treeOf(held).root).to.equal(batch.header.root)
    for (const { identifier } of held.leaves)
      expect(recordOf(held, identifier)).to.deep.equal(recordOf(batch, identifier))
    expect(await codeOf(() => recordOf(held, 'm-7'))).to.equal('record.no-leaf')
  })

  it('lets readings that open into the next batch, past those that do not', async () => {
    await restarted((sqlite) => {
      sqlite.exec(`UPDATE measurement SET payload = zeroblob(60) WHERE batch IS NULL AND id < 56`)
    })
    expect(journal.measurements.unbatched(3).map(({ identifier }) => identifier)).to.deep.equal([
      'm-55',
      'm-56',
      'm-57',
    ])
    journal.batches.close(signedBatch(journal, 100))
    expect(journal.batches.last()).to.include({ number: 2, count: 5 })
    expect(journal.damages.open()[0]?.reason).to.match(/^10 sealed rows/)
  })

  it('says each row once: what somebody has taken note of is not raised again', async () => {
    await restarted((sqlite) => flip(sqlite, 'leaf', 'observation', 'position = 7', 0, 500))
    await scrubbed()
    expect(journal.damages.accept()).to.equal(1)
    await scrubbed()
    await journal.stop()
    await journal.start()
    await scrubbed()
    expect(journal.damages.open()).to.deep.equal([])
    expect(journal.damages.lastCheck()?.unopened).to.equal(1)
  })

  it('finds a page that was changed after a clean stop', async () => {
    let root = 0
    await restarted((sqlite) => {
      root = sqlite.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'patient_entry'`).pluck().get() as number
    })
    await journal.stop()
    overwrite(folder.journal, (root - 1) * 4096, Buffer.alloc(4096, 0xa5))
    await journal.start()
    expect(damages).to.equal(0)
    await scrubbed()
    expect(damages).to.equal(1)
    await journal.stop()
    await journal.start()
    expect(journal.damages.open()).to.have.length(1)
    expect(journal.batches.byNumber(1)?.leaves).to.have.length(45)
  })

  it('ends with the journal', async () => {
    const run = new Scrub({ journal: journal.scrub, clock, logger: silentLogger }).run()
    await clock.advance(100)
    await journal.stop()
    await clock.advance(60_000)
    await run
    await journal.start()
    expect(journal.damages.lastCheck()).to.equal(null)
  })

  function overwriteWhole(bytes: Buffer): void {
    writeFileSync(folder.journal, bytes)
  }
})
