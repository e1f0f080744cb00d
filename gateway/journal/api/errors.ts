import { dirname } from 'node:path'
import { HomebeatError, type RetryClass } from '#gateway/platform/errors.js'
import { Sqlite } from '#gateway/platform/sqlite.js'

/** Translates what SQLite says into a HomebeatError that says what to do; a HomebeatError passes as it is. */
export function journalError(error: unknown, path: string, action: 'open' | 'read' | 'write'): HomebeatError {
  if (error instanceof HomebeatError) return error
  // Of SQLite, or of the operating system where a file is looked at beside it.
  const { code = '' } = error as NodeJS.ErrnoException
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return damaged(path, error)
  const retry: RetryClass = PASSING.test(code) ? 'transient' : 'permanent'
  return new HomebeatError(`journal.${action}-failed`, `${VERBS[action]} the journal ${path}: ${advice(code, path)}`, {
    retry,
    cause: error,
  })
}

/** Whether a journal that was being opened is damaged: also where its card cannot read a sector of it any more. */
export function isDamage({ code, cause }: HomebeatError): boolean {
  if (code === 'journal.damaged' || code === 'journal.altered') return true
  return cause instanceof Sqlite.SqliteError && /^SQLITE_IOERR_(READ|SHORT_READ|CORRUPTFS)$/.test(cause.code)
}

export function damaged(path: string, cause?: unknown): HomebeatError {
  return new HomebeatError(
    'journal.damaged',
    `The journal ${path} is damaged: start the gateway again, it sets the file aside and saves what can be read.`,
    { retry: 'transient', cause },
  )
}

const VERBS = { open: 'Could not open', read: 'Could not read', write: 'Could not write to' } as const

/** Conditions that end without a change of the program or the data: worth trying again. */
const PASSING = /^SQLITE_(BUSY|LOCKED|FULL|IOERR|NOMEM|CANTOPEN|READONLY|PROTOCOL)/

function advice(code: string, path: string): string {
  const folder = dirname(path)
  if (code.startsWith('SQLITE_FULL')) return `the disk is full; free some space on the disk that holds ${folder}.`
  if (/^(SQLITE_READONLY|SQLITE_CANTOPEN|EACCES|EPERM|EROFS)/.test(code))
    return `${folder} must exist, on a disk that is not read-only, and belong to the user that runs Homebeat.`
  if (code.startsWith('SQLITE_IOERR')) return `the disk reports an error (${code}); check or replace the card or disk.`
  if (code.startsWith('SQLITE_BUSY')) return 'another program holds it; close that program.'
  if (/^E[A-Z]+$/.test(code)) return `it cannot be read (${code}); is something else in its place?`
  return code === '' ? 'unexpected error.' : `SQLite answers ${code}.`
}
