import { createHash } from 'node:crypto'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { requestRecovery } from '#gateway/journal/salvage/recovery.js'
import { MIGRATIONS } from '#gateway/journal/sqlite/schema.js'
import { laneKey, laneOf } from '#gateway/model/lane.js'
import { alertRoute, anchorRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { journalAt, nextBatch, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'

const FIXTURE = new URL('../fixtures/schema-8.sql', import.meta.url)
const ROUTES = [
  ...[...fhirRoutes('clinic', 'clear'), ...fhirRoutes('archive', 'sealed'), anchorRoute('consortium')],
  ...[alertRoute({ channel: 'terminal' }), alertRoute({ channel: 'doctor' })],
  ...[alertRoute({ channel: 'sms', contact: 'nurse-1' }), alertRoute({ channel: 'sms-nurse-1' })],
]
/** Every column that is not made anew by a start. */
const ENTRIES = `SELECT id, lane, kind, ref, state, attempts, created_at, reason, settled_at, resources FROM outbox ORDER BY id`
const COUNTS = `SELECT delivered, rejected, resources_accepted, resources_failed, dropped, configured FROM lane ORDER BY 1, 2, 3`

/** Of the SQL of what has been released: a home has run it, so it is never edited. */
const RELEASED = [
  'c64b5fdbb2025239',
  'ba7c41e605dc974e',
  '84ac1c60734c53ad',
  'ae0df1eb56cfcde0',
  '76565d021ef64a10',
  '726b664939a71d1a',
  'e0d6f483971c3eed',
  '7d13c8bde8a4af7b',
  '7aead6f55c4ab0f4',
]

describe('The migrations', () => {
  const folder = new URL('../../../../gateway/journal/sqlite/migrations/', import.meta.url)

  it('are a file each, applied in the order of their numbers', async () => {
    const files = readdirSync(folder).sort()
    expect(files.map((file) => Number.parseInt(file, 10))).to.deep.equal(MIGRATIONS.map((_, index) => index + 1))
    for (const [index, file] of files.entries()) {
      const exported: unknown[] = Object.values(await import(new URL(file, folder).href))
      expect(exported, file).to.deep.equal([MIGRATIONS[index]])
    }
  })

  it('are as they were released', () => {
    const digests = MIGRATIONS.map((sql) => createHash('sha256').update(sql).digest('hex').slice(0, 16))
    expect(digests.slice(0, RELEASED.length)).to.deep.equal(RELEASED)
  })
})

describe('A journal of an earlier schema', () => {
  let folder: TemporaryFolder
  beforeEach(() => {
    folder = new TemporaryFolder()
    const sql = readFileSync(FIXTURE, 'utf8')
    mkdirSync(join(dirname(folder.journal), 'keys'), { recursive: true, mode: 0o700 })
    const key = /^-- key (\w+)$/m.exec(sql)?.[1]
    writeFileSync(join(dirname(folder.journal), 'keys', 'journal.key'), `${key}\n`, { mode: 0o600 })
    const sqlite = new Sqlite(folder.journal)
    sqlite.pragma('foreign_keys = OFF')
    sqlite.exec(sql)
    sqlite.close()
  })
  afterEach(() => folder.remove())

  function rows(sql: string): unknown[] {
    const sqlite = new Sqlite(folder.journal, { readonly: true })
    try {
      return sqlite.prepare(sql).all()
    } finally {
      sqlite.close()
    }
  }

  it('opens, keeps every entry of every lane, and goes on with them', async () => {
    const [entries, counts] = [rows(ENTRIES), rows(COUNTS)]
    expect(entries).to.have.length(31)
    const journal = journalAt(folder.journal, { lanes: ROUTES })
    await journal.start()
    // What a FHIR target is owed about alerts is in a lane of its own by now.
    const moved = (entry: { lane: string; kind: string }) =>
      entry.lane === 'fhir:clinic' && entry.kind !== 'batch' ? { ...entry, lane: 'fhir-alert:clinic' } : entry
    expect(rows(ENTRIES)).to.deep.equal((entries as { lane: string; kind: string }[]).map(moved))
    expect(rows(COUNTS)).to.have.length(counts.length + 1)
    expect(rows('PRAGMA foreign_key_check')).to.deep.equal([])
    expect(journal.outbox.depths().map(({ lane, depth, rejected }) => [laneKey(lane), depth, rejected])).to.deep.equal([
      ['alert:doctor', 2, 0],
      ['alert:sms-nurse-1', 0, 0],
      ['alert:sms/nurse-1', 1, 1],
      ['alert:terminal', 0, 0],
      ['anchor:consortium', 2, 0],
      ['fhir-alert:clinic', 14, 0],
      ['fhir:archive', 2, 0],
      ['fhir:clinic', 1, 1],
    ])
    expect(journal.outbox.formerDepths().map(({ lane, depth }) => [laneKey(lane), depth])).to.deep.equal([
      ['alert:pager', 2],
    ])
    expect(journal.outbox.claim(laneOf('alert:sms/nurse-1'))).to.include({ id: 30, ref: 8 })
    expect(journal.queue.rejected(laneOf('alert:sms/nurse-1'))).to.deep.equal([15])
    expect(journal.queue.audit(17)).to.have.length(1)
    await journal.stop()
  })

  it('still says what became of each message', async () => {
    const journal = journalAt(folder.journal, { lanes: ROUTES })
    await journal.start()
    const alert = journal.alerts.active().find(({ condition }) => condition === 'low-oxygen-saturation')
    const told = journal.notifications.told(alert?.alertId ?? '')
    const fates = told.map(({ channel, contact, deliveredAt, rejected, trouble }) => [
      ...[contact ? `${channel} ${contact}` : channel, deliveredAt !== null, rejected, trouble],
    ])
    expect(fates).to.deep.equal([
      ['terminal', true, false, undefined],
      ['doctor', false, false, 'the gateway stopped before the outcome was known'],
      ['sms nurse-1', false, true, 'HTTP 404'],
      ['sms-nurse-1', false, false, undefined],
      ['pager', false, false, undefined],
    ])
    await journal.stop()
  })

  it('has what it held: readings, batches, alerts, settings, entries, hours, messages and keys', async () => {
    const journal = journalAt(folder.journal, { lanes: ROUTES })
    await journal.start()
    expect(journal.measurements.unbatched(10).map(({ identifier }) => identifier)).to.deep.equal(['m-open'])
    expect(journal.batches.byNumber(3)?.leaves.map(({ identifier }) => identifier)).to.deep.equal(['m-3-a', 'm-3-b'])
    expect(journal.anchors.lastReceipt()?.batchNumber).to.equal(1)
    expect(journal.alerts.active()).to.have.length(3)
    expect(journal.settings.all()).to.have.length(1)
    expect(journal.manualObservations.latest('oxygen')?.value).to.equal('air')
    expect(journal.hourly.all()).to.have.length(1)
    expect(journal.unmapped.latest(9)).to.have.length(1)
    expect(journal.epochKeys.list()).to.have.length(1)
    expect(journal.notifications.openDispatch().digest).to.have.length(1)
    journal.batches.close(nextBatch(journal))
    expect(journal.outbox.claim(laneOf('fhir:archive'))).to.include({ kind: 'batch', ref: 2 })
    await journal.stop()
  })

  it('is salvaged with what each lane owes, whom it told and whom not', async () => {
    requestRecovery(folder.journal, 'a test says so', 0)
    const journal = journalAt(folder.journal, { lanes: ROUTES })
    await journal.start()
    expect(journal.outbox.lanes().map(laneKey)).to.include.members(['alert:pager', 'alert:sms/nurse-1'])
    expect(journal.outbox.formerDepths().map(({ lane }) => laneKey(lane))).to.deep.equal(['alert:pager'])
    expect(journal.outbox.claim(laneOf('alert:sms/nurse-1'))).to.include({ id: 30, ref: 8 })
    const [, , nurse] = journal.notifications.told(journal.alerts.active()[0]?.alertId ?? '')
    expect(nurse).to.include({ contact: 'nurse-1', rejected: true, trouble: 'HTTP 404' })
    await journal.stop()
  })

  it('keeps a lane whose name a damaged page has spoilt out of sight, and goes on', async () => {
    const sqlite = new Sqlite(folder.journal)
    sqlite.exec(`INSERT INTO lane (name, configured) VALUES ('fhiq:clinic', 0)`)
    sqlite.close()
    const journal = journalAt(folder.journal, { lanes: ROUTES })
    await journal.start()
    expect(journal.outbox.lanes()).to.have.length(9)
    expect(journal.queue.list(null, 'waiting', 100)).to.have.length(24)
    await journal.stop()
  })
})
