import { existsSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { isDamage, journalError } from '#gateway/journal/api/errors.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { logIsDamaged } from '#gateway/journal/salvage/sqlite-pages.js'
import { journalKeyPath } from '#gateway/journal/sqlite/journal-key.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import { laneOf } from '#gateway/model/lane.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { treeOf } from '#gateway/proofs/record.js'
import {
  BATCHES,
  DamagedHome,
  LEAVES_EACH,
  overwrite,
  signedBatch,
  UNBATCHED,
} from '#test/gateway/journal/damaged-home.js'
import { codeOf, journalAt, measurement, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'

const PAGE = 4096

describe('A damaged journal', function () {
  this.timeout(120_000)
  const inFile = new DamagedHome()
  const inLog = new DamagedHome()
  let folder: TemporaryFolder
  let journal: Journal
  before(async () => {
    await inFile.make('all')
    await inLog.make(1)
  })
  after(() => {
    inFile.remove()
    inLog.remove()
  })
  afterEach(async () => {
    await journal?.stop()
    folder?.remove()
  })

  async function start(spoil: (path: string) => void, home = inFile): Promise<void> {
    folder = home.copy()
    spoil(folder.journal)
    journal = journalAt(folder.journal)
    await journal.start()
  }

  /** Reads everything; what is found damaged only then leads to another start, as it does in a gateway. */
  async function readAll(): Promise<void> {
    const code = await codeOf(() => {
      for (const number of journal.batches.numbers()) journal.batches.byNumber(number)
      journal.measurements.unbatched(1000)
      journal.alerts.latest(1000)
    })
    if (code === undefined) return
    expect(code).to.equal('journal.damaged')
    await journal.stop()
    await journal.start()
    expect(journal.damages.open()).to.have.length.above(0)
  }

  const setAside = () =>
    readdirSync(dirname(folder.journal)).filter((name) => /\.damaged-[^-]+-[^-]+-\w+-\w+-[\w.]+$/.test(name))
  const wholeBatches = (home: DamagedHome) =>
    home.batches.filter((batch) => {
      const found = journal.batches.byNumber(batch.header.number)
      return found !== null && JSON.stringify(found) === JSON.stringify(batch)
    }).length

  /** What must hold after any damage: the chain goes on, nothing is there that was not, and the gateway works. */
  async function goesOn(home: DamagedHome): Promise<void> {
    expect(journal.batches.last()).to.deep.equal(home.batches.at(-1)?.header)
    for (const batch of home.batches) {
      const found = journal.batches.byNumber(batch.header.number)
      expect(found?.header, `batch ${batch.header.number}`).to.deep.equal(batch.header)
      for (const leaf of found?.leaves ?? []) expect(batch.leaves).to.deep.include(leaf)
    }
    expect(journal.epochKeys.get('p/vital-signs/2026-01-01')).to.equal('a.b.c.d.e')
    const open = journal.measurements.unbatched(1000)
    for (const one of open) expect(one).to.deep.equal(measurement(one.identifier))
    await journal.commit({ measurements: [measurement('after')], transitions: [] })
    const next = signedBatch(journal, 1000)
    expect(next.header.number).to.equal(BATCHES + 1)
    journal.batches.close(next)
    expect(journal.batches.byNumber(BATCHES + 1)).to.deep.equal(next)
    const anchors: number[] = []
    for (
      let entry = journal.outbox.claim(laneOf('anchor:consortium'));
      entry;
      entry = journal.outbox.claim(laneOf('anchor:consortium'))
    ) {
      journal.outbox.launch(entry)
      journal.outbox.settle(entry, { class: 'delivered' }, 1)
      anchors.push(entry.ref)
    }
    // 1 and 2 have receipts, which damage may take: then they are offered again, and the contract says it has them.
    expect(anchors.slice(-5)).to.deep.equal([3, 4, 5, 6, 7])
  }

  it('is opened as ever where nothing is wrong', async () => {
    for (const home of [inFile, inLog]) {
      await start(() => {}, home)
      expect(journal.damages.open()).to.deep.equal([])
      expect(wholeBatches(home)).to.equal(BATCHES)
      expect(journal.measurements.unbatchedCount()).to.equal(UNBATCHED)
      expect(setAside()).to.deep.equal([])
      await goesOn(home)
      await journal.stop()
      folder.remove()
    }
  })

  it('loses nothing to a header that is torn, and is kept', async () => {
    await start((path) => overwrite(path, 0, Buffer.alloc(100, 0xa5)))
    expect(wholeBatches(inFile)).to.equal(BATCHES)
    expect(journal.measurements.unbatchedCount()).to.equal(UNBATCHED)
    expect(journal.alerts.latest(100)).to.have.length(BATCHES)
    expect(journal.alerts.active()).to.have.length(BATCHES)
    expect(journal.anchors.lastReceipt()?.batchNumber).to.equal(2)
    const [damage] = journal.damages.open()
    expect(damage?.report).to.include({ refusedRows: 0 })
    expect(damage?.report.batchesWithoutRecords).to.deep.equal([])
    expect(setAside()).to.have.length(1)
    expect(damage?.setAside).to.equal(join(dirname(folder.journal), setAside()[0] as string))
    expect(statSync(damage?.setAside as string).mode & 0o777).to.equal(0o600)
    await goesOn(inFile)
  })

  it('loses nothing to a first page of which every byte is wrong: no table can be found by its name then', async () => {
    await start((path) => overwrite(path, 0, Buffer.alloc(PAGE, 0xa5)))
    expect(wholeBatches(inFile)).to.equal(BATCHES)
    expect(journal.measurements.unbatchedCount()).to.equal(UNBATCHED)
    await goesOn(inFile)
  })

  it('goes on from the heads of the batches where the file is gone, or is another', async () => {
    for (const spoil of [
      (path: string) => rmSync(path),
      (path: string) => writeFileSync(path, 'This is a letter, not a journal. '.repeat(900)),
    ]) {
      await start((path) => {
        spoil(path)
      })
      const [damage] = journal.damages.open()
      expect(damage?.report.batchesFromHeads).to.deep.equal([1, 2, 3, 4, 5, 6])
      expect(damage?.report.batchesWithoutRecords).to.deep.equal([1, 2, 3, 4, 5, 6])
      expect(journal.outbox.claim(laneOf('fhir:clinic'))).to.equal(null)
      await goesOn(inFile)
      await journal.stop()
      folder.remove()
    }
  })

  it('says what is lost until somebody has taken note of it', async () => {
    await start((path) => overwrite(path, 0, Buffer.alloc(100)))
    await journal.stop()
    await journal.start()
    expect(journal.damages.open()).to.have.length(1)
    expect(journal.damages.accept()).to.equal(1)
    expect(journal.damages.open()).to.deep.equal([])
    expect(journal.damages.accept()).to.equal(0)
    expect(setAside()).to.have.length(1)
  })

  it('is found while it is in use: nothing more is written, and the next start recovers', async () => {
    folder = inFile.copy()
    // After a clean stop nothing is checked at the start.
    rmSync(`${folder.journal}.pid`)
    const sqlite = new Sqlite(folder.journal)
    const root = sqlite.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'alert_transition'`).pluck().get()
    sqlite.close()
    overwrite(folder.journal, ((root as number) - 1) * PAGE, Buffer.alloc(PAGE, 0xa5))
    let told = 0
    journal = journalAt(folder.journal, { onDamage: () => told++ })
    await journal.start()
    expect(await codeOf(() => journal.alerts.latest(10))).to.equal('journal.damaged')
    expect(told).to.equal(1)
    expect(await codeOf(() => journal.commit({ measurements: [measurement('x')], transitions: [] }))).to.equal(
      'journal.damaged',
    )
    await journal.stop()
    await journal.start()
    expect(journal.damages.open()[0]?.report).to.deep.include({ unreadablePages: 1, batchesWithoutRecords: [] })
    expect(wholeBatches(inFile)).to.equal(BATCHES)
    await goesOn(inFile)
  })

  it('does not close a batch before it knows which was the last', async () => {
    await start((path) => {
      rmSync(join(dirname(path), 'batch-heads.jsonl'))
      overwrite(path, 0, Buffer.alloc(statSync(path).size, 0xa5))
    })
    await journal.commit({ measurements: [measurement('after')], transitions: [] })
    const wrong = signedBatch(journal)
    expect(journal.batches.headKnown()).to.equal(false)
    expect(await codeOf(() => journal.batches.close(wrong))).to.equal('journal.head-unknown')
    const { gateway, number, previousRoot, root } = (inFile.batches.at(-1) as typeof wrong).header
    journal.batches.continueFrom(
      { gateway, number, previousRoot, root, time: 1 },
      { by: null, shared: 0, head: number, renumbered: 0 },
    )
    expect(journal.batches.headKnown()).to.equal(true)
    const next = signedBatch(journal)
    expect(next.header).to.include({ number: number + 1, previousRoot: root })
    journal.batches.close(next)
    await journal.stop()
    await journal.start()
    expect(journal.batches.last()).to.deep.equal(next.header)
  })

  it('is kept as it is where the key is another one, until the right one is back', async () => {
    folder = inFile.copy()
    overwrite(folder.journal, 0, Buffer.alloc(100))
    const key = journalKeyPath(folder.journal)
    const right = (await import('node:fs')).readFileSync(key)
    writeFileSync(key, 'ab'.repeat(32))
    journal = journalAt(folder.journal)
    expect(await codeOf(() => journal.start())).to.equal('journal.key-wrong')
    expect(await codeOf(() => journal.start())).to.equal('journal.key-wrong')
    writeFileSync(key, right)
    await journal.start()
    expect(wholeBatches(inFile)).to.equal(BATCHES)
    expect(journal.measurements.unbatchedCount()).to.equal(UNBATCHED)
  })

  it('does not take the only sealed row, which is damaged, for a wrong key', async () => {
    folder = new TemporaryFolder()
    journal = journalAt(folder.journal)
    await journal.start()
    await journal.commit({ measurements: [measurement('a')], transitions: [] })
    await journal.stop()
    const sqlite = new Sqlite(folder.journal)
    sqlite.exec(`UPDATE measurement SET payload = x'01' || zeroblob(60)`)
    sqlite.close()
    await journal.start()
    expect(journal.measurements.unbatched(1)).to.deep.equal([])
    await journal.stop()
    overwrite(folder.journal, 0, Buffer.alloc(100))
    await journal.start()
    expect(journal.measurements.unbatchedCount()).to.equal(0)
    expect(journal.damages.open()[0]?.report.refusedRows).to.equal(1)
  })

  it('begins its recovery again when the power ends in the middle', async () => {
    await start((path) => {
      writeFileSync(
        `${path}.recovery`,
        JSON.stringify({ foundAt: 1, reason: 'a test', setAside: 'journal.sqlite.damaged-2026-01-01T00-00-00.000Z' }),
      )
      writeFileSync(`${path}.salvage`, 'half of it')
    })
    expect(wholeBatches(inFile)).to.equal(BATCHES)
    expect(journal.damages.open()[0]).to.include({ foundAt: 1, reason: 'a test' })
    expect(existsSync(`${folder.journal}.recovery`)).to.equal(false)
    expect(existsSync(`${folder.journal}.salvage`)).to.equal(false)
    await goesOn(inFile)
  })

  it('starts, goes on, and loses no more than the pages hit, wherever bytes are wrong in the file', async () => {
    const size = statSync(inFileJournal()).size
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.integer({ min: 1, max: PAGE }), fc.nat(255), async (at, length, fill) => {
        await start((path) => overwrite(path, at, Buffer.alloc(length, fill)))
        await readAll()
        // At most two pages: leaves of some 20 to a page, so of at most three batches.
        expect(wholeBatches(inFile)).to.be.at.least(BATCHES - 4)
        await goesOn(inFile)
        await journal.stop()
        folder.remove()
      }),
      { numRuns: 24, seed: 7 },
    )
  })

  it('starts and goes on wherever the file is cut', async () => {
    const size = statSync(inFileJournal()).size
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), async (length) => {
        await start((path) => truncateSync(path, length))
        await readAll()
        await goesOn(inFile)
        await journal.stop()
        folder.remove()
      }),
      { numRuns: 10, seed: 8 },
    )
  })

  it('starts and goes on wherever the log is cut or wrong', async () => {
    const probe = inLog.copy()
    const size = statSync(`${probe.journal}-wal`).size
    probe.remove()
    let found = 0
    await fc.assert(
      fc.asyncProperty(fc.nat(size - 1), fc.option(fc.integer({ min: 1, max: 64 })), async (at, length) => {
        await start((path) => {
          if (length === null) truncateSync(`${path}-wal`, at)
          else overwrite(`${path}-wal`, at, Buffer.alloc(length, 0x5a))
          found += logIsDamaged(path) ? 1 : 0
        }, inLog)
        await readAll()
        // One frame that is wrong takes its page, not all that was committed after it.
        if (length !== null) expect(wholeBatches(inLog)).to.be.at.least(BATCHES - 4)
        await goesOn(inLog)
        await journal.stop()
        folder.remove()
      }),
      { numRuns: 24, seed: 9 },
    )
    expect(found).to.be.above(4)
  })

  it('counts a sector that the card cannot read any more as damage when it opens, a full disk not', () => {
    const error = (code: string) => journalError(new Sqlite.SqliteError('', code), '/data/journal.db', 'open')
    for (const code of ['SQLITE_CORRUPT', 'SQLITE_CORRUPT_INDEX', 'SQLITE_NOTADB', 'SQLITE_IOERR_READ'])
      expect(isDamage(error(code)), code).to.equal(true)
    for (const code of ['SQLITE_FULL', 'SQLITE_BUSY', 'SQLITE_IOERR_FSYNC', 'SQLITE_CANTOPEN'])
      expect(isDamage(error(code)), code).to.equal(false)
  })

  function inFileJournal(): string {
    folder = inFile.copy()
    return folder.journal
  }

  it('loses to a leaf that is lost only that leaf: the rest of its batch is sent, and can be proved', async () => {
    await start((path) => {
      const sqlite = new Sqlite(path)
      sqlite.exec('UPDATE leaf SET observation = zeroblob(60) WHERE batch = 3 AND position = 1')
      sqlite.close()
      overwrite(path, 0, Buffer.alloc(100))
    })
    expect(journal.damages.open()[0]?.report).to.deep.include({ refusedRows: 1, batchesWithoutRecords: [3] })
    const batch = journal.batches.byNumber(3) as ClosedBatch
    expect(batch.leaves).to.have.length(LEAVES_EACH - 1)
    expect(treeOf(batch).root).to.equal(batch.header.root)
    const sent: number[] = []
    const lane = laneOf('fhir:archive')
    for (let entry = journal.outbox.claim(lane); entry; entry = journal.outbox.claim(lane)) {
      journal.outbox.launch(entry)
      journal.outbox.settle(entry, { class: 'delivered' }, 1)
      sent.push(entry.ref)
    }
    expect(sent).to.deep.equal([1, 2, 3, 4, 5, 6])
  })

  it('keeps what is in a leaf whose measurement is lost', async () => {
    await start((path) => {
      const sqlite = new Sqlite(path)
      sqlite.pragma('foreign_keys = OFF')
      sqlite.exec(`DELETE FROM measurement WHERE batch = 2`)
      sqlite.close()
      overwrite(path, 0, Buffer.alloc(100))
    })
    expect(wholeBatches(inFile)).to.equal(BATCHES)
    expect(journal.measurements.batchOf('m-2-0')).to.equal(2)
    expect(LEAVES_EACH).to.equal(journal.batches.byNumber(2)?.leaves.length)
  })
})
