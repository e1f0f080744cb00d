import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Journal } from '#gateway/journal/api/journal.js'
import { checkJournal } from '#gateway/journal/salvage/check.js'
import { createRowCipher, keyCheckOf } from '#gateway/journal/sqlite/cipher.js'
import { journalKeyPath } from '#gateway/journal/sqlite/journal-key.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { MIGRATIONS } from '#gateway/journal/sqlite/schema.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import {
  codeOf,
  hash,
  journalAt,
  measurement,
  nextBatch,
  TemporaryFolder,
  transition,
} from '#test/gateway/journal/journal-fixture.js'

const KEY = new Uint8Array(32).fill(7)

describe('A row cipher', () => {
  it('opens what it sealed, in its place only, whole only, under its key only', () => {
    const cipher = createRowCipher(KEY)
    const again = createRowCipher(KEY)
    const other = createRowCipher(new Uint8Array(32).fill(8))
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.string(), fc.string(), fc.nat(), (plain, here, there, at) => {
        const sealed = cipher.seal(plain, here)
        expect(Buffer.from(again.open(sealed, here)).equals(plain)).to.equal(true)
        if (here !== there) expect(() => cipher.open(sealed, there)).to.throw('does not open')
        expect(() => other.open(sealed, here)).to.throw('does not open')
        const altered = Uint8Array.from(sealed)
        altered[at % altered.length] = (altered[at % altered.length] as number) ^ 1
        expect(() => cipher.open(altered, here)).to.throw('does not open')
        expect(() => cipher.open(sealed.subarray(0, at % sealed.length), here)).to.throw('does not open')
      }),
    )
  })

  it('uses no nonce twice, and another subkey in each process', () => {
    const cipher = createRowCipher(KEY)
    const heads = new Set<string>()
    for (let row = 0; row < 2000; row++)
      heads.add(Buffer.from(cipher.seal(new Uint8Array(), 'x').subarray(0, 29)).toString('hex'))
    expect(heads.size).to.equal(2000)
    expect(new Set([...heads].map((head) => head.slice(0, 34))).size).to.equal(1)
    expect([...heads][0]?.slice(0, 34)).to.not.equal(
      Buffer.from(createRowCipher(KEY).seal(new Uint8Array(), 'x').subarray(0, 17)).toString('hex'),
    )
  })

  it('is told by a check value that differs for each key and is not the key', () => {
    expect(keyCheckOf(KEY)).to.have.length(16)
    expect(keyCheckOf(KEY).equals(keyCheckOf(new Uint8Array(32).fill(8)))).to.equal(false)
    expect(keyCheckOf(KEY).equals(KEY.subarray(0, 16))).to.equal(false)
  })
})

/** Nothing of these may be found in any byte on the disk. */
const SECRETS = ['71.53125', '98.765625', '84.375', '88.625', 'naïve µV', '"quantity"', 'c0ffee'.repeat(10)]

