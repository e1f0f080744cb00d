/** Secrets (tokens, passwords, keys) live in files that only their owner may open; never in homebeat.yaml, never in a log. */
import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { HomebeatError } from '#gateway/platform/errors.js'

/** Larger than any token or key in use here; a mistaken path to a big file is refused, not loaded. */
export const MAX_SECRET_BYTES = 4096

/** Bits of the mode that a secret must not have. */
const CLOSED_TO_OTHERS = 0o077
/** systemd opens a credential to the service's user by an ACL, whose mask shows as the group's right to read. */
const CREDENTIAL = 0o037

/**
 * A secret that the service manager handed over: as `readSecret`, with its looser mode. @throws HomebeatError
 * `secret.*`
 */
export function readCredential(path: string): string {
  return readSecret(path, CREDENTIAL)
}

/**
 * The secret in `path`, without surrounding white space.
 *
 * @throws HomebeatError `secret.not-found`, `secret.mode` (others may read it), `secret.too-large`, `secret.empty`,
 * `secret.unreadable`. Messages name the path, never the content.
 */
export function readSecret(path: string, forbidden = CLOSED_TO_OTHERS): string {
  const descriptor = open(path)
  try {
    // Mode and content of the same open file: a swap of the path in between changes nothing.
    const stat = fstatSync(descriptor)
    if (!stat.isFile())
      throw new HomebeatError('secret.unreadable', `The secret ${path} is not a file: give the path of a file.`)
    if ((stat.mode & forbidden) !== 0)
      throw new HomebeatError('secret.mode', `Other users may open the secret file ${path}: run chmod 600 ${path}`)
    if (stat.size > MAX_SECRET_BYTES) throw tooLarge(path)
    const buffer = Buffer.alloc(MAX_SECRET_BYTES + 1)
    const length = readSync(descriptor, buffer, 0, buffer.length, 0)
    if (length > MAX_SECRET_BYTES) throw tooLarge(path)
    const secret = buffer.toString('utf8', 0, length).trim()
    buffer.fill(0)
    if (secret === '')
      throw new HomebeatError('secret.empty', `The secret file ${path} is empty: write the secret into it.`)
    return secret
  } finally {
    closeSync(descriptor)
  }
}

function open(path: string): number {
  try {
    // O_NONBLOCK: a named pipe without a writer would otherwise hold the process for ever.
    return openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new HomebeatError('secret.not-found', `There is no secret file ${path}: create it with mode 600.`, {
        cause,
      })
    throw new HomebeatError(
      'secret.unreadable',
      `The secret file ${path} cannot be read: it must belong to the user that runs Homebeat (chown).`,
      { cause },
    )
  }
}

function tooLarge(path: string): HomebeatError {
  return new HomebeatError(
    'secret.too-large',
    `The secret file ${path} is larger than ${MAX_SECRET_BYTES} bytes: is it the right file?`,
  )
}
