import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { loadSqlite, Sqlite, sqlitePackage } from '#gateway/platform/sqlite.js'

describe('SQLite for the Node that runs', () => {
  it('is better-sqlite3 12 before Node-API 10 (Node 20, 22.13) and 13 from then on (22.14, 24)', () => {
    expect([9, 10, 11].map(sqlitePackage)).to.deep.equal(['better-sqlite3-12', 'better-sqlite3', 'better-sqlite3'])
  })

  it('loads and answers here', () => {
    const database = new Sqlite(':memory:')
    expect(database.prepare('SELECT 40 + 2 AS sum').get()).to.deep.equal({ sum: 42 })
    database.close()
  })

  it('that is not installed is one line that says what to do, when a file is opened and not when it is imported', () => {
    const missing = loadSqlite('better-sqlite3-0')
    expect(new Error('x')).not.to.be.instanceOf(missing.SqliteError)
    expect(() => new missing('x.db'))
      .to.throw(HomebeatError, /^SQLite does not load on Node v[\d.]+ \(better-sqlite3-0\): run "npm ci" again/)
      .with.property('code', 'sqlite.missing')
  })

  it('is named in one file only', () => {
    const naming = ['bench', 'contracts', 'fhir', 'firmware', 'gateway', 'simulators', 'test'].flatMap((folder) =>
      readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
        .map((file) => join(folder, file))
        .filter((file) => /\.[cm]?tsx?$/.test(file))
        .filter((file) =>
          /(?:from|import|require)\s*\(?\s*['"]better-sqlite3/.test(readFileSync(join(packageRoot, file), 'utf8')),
        ),
    )
    expect(naming).to.deep.equal(['gateway/platform/sqlite.ts'])
  })
})
