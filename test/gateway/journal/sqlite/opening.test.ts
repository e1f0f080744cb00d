import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { expect } from 'chai'
import { journalError } from '#gateway/journal/api/errors.js'
import { Database } from '#gateway/journal/sqlite/database.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { journalHolder } from '#gateway/journal/sqlite/lock.js'
import { APPLICATION_ID, MIGRATIONS } from '#gateway/journal/sqlite/schema.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import {
  codeOf,
  journalAt,
  measurement,
  nextBatch,
  TemporaryFolder,
  transition,
} from '#test/gateway/journal/journal-fixture.js'
import { told } from '#test/support/told.js'

describe('Opening a journal', () => {
  let folder: TemporaryFolder
  beforeEach(() => {
    folder = new TemporaryFolder()
  })
  afterEach(() => folder.remove())

  async function made(): Promise<void> {
    const journal = journalAt(folder.journal)
    await journal.start()
    await journal.commit({ measurements: [measurement('a')], ...told([transition()]) })
    await journal.stop()
  }

  function edit(sql: string): void {
    const sqlite = new Sqlite(folder.journal)
    sqlite.exec(sql)
    sqlite.close()
  }

  it('syncs every commit to the disk, and checks references', async () => {
    await made()
    const database = Database.openWriter(folder.journal, false)
    expect(database.get('PRAGMA journal_mode')).to.deep.equal({ journal_mode: 'wal' })
    // 2 is FULL: https://www.sqlite.org/pragma.html#pragma_synchronous
    expect(database.get('PRAGMA synchronous')).to.deep.equal({ synchronous: 2 })
    expect(database.get('PRAGMA foreign_keys')).to.deep.equal({ foreign_keys: 1 })
    expect(database.get('PRAGMA application_id')).to.deep.equal({ application_id: APPLICATION_ID })
    expect(database.get('PRAGMA user_version')).to.deep.equal({ user_version: MIGRATIONS.length })
    database.close()
  })

  it('refuses a journal of a newer Homebeat, and leaves it as it is', async () => {
    await made()
    edit(`PRAGMA user_version = ${MIGRATIONS.length + 1}`)
    expect(await codeOf(() => journalAt(folder.journal).start())).to.equal('journal.newer-schema')
    expect(await codeOf(() => openJournalReader(folder.journal))).to.equal('journal.newer-schema')
    edit(`PRAGMA user_version = ${MIGRATIONS.length}`)
    const journal = journalAt(folder.journal)
    await journal.start()
    expect(journal.measurements.has('a')).to.equal(true)
    await journal.stop()
  })

  it('refuses the database of another program', async () => {
    await made()
    edit('PRAGMA application_id = 7')
    expect(await codeOf(() => journalAt(folder.journal).start())).to.equal('journal.not-a-journal')
  })

  it('refuses a second gateway on the same journal, and says which process has it', async () => {
    const first = journalAt(folder.journal)
    await first.start()
    try {
      await journalAt(folder.journal).start()
      expect.fail('a second gateway was let in')
    } catch (error) {
      expect(error).to.be.instanceOf(HomebeatError)
      expect((error as HomebeatError).code).to.equal('journal.in-use')
      expect((error as HomebeatError).message).to.contain(`(process ${process.pid})`)
    }
    expect(journalHolder(folder.journal)).to.equal(process.pid)
    await first.stop()
    expect(journalHolder(folder.journal)).to.equal(null)
    expect(existsSync(`${folder.journal}.pid`)).to.equal(false)
    const second = journalAt(folder.journal)
    await second.start()
    await second.stop()
  })

  it('is not held up by what a power cut left, even if a living process has that id by now', async () => {
    await made()
    writeFileSync(`${folder.journal}.pid`, `${process.ppid}\n`)
    const journal = journalAt(folder.journal)
    await journal.start()
    expect(readFileSync(`${folder.journal}.pid`, 'utf8')).to.equal(`${process.pid}\nlog\n`)
    await journal.stop()
  })

  it('notices a log that was removed after a crash, and takes no other start for one', async () => {
    const journal = journalAt(folder.journal)
    await journal.start()
    await journal.commit({ measurements: [measurement('a')], transitions: [] })
    const crashed = (without: RegExp) => {
      const copy = new TemporaryFolder()
      cpSync(dirname(folder.journal), dirname(copy.journal), {
        recursive: true,
        filter: (path) => !without.test(path),
      })
      return copy
    }
    const whole = crashed(/-shm$/)
    const robbed = crashed(/-(wal|shm)$/)
    const unmarked = crashed(/-(wal|shm)$|\.pid$/)
    await journal.stop()
    const reasons: string[][] = []
    for (const one of [whole, robbed, robbed, unmarked, folder]) {
      const again = journalAt(one.journal)
      await again.start()
      reasons.push(again.damages.open().map(({ reason }) => reason))
      expect(again.measurements.has('a'), one.journal).to.equal(one === whole || one === folder)
      await again.stop()
    }
    const lost = 'its log (-wal) was removed: readings, alerts and acts of its last hour or so may be missing'
    expect(reasons).to.deep.equal([[], [lost], [lost], [], []])
    for (const one of [whole, robbed, unmarked]) one.remove()
  })

  it('says what to do where no folder can be made', async () => {
    await made()
    expect(await codeOf(() => journalAt(`${folder.journal}/below/journal.sqlite`).start())).to.equal(
      'journal.open-failed',
    )
  })

  it('keeps nothing of a group that the disk refused, tells each caller, and goes on after', async () => {
    await made()
    edit(`CREATE TRIGGER refuse BEFORE INSERT ON alert_transition BEGIN SELECT RAISE(FAIL, 'no'); END`)
    const journal = journalAt(folder.journal, { commit: { maxDelayMs: 1000, maxCount: 100 } })
    await journal.start()
    const first = codeOf(() => journal.commit({ measurements: [measurement('b')], transitions: [] }))
    const second = journal.commit({ measurements: [measurement('c')], ...told([transition({ raisedAt: 9 })]) })
    const error = (await second.catch((cause) => cause)) as HomebeatError
    expect(error.code).to.equal('journal.write-failed')
    expect(error.cause).to.be.instanceOf(Sqlite.SqliteError)
    expect(await first).to.equal('journal.write-failed')
    expect(journal.measurements.has('b')).to.equal(false)
    expect(journal.measurements.counts().pulse).to.equal(1)
    await journal.stop()
    edit('DROP TRIGGER refuse')
    await journal.start()
    await journal.commit({ measurements: [measurement('b')], ...told([transition({ raisedAt: 9 })]) })
    expect(journal.measurements.has('b')).to.equal(true)
    await journal.stop()
  })

  it('calls a full disk by its name, and worth another try', () => {
    const sqlite = new Sqlite(`${folder.path}/small.sqlite`)
    sqlite.exec('CREATE TABLE t (b BLOB)')
    sqlite.pragma('max_page_count = 3')
    let error: unknown
    try {
      sqlite.prepare('INSERT INTO t VALUES (zeroblob(100000))').run()
    } catch (cause) {
      error = journalError(cause, '/data/journal.sqlite', 'write')
    }
    sqlite.close()
    expect(error).to.include({ code: 'journal.write-failed', retry: 'transient' })
    expect((error as Error).message).to.contain('the disk is full')
  })
})

