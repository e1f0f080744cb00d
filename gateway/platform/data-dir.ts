import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { HomebeatError } from './errors.js'

/** Makes the data folder and its folder of keys, for the owner only. @throws HomebeatError `data-dir.unusable` */
export function ensureDataDir(dataDir: string): void {
  try {
    mkdirSync(join(dataDir, 'keys'), { recursive: true, mode: 0o700 })
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code
    throw new HomebeatError(
      'data-dir.unusable',
      `The data folder ${dataDir} cannot be made (${code}): choose another dataDir in the configuration, or give this user the right to write there.`,
      { cause },
    )
  }
}
