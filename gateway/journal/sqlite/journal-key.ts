/** The key of what the journal keeps: `keys/journal.key` beside it, or the credential `homebeat-journal-key`. */
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, openSync, readdirSync, readSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readOrCreateSecret } from '#gateway/platform/secrets/create-secret.js'
import { credentialPath } from '#gateway/platform/secrets/credential.js'
import { readCredential, readSecret } from '#gateway/platform/secrets/secret-file.js'

const CREDENTIAL = 'homebeat-journal-key'

/** @param journal path of the journal's SQLite file */
export function journalKeyPath(journal: string): string {
  return join(dirname(journal), 'keys', 'journal.key')
}

/** @returns 32 bytes. @throws HomebeatError `journal.key-missing`, `journal.key-format`, `secret.*` */
export function readJournalKey(journal: string): Uint8Array {
  const handed = credentialPath(CREDENTIAL)
  try {
    return keyOf(handed === null ? readSecret(journalKeyPath(journal)) : readCredential(handed), journal)
  } catch (error) {
    if (error instanceof HomebeatError && error.code === 'secret.not-found') throw keyMissing(journal)
    throw error
  }
}

/**
 * As `readJournalKey`; makes a key where there is none and no journal needs one. Beside a journal that was written with
 * a key, or of which that cannot be told, no new key is made: it would open nothing, and hide that one is missing.
 */
export async function loadOrCreateJournalKey(journal: string): Promise<Uint8Array> {
  try {
    return readJournalKey(journal)
  } catch (error) {
    if (!(error instanceof HomebeatError) || error.code !== 'journal.key-missing' || mayBeSealed(journal)) throw error
  }
  return keyOf(
    await readOrCreateSecret(journalKeyPath(journal), () => randomBytes(32).toString('hex'), CREDENTIAL),
    journal,
  )
}

export function keyMissing(journal: string): HomebeatError {
  return new HomebeatError(
    'journal.key-missing',
    `The key of the journal ${journal} is missing: restore ${journalKeyPath(journal)} from its backup (or the credential ${CREDENTIAL}); without it nothing in the journal can be read.`,
  )
}

export function keyWrong(journal: string): HomebeatError {
  return new HomebeatError(
    'journal.key-wrong',
    `The journal ${journal} was written with another key: restore the ${journalKeyPath(journal)} (or the credential ${CREDENTIAL}) that belongs to it. Nothing was changed.`,
  )
}

function keyOf(text: string, journal: string): Uint8Array {
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw new HomebeatError(
      'journal.key-format',
      `The journal's key (${journalKeyPath(journal)}, or the credential ${CREDENTIAL}) does not hold 64 hex digits: restore it from its backup.`,
    )
  return new Uint8Array(Buffer.from(text, 'hex'))
}

/** Offset of `user_version` in the header (https://www.sqlite.org/fileformat.html#the_database_header). */
const VERSION_AT = 60
const LAST_CLEAR_VERSION = 1

/** Read from the bytes: to open the file would already change it, and a damaged one does not open. */
function mayBeSealed(journal: string): boolean {
  const folder = dirname(journal)
  if (!existsSync(folder)) return false
  const name = basename(journal)
  if (readdirSync(folder).some((file) => file.startsWith(`${name}.damaged-`))) return true
  if (!existsSync(journal)) return false
  const header = Buffer.alloc(100)
  const file = openSync(journal, 'r')
  try {
    const length = readSync(file, header, 0, header.length, 0)
    if (length === 0) return false
    const whole = length === header.length && header.toString('latin1', 0, 16) === 'SQLite format 3\0'
    return !whole || header.readUInt32BE(VERSION_AT) > LAST_CLEAR_VERSION
  } finally {
    closeSync(file)
  }
}