describe('The journal reader', () => {
  let folder: TemporaryFolder
  beforeEach(() => {
    folder = new TemporaryFolder()
  })
  afterEach(() => folder.remove())

  it('says when there is no journal', async () => {
    expect(await codeOf(() => openJournalReader(folder.journal))).to.equal('journal.not-found')
    expect(journalHolder(folder.journal)).to.equal(null)
  })

  it('sees each commit of a running gateway, and hinders none', async () => {
    const journal = journalAt(folder.journal)
    await journal.start()
    const reader = openJournalReader(folder.journal)
    for (let index = 0; index < 5; index++) {
      await journal.commit({ measurements: [measurement(`m${index}`)], ...told([transition({ raisedAt: index })]) })
      journal.batches.close(nextBatch(journal))
      expect(reader.measurements.counts().pulse).to.equal(index + 1)
      expect(reader.batches.last()).to.deep.equal(journal.batches.last())
      expect(reader.outbox.depths()).to.deep.equal(journal.outbox.depths())
    }
    journal.epochKeys.put('e', 'wrapped')
    expect(reader.epochKeys.get('e')).to.equal('wrapped')
    expect(reader.measurements.batchOf('m2')).to.equal(3)
    expect(reader.batches.byNumber(3)).to.deep.equal(journal.batches.byNumber(3))
    expect(reader.alerts.latest(10)).to.deep.equal(journal.alerts.latest(10))
    expect(reader.anchors.lastReceipt()).to.equal(null)
    reader.close()
    await journal.stop()
  })

  it('reads a journal that no gateway runs on, and does not keep the next one from starting', async () => {
    const journal = journalAt(folder.journal)
    await journal.start()
    await journal.commit({ measurements: [measurement('a')], transitions: [] })
    await journal.stop()
    const reader = openJournalReader(folder.journal)
    expect(reader.measurements.has('a')).to.equal(true)
    await journal.start()
    await journal.commit({ measurements: [measurement('b')], transitions: [] })
    expect(reader.measurements.unbatchedCount()).to.equal(2)
    reader.close()
    await journal.stop()
  })
})
