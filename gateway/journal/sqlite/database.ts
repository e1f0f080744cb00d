import { chmodSync, closeSync, existsSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { damaged, journalError } from '#gateway/journal/api/errors.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { checkVersion, MIGRATIONS, migrate } from './schema.js'

export type SqlValue = number | string | Uint8Array | null

/** How long a statement waits for another process's lock: readers take them for milliseconds only. */
const BUSY_TIMEOUT_MS = 5000

/** A check reads the whole file; above this size it would hold up alerting for minutes on a Pi's card. */
const CHECK_LIMIT_BYTES = 256 * 1024 * 1024

/** One SQLite file: prepared statements kept by their text, errors translated once, one transaction at a time. */
export class Database {
  readonly path: string
  #open: Sqlite.Database | null = null
  readonly #statements = new Map<string, Sqlite.Statement>()
  #frozen: HomebeatError | null = null
  /** Called with what says that the file is damaged, while it is in use. */
  onDamage: (error: HomebeatError) => void = () => {}

  /** Until it is opened, and once it is closed, everything throws `journal.closed`. */
  constructor(path: string) {
    this.path = path
  }

  static openWriter(path: string, suspect: boolean): Database {
    const database = new Database(path)
    database.openWriter(suspect)
    return database
  }

  static openReader(path: string): Database {
    const database = new Database(path)
    database.openReader()
    return database
  }

  /**
   * Opens for writing, creates what is missing (folder 0700, file 0600) and migrates.
   * @param suspect the last gateway did not stop cleanly: check the file, within reason, before trusting it.
   */
  openWriter(suspect: boolean): void {
    const { path } = this
    this.#open = opening(path, () => {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
      // Created by us so that SQLite gives the -wal and -shm files the same mode. Only when missing: closing a
      // descriptor of a file that SQLite has open would drop its locks.
      if (existsSync(path)) chmodSync(path, 0o600)
      else closeSync(openSync(path, 'wx', 0o600))
      const sqlite = new Sqlite(path, { timeout: BUSY_TIMEOUT_MS })
      return configured(sqlite, () => {
        checkVersion(sqlite, path)
        // Lets retention give pages back to the disk, a piece at a time. SQLite heeds it while the file is empty only.
        if (statSync(path).size === 0) sqlite.pragma('auto_vacuum = INCREMENTAL')
        sqlite.pragma('journal_mode = WAL')
        sqlite.pragma('synchronous = FULL')
        sqlite.pragma('foreign_keys = ON')
        // Overwrites deleted rows where their page is written anyway: salvaging then finds no row of before.
        sqlite.pragma('secure_delete = FAST')
        sqlite.pragma(`journal_size_limit = ${16 * 1024 * 1024}`)
        if (suspect && statSync(path).size <= CHECK_LIMIT_BYTES) {
          const result = sqlite.pragma('quick_check(1)', { simple: true })
          if (result !== 'ok') throw damaged(path, new Error(String(result)))
        }
        migrate(sqlite, path)
        return sqlite
      })
    })
    this.#frozen = null
  }

  /** Opens for reading only; a gateway may be writing meanwhile. */
  openReader(): void {
    const { path } = this
    if (!existsSync(path))
      throw new HomebeatError(
        'journal.not-found',
        `There is no journal ${path}: start the gateway once, or check dataDir.`,
      )
    this.#open = opening(path, () => {
      const sqlite = new Sqlite(path, { readonly: true, fileMustExist: true, timeout: BUSY_TIMEOUT_MS })
      return configured(sqlite, () => {
        const version = checkVersion(sqlite, path)
        if (version < MIGRATIONS.length)
          throw new HomebeatError(
            'journal.older-schema',
            `The journal ${path} was written by an older Homebeat (schema ${version}): start the gateway once to bring it up to date.`,
          )
        return sqlite
      })
    })
  }

  get<Row>(sql: string, ...values: SqlValue[]): Row | undefined {
    return this.#guard('read', () => this.#prepared(sql).get(...values) as Row | undefined)
  }

  all<Row>(sql: string, ...values: SqlValue[]): Row[] {
    return this.#guard('read', () => this.#prepared(sql).all(...values) as Row[])
  }

  run(sql: string, ...values: SqlValue[]): { changes: number; id: number } {
    return this.#guard('write', () => {
      const result = this.#prepared(sql).run(...values)
      return { changes: result.changes, id: Number(result.lastInsertRowid) }
    })
  }

  /** All or nothing, durable when it returns. Inside another transaction it becomes part of that one. */
  transaction<Result>(action: () => Result): Result {
    if (this.#sqlite.inTransaction) return action()
    return this.#guard('write', () => this.#sqlite.transaction(action).immediate())
  }

  /** Bytes of the file: in use, and free inside it. */
  size(): { used: number; free: number } {
    return this.#guard('read', () => {
      const [page, count, free] = ['page_size', 'page_count', 'freelist_count'].map((name) =>
        Number(this.#sqlite.pragma(name, { simple: true })),
      ) as [number, number, number]
      return { used: (count - free) * page, free: free * page }
    })
  }

  /** Gives up to this many free bytes back to the disk; a file made without `auto_vacuum` keeps them. */
  giveBack(bytes: number): void {
    this.#guard('write', () => {
      const page = Number(this.#sqlite.pragma('page_size', { simple: true }))
      this.#sqlite.pragma(`incremental_vacuum(${Math.max(1, Math.floor(bytes / page))})`)
    })
  }

  /** From here on every attempt to write is answered with this: a damaged file is not written to. */
  freeze(error: HomebeatError): void {
    this.#frozen = error
  }

  /** While rows go in whose references are not there yet. */
  ignoreReferences(): void {
    this.#sqlite.pragma('foreign_keys = OFF')
  }

  /** Writes the whole file anew, so that neither its free pages nor its log keep what was once in it. */
  rewrite(): void {
    this.#guard('write', () => {
      this.#sqlite.pragma('secure_delete = ON')
      this.#sqlite.exec('VACUUM')
      this.checkpoint()
      this.#sqlite.pragma('secure_delete = FAST')
    })
  }

  /** Whole and in order, row by row and index by index: what is wrong, at most 100 sentences; [] when nothing is. */
  integrity(): string[] {
    const rows = this.#guard('read', () => this.#sqlite.pragma('integrity_check(100)')) as { integrity_check: string }[]
    return rows.map((row) => row.integrity_check).filter((sentence) => sentence !== 'ok')
  }

  /** Puts what its log holds into the file. */
  checkpoint(): void {
    this.#guard('write', () => this.#sqlite.pragma('wal_checkpoint(TRUNCATE)'))
  }

  close(): void {
    this.#statements.clear()
    this.#open?.close()
    this.#open = null
  }

  /** @throws HomebeatError `journal.closed` */
  assertOpen(): void {
    void this.#sqlite
  }

  get #sqlite(): Sqlite.Database {
    if (this.#open) return this.#open
    throw new HomebeatError('journal.closed', `The journal ${this.path} is closed: start it first.`)
  }

  #prepared(sql: string): Sqlite.Statement {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#sqlite.prepare(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }

  #guard<Result>(action: 'read' | 'write', body: () => Result): Result {
    if (action === 'write' && this.#frozen) throw this.#frozen
    try {
      return body()
    } catch (cause) {
      const error = journalError(cause, this.path, action)
      if (error.code === 'journal.damaged') this.onDamage(error)
      throw error
    }
  }
}

function opening<Result>(path: string, body: () => Result): Result {
  try {
    return body()
  } catch (error) {
    throw journalError(error, path, 'open')
  }
}

function configured<Result>(sqlite: Sqlite.Database, body: () => Result): Result {
  try {
    return body()
  } catch (error) {
    sqlite.close()
    throw error
  }
}
