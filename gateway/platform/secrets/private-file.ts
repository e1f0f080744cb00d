import { randomBytes } from 'node:crypto'
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'

const MAX_BYTES = 1024 * 1024

/** The text of a file that only its owner may open, or null when there is none. @throws HomebeatError `private-file.*` */
export function readPrivateFile(path: string): string | null {
  let descriptor: number
  try {
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw new HomebeatError(
      'private-file.unreadable',
      `${path} cannot be read: it must belong to Homebeat's user (chown).`,
      {
        cause,
      },
    )
  }
  try {
    const { mode, size } = fstatSync(descriptor)
    if ((mode & 0o077) !== 0)
      throw new HomebeatError('private-file.mode', `Other users may open ${path}: run chmod 600 ${path}`)
    if (size > MAX_BYTES)
      throw new HomebeatError('private-file.too-large', `${path} is too large: put a backup of it back.`)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

/**
 * Replaces the file as a whole, mode 0600: after a power cut it is the old one or the new one.
 * @throws HomebeatError `private-file.not-written`
 */
export function writePrivateFile(path: string, text: string): void {
  const folder = dirname(path)
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const descriptor = openSync(temporary, 'wx', 0o600)
    try {
      writeFileSync(descriptor, text)
      fsyncSync(descriptor)
    } finally {
      closeSync(descriptor)
    }
    renameSync(temporary, path)
  } catch (cause) {
    try {
      unlinkSync(temporary)
    } catch {
      // It was not made, or has its new name already.
    }
    const code = (cause as NodeJS.ErrnoException).code
    throw new HomebeatError(
      'private-file.not-written',
      `${path} cannot be written (${code}): check the disk and its owner.`,
      {
        cause,
      },
    )
  }
  const directory = openSync(folder, 'r')
  try {
    fsyncSync(directory)
  } finally {
    closeSync(directory)
  }
}
