import { closeSync, existsSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { HomebeatError } from '#gateway/platform/errors.js'
import { Sqlite } from '#gateway/platform/sqlite.js'

/** The second line of the `.pid` file. */
const LOG_IS_OPEN = 'log\n'

/**
 * One writer per journal. The lock is the kernel's, held through an exclusive transaction on an empty database beside
 * the journal: it ends with the process, however that ends. A file with a process id could not tell a power cut from a
 * living gateway, since ids are used again after a restart, in a container at once. The `.pid` file only names the
 * holder in messages; that it was left behind says that the last gateway did not stop cleanly.
 */
export class JournalLock {
  /** The last holder did not release its lock: the process or the power ended. */
  readonly afterCrash: boolean
  /** It had a log beside the journal then. */
  readonly logWasOpen: boolean
  readonly #path: string
  #sqlite: Sqlite.Database | null

  private constructor(path: string, sqlite: Sqlite.Database, left: string | null) {
    this.#path = path
    this.#sqlite = sqlite
    this.afterCrash = left !== null
    this.logWasOpen = left?.includes(LOG_IS_OPEN) ?? false
  }

  /** Throws `journal.in-use`. The folder must exist. */
  static acquire(path: string): JournalLock {
    const file = lockFile(path)
    if (!existsSync(file)) createPrivate(file)
    // A reader that asks who holds the lock (`journalHolder`) has it for microseconds: wait that long, no longer.
    const sqlite = new Sqlite(file, { timeout: 250 })
    try {
      // In memory: nothing is ever written, so there is nothing to roll back from a file.
      sqlite.pragma('journal_mode = MEMORY')
      sqlite.exec('BEGIN EXCLUSIVE')
    } catch (cause) {
      sqlite.close()
      if (!isBusy(cause)) throw cause
      const holder = readHolder(path)
      const who = holder === null ? '' : ` (process ${holder})`
      throw new HomebeatError(
        'journal.in-use',
        `Another gateway is already using ${path}${who}: stop that one first, or give this one its own dataDir.`,
        { cause },
      )
    }
    const left = existsSync(pidFile(path)) ? readFileSync(pidFile(path), 'utf8') : null
    const lock = new JournalLock(path, sqlite, left)
    lock.logIsOpen(false)
    return lock
  }

  /** From here on a crash leaves a log behind; or does so no more. Where there is none then, somebody has removed it. */
  logIsOpen(isOpen: boolean): void {
    writeFileSync(pidFile(this.#path), `${process.pid}\n${isOpen ? LOG_IS_OPEN : ''}`, { mode: 0o600 })
  }

  release(): void {
    if (!this.#sqlite) return
    rmSync(pidFile(this.#path), { force: true })
    this.#sqlite.close()
    this.#sqlite = null
  }
}

/** The process that is writing this journal now, or null when no gateway runs on it. Needs no right to write. */
export function journalHolder(path: string): number | null {
  if (!existsSync(lockFile(path))) return null
  const sqlite = new Sqlite(lockFile(path), { readonly: true, timeout: 0 })
  try {
    sqlite.prepare('SELECT count(*) FROM sqlite_schema').get()
    return null
  } catch (error) {
    if (isBusy(error)) return readHolder(path)
    throw error
  } finally {
    sqlite.close()
  }
}

function lockFile(path: string): string {
  return `${path}.lock`
}

function pidFile(path: string): string {
  return `${path}.pid`
}

function createPrivate(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    // Another gateway created it just now: the transaction decides between the two.
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
}

function readHolder(path: string): number | null {
  try {
    const id = Number.parseInt(readFileSync(pidFile(path), 'utf8'), 10)
    return Number.isSafeInteger(id) ? id : null
  } catch {
    return null
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Sqlite.SqliteError && error.code.startsWith('SQLITE_BUSY')
}
