import { chmodSync, closeSync, existsSync, openSync } from 'node:fs'
import { z } from 'zod'
import { HomebeatError } from '#gateway/platform/errors.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { type HomeRecord, type Listening, recordSchema } from './home-record.js'

const SCHEMA = 1
const listeningSchema = z.object({ listened: z.number().min(0), stretch: z.number().int().min(0) })

/** What a receiver must still know after a power cut: of each home its last check-in, and for how long it has listened. */
export class HomeStore {
  readonly #sqlite: Sqlite.Database

  /** @throws HomebeatError `clinic.store` */
  constructor(path: string) {
    try {
      if (existsSync(path)) chmodSync(path, 0o600)
      else closeSync(openSync(path, 'wx', 0o600))
      this.#sqlite = new Sqlite(path)
      this.#sqlite.pragma('journal_mode = WAL')
      this.#sqlite.pragma('synchronous = FULL')
      const version = this.#sqlite.pragma('user_version', { simple: true }) as number
      if (version > SCHEMA)
        throw new HomebeatError('clinic.newer', `${path} was written by a newer Homebeat: install that one again.`)
      this.#sqlite.exec(`
        CREATE TABLE IF NOT EXISTS home (id TEXT PRIMARY KEY, record TEXT NOT NULL) STRICT;
        CREATE TABLE IF NOT EXISTS receiver (id INTEGER PRIMARY KEY CHECK (id = 1), listening TEXT NOT NULL) STRICT;
        PRAGMA user_version = ${SCHEMA}`)
    } catch (cause) {
      if (cause instanceof HomebeatError) throw cause
      throw new HomebeatError(
        'clinic.store',
        `${path} cannot be used (${(cause as Error).message}): check its owner and the disk; where the file is damaged, move it away: every home is then awaited anew.`,
        { cause },
      )
    }
  }

  listening(): Listening {
    const row = this.#sqlite.prepare('SELECT listening FROM receiver').get() as { listening: string } | undefined
    return row ? listeningSchema.parse(JSON.parse(row.listening)) : { listened: 0, stretch: 0 }
  }

  records(): HomeRecord[] {
    const rows = this.#sqlite.prepare('SELECT record FROM home').all() as { record: string }[]
    return rows.map(({ record }) => recordSchema.parse(JSON.parse(record)))
  }

  /** One transaction; durable when it returns. */
  save(listening: Listening, ...records: readonly HomeRecord[]): void {
    const keep = this.#sqlite.prepare('INSERT OR REPLACE INTO home (id, record) VALUES (?, ?)')
    this.#sqlite.transaction(() => {
      this.#sqlite
        .prepare('INSERT OR REPLACE INTO receiver (id, listening) VALUES (1, ?)')
        .run(JSON.stringify(listening))
      for (const record of records) keep.run(record.id, JSON.stringify(record))
    })()
  }

  delete(id: string): void {
    this.#sqlite.prepare('DELETE FROM home WHERE id = ?').run(id)
  }

  close(): void {
    this.#sqlite.close()
  }
}