describe('A sealed journal', () => {
  let folder: TemporaryFolder
  beforeEach(() => {
    folder = new TemporaryFolder()
  })
  afterEach(() => folder.remove())

  const secretMeasurement = (name: string) => measurement(name, { value: { type: 'quantity', value: 71.53125 } })
  const waveform = measurement('wave', {
    sensor: 'ecg',
    observable: 'ecgWaveform',
    value: {
      ...{ type: 'waveform', periodMs: 4, origin: 0, factor: 1, lowerLimit: 0, upperLimit: 1023 },
      samples: Array.from({ length: 2500 }, (_, index) => 500 + (index % 3)),
    },
  })
  const secretTransition = transition({ value: 84.375, limit: { comparator: '<', value: 88.625 } })

  async function made() {
    const journal = journalAt(folder.journal)
    await journal.start()
    await journal.commit({ measurements: [secretMeasurement('a'), secretMeasurement('b'), waveform], transitions: [] })
    await journal.commit({ measurements: [], transitions: [secretTransition] })
    const batch = nextBatch(journal, 1)
    const leaves = batch.leaves.map((leaf) => ({ ...leaf, salt: `${'c0ffee'.repeat(10)}0000` }))
    journal.batches.close({ ...batch, leaves })
    return journal
  }

  function onDisk(): string[] {
    const found: string[] = []
    const look = (path: string) => {
      for (const entry of readdirSync(path, { withFileTypes: true })) {
        const file = join(path, entry.name)
        if (entry.isDirectory()) look(file)
        else {
          const bytes = readFileSync(file)
          found.push(...SECRETS.filter((secret) => bytes.includes(secret)))
          if (bytes.includes(Buffer.from('c0ffee'.repeat(10), 'hex'))) found.push('salt')
          const samples = Buffer.from([0xf4, 1, 0xf5, 1, 0xf6, 1])
          const number = Buffer.alloc(8)
          number.writeDoubleBE(84.375)
          if (bytes.includes(samples) || bytes.includes(number)) found.push('binary')
        }
      }
    }
    look(dirname(folder.journal))
    return found
  }

  function edit(sql: string): void {
    const sqlite = new Sqlite(folder.journal)
    sqlite.pragma('foreign_keys = OFF')
    sqlite.exec(sql)
    sqlite.close()
  }

  it('has no health value in the file, nor in its log, nor beside it', async () => {
    const journal = await made()
    expect(onDisk()).to.deep.equal([])
    expect(journal.measurements.unbatched(10)).to.deep.equal([secretMeasurement('b'), waveform])
    expect(journal.alerts.latest(1)).to.deep.equal([secretTransition])
    await journal.stop()
    expect(onDisk()).to.deep.equal([])
    expect(statSync(journalKeyPath(folder.journal)).mode & 0o777).to.equal(0o600)
  })

  it('notices rows that were put in each other’s place, leaves them out, and says which', async () => {
    const unbatched = (j: Journal) => j.measurements.unbatched(9).map(({ identifier }) => identifier)
    const leaves = (j: Journal) => j.batches.byNumber(1)?.leaves
    const { value: _, limit: __, ...rest } = { ...secretTransition, at: secretTransition.at + 1 }
    const swaps: [sql: string, read: (journal: Journal) => unknown, left: unknown, said: string][] = [
      [
        `UPDATE measurement SET payload = (SELECT payload FROM measurement WHERE identifier = 'b') WHERE id = 3`,
        ...([unbatched, ['b'], 'measurement/payload/wave'] as const),
      ],
      [
        `UPDATE measurement SET identifier = 'c' WHERE identifier = 'b'`,
        ...([unbatched, ['wave'], 'measurement/payload/c'] as const),
      ],
      [`UPDATE leaf SET position = 1`, leaves, [], 'leaf/observation/1/1'],
      [`UPDATE leaf SET measurement = 2`, leaves, [], 'leaf/observation/1/0'],
      [`UPDATE alert_transition SET at = at + 1`, (j) => j.alerts.latest(1), [rest], 'alert_transition/value/'],
    ]
    for (const [sql, read, left, said] of swaps) {
      await (await made()).stop()
      edit(sql)
      const journal = journalAt(folder.journal)
      await journal.start()
      expect(read(journal), sql).to.deep.equal(left)
      expect(journal.damages.open()[0]?.reason, sql)
        .to.match(/^1 sealed rows do not open/)
        .and.contain(said)
      await journal.stop()
      folder.remove()
      mkdirSync(folder.path)
    }
  })

  it('refuses another key and a missing one, makes none of its own, and changes nothing', async () => {
    await (await made()).stop()
    const key = journalKeyPath(folder.journal)
    const before = readFileSync(folder.journal)
    const journal = journalAt(folder.journal)
    renameSync(key, `${key}.away`)
    expect(await codeOf(() => journal.start())).to.equal('journal.key-missing')
    expect(readdirSync(dirname(key))).to.not.include('journal.key')
    writeFileSync(key, 'ab'.repeat(32), { mode: 0o600 })
    expect(await codeOf(() => journal.start())).to.equal('journal.key-wrong')
    writeFileSync(key, 'no key')
    expect(await codeOf(() => journal.start())).to.equal('journal.key-format')
    expect(readFileSync(folder.journal).equals(before)).to.equal(true)
    renameSync(`${key}.away`, key)
    await journal.start()
    expect(journal.measurements.unbatched(10)).to.deep.equal([secretMeasurement('b'), waveform])
    await journal.stop()
  })

  it('takes its key from the service manager, whatever is in the folder', async () => {
    await (await made()).stop()
    const credentials = join(folder.path, 'credentials')
    mkdirSync(credentials)
    renameSync(journalKeyPath(folder.journal), join(credentials, 'homebeat-journal-key'))
    // As systemd shows a credential that an ACL opens to the service's user.
    chmodSync(join(credentials, 'homebeat-journal-key'), 0o440)
    const before = process.env['CREDENTIALS_DIRECTORY']
    process.env['CREDENTIALS_DIRECTORY'] = credentials
    try {
      const journal = journalAt(folder.journal)
      await journal.start()
      expect(journal.measurements.unbatchedCount()).to.equal(2)
      expect(journal.batches.byNumber(1)?.leaves).to.have.length(1)
      await journal.stop()
      chmodSync(join(credentials, 'homebeat-journal-key'), 0o444)
      expect(await codeOf(() => journal.start())).to.equal('secret.mode')
    } finally {
      if (before === undefined) delete process.env['CREDENTIALS_DIRECTORY']
      else process.env['CREDENTIALS_DIRECTORY'] = before
    }
  })

  it('mends its check value where rows still open', async () => {
    await (await made()).stop()
    edit(`UPDATE journal_key SET check_value = x'00'`)
    const journal = journalAt(folder.journal)
    await journal.start()
    await journal.stop()
    const sqlite = new Sqlite(folder.journal, { readonly: true })
    const key = Buffer.from(readFileSync(journalKeyPath(folder.journal), 'utf8').trim(), 'hex')
    expect(sqlite.prepare('SELECT check_value FROM journal_key').pluck().get()).to.deep.equal(keyCheckOf(key))
    sqlite.close()
  })

  it('tells its status without the key, but no value', async () => {
    await (await made()).stop()
    rmSync(journalKeyPath(folder.journal))
    const reader = openJournalReader(folder.journal)
    expect(reader.batches.counts().closed).to.equal(1)
    expect(reader.batches.last()?.number).to.equal(1)
    expect(reader.measurements.unbatchedCount()).to.equal(2)
    const { value: _, limit: __, ...rest } = secretTransition
    expect(reader.alerts.latest(5)).to.deep.equal([rest])
    expect(await codeOf(() => reader.batches.byNumber(1))).to.equal('journal.key-missing')
    reader.close()
  })

  it('is checked row by row', async () => {
    await (await made()).stop()
    expect(checkJournal(folder.journal)).to.deep.include({ batches: 1, leaves: 1, unbatched: 2, problems: [] })
    edit(`UPDATE leaf SET observation = x'01' || zeroblob(60)`)
    expect(checkJournal(folder.journal)).to.deep.include({
      problems: ['leaf/observation/1/0 does not open'],
      unopened: 1,
    })
  })

  describe('of before encryption', () => {
    /** As the first Homebeat wrote it. */
    function madeInClear(): void {
      mkdirSync(dirname(folder.journal), { recursive: true, mode: 0o700 })
      const sqlite = new Sqlite(folder.journal)
      sqlite.pragma('journal_mode = WAL')
      sqlite.exec(MIGRATIONS[0] as string)
      sqlite.pragma('user_version = 1')
      const payload = (value: number) =>
        JSON.stringify({
          ...{ observable: 'pulseRate', deviceId: 'kit-1', value: { type: 'quantity', value } },
          ...{ quality: 'good', remarks: [] },
        })
      const insert = sqlite.prepare(
        `INSERT INTO measurement (identifier, sensor, at, payload, samples, batch) VALUES (?, 'pulse', 1700000000000, ?, ?, ?)`,
      )
      sqlite.exec(`INSERT INTO batch VALUES (1, '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266', '${hash(0)}', '${hash(1)}', 450, 1, 2,
        31337, '0x5FbDB2315678afecb367f032d93F642f64180aa3', '0x${'ab'.repeat(65)}', 3)`)
      const leaf = sqlite.prepare(
        'INSERT INTO leaf (batch, position, measurement, salt, observation) VALUES (1, ?, ?, ?, ?)',
      )
      for (let index = 0; index < 450; index++) {
        const { lastInsertRowid } = insert.run(`old-${index}`, null, null, 1)
        leaf.run(
          index,
          lastInsertRowid,
          Buffer.from(`${'c0ffee'.repeat(10)}0000`, 'hex'),
          `{"valueQuantity":98.765625,"n":${index}}`,
        )
      }
      for (let index = 0; index < 450; index++) insert.run(`open-${index}`, payload(71.53125), null, null)
      const wave = JSON.stringify({
        ...{ observable: 'ecgWaveform', deviceId: 'kit-1' },
        ...{ value: { ...waveform.value, samples: undefined }, quality: 'good', remarks: [] },
      })
      const samples = Buffer.from(Int16Array.from({ length: 2500 }, (_, index) => 500 + (index % 3)).buffer)
      sqlite
        .prepare(
          `INSERT INTO measurement (identifier, sensor, at, payload, samples) VALUES ('wave', 'ecg', 1700000000000, ?, ?)`,
        )
        .run(wave, samples)
      sqlite.exec(`INSERT INTO alert_transition VALUES (1, '${secretTransition.alertId}', 'low-oxygen-saturation', 'physiological',
        'high', 'active', 1700000000000, 1700000000000, 'oxygenSaturation', 'm-1', 84.375, '<', 88.625);
        INSERT INTO alert_episode VALUES (1, '${secretTransition.alertId}', 1, 1)`)
      sqlite.close()
    }

    async function isWhole(): Promise<void> {
      const journal = journalAt(folder.journal)
      await journal.start()
      expect(journal.alerts.active()).to.deep.equal([secretTransition])
      const open = journal.measurements.unbatched(1000)
      expect(open).to.have.length(451)
      expect(open[0]).to.deep.equal(secretMeasurement('open-0'))
      expect(open[450]).to.deep.equal(waveform)
      expect(journal.batches.byNumber(1)?.leaves[449]).to.deep.equal({
        ...{ identifier: 'old-449', salt: `${'c0ffee'.repeat(10)}0000` },
        observation: '{"valueQuantity":98.765625,"n":449}',
      })
      expect(onDisk()).to.deep.equal([])
      await journal.stop()
      expect(onDisk()).to.deep.equal([])
    }

    it('is sealed at the first start, and nothing in clear stays in the file', async () => {
      madeInClear()
      expect(onDisk()).to.include.members(['71.53125', '98.765625', 'binary'])
      await isWhole()
    })

    it('is sealed by the next start where the power ended in the middle', async () => {
      madeInClear()
      edit(`CREATE TRIGGER power BEFORE UPDATE ON leaf WHEN old.position = 333 BEGIN SELECT RAISE(ABORT, 'power'); END`)
      expect(await codeOf(() => journalAt(folder.journal).start())).to.equal('journal.write-failed')
      expect(onDisk()).to.include('98.765625')
      edit('DROP TRIGGER power')
      await isWhole()
    })

    it('is salvaged where it is damaged before it was ever sealed', async () => {
      madeInClear()
      await (async () => {
        const journal = journalAt(folder.journal)
        await journal.start()
        await journal.stop()
      })()
      rmSync(folder.journal)
      madeInClear()
      const bytes = readFileSync(folder.journal)
      bytes.fill(0, 0, 100)
      writeFileSync(folder.journal, bytes)
      const journal = journalAt(folder.journal)
      await journal.start()
      expect(journal.damages.open()).to.have.length(1)
      expect(journal.measurements.unbatchedCount()).to.equal(451)
      expect(journal.alerts.active()).to.deep.equal([secretTransition])
      await journal.stop()
    })
  })
})
