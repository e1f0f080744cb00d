import { mkdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { HomebeatError } from './errors.js'

/** Makes the data folder and its folder of keys, for the owner only. @throws HomebeatError `data-dir.unusable` */
export function ensureDataDir(dataDir: string): void {
  try {
    makeFolder(join(dataDir, 'keys'))
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new HomebeatError(
      'data-dir.unusable',
      `The data folder ${dataDir} cannot be made (${code}): choose another dataDir in the configuration, or give this user the right to write there.`,
      { cause },
    )
  }
}

/** A folder for the owner only, and those above it. Node's own `recursive` goes round for ever where a folder such as /proc takes none. */
export function makeFolder(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  mkdirSync(path, { mode: 0o700 })
}
