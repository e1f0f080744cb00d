/** Creates the files that hold the gateway's own keys. Reading them is `gateway/platform/secrets/secret-file.ts`. */
import { randomBytes } from 'node:crypto'
import { link, mkdir, open, unlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'
import { credentialPath } from '#gateway/platform/secrets/credential.js'
import { readCredential, readSecret } from '#gateway/platform/secrets/secret-file.js'

/**
 * The secret in `path`; if there is no such file, `create()` is written there first (mode 0600, durable, all or
 * nothing: a power cut leaves no half a key, and of two processes one wins and both read the same).
 *
 * @param credential name under which a service manager may hand it over instead; then no file is read or made
 * @throws HomebeatError `secret.*` as `readSecret`, `secret.create` where the folder cannot be written
 */
export async function readOrCreateSecret(path: string, create: () => string, credential?: string): Promise<string> {
  const handed = credential === undefined ? null : credentialPath(credential)
  if (handed !== null) return readCredential(handed)
  try {
    return readSecret(path)
  } catch (error) {
    if (!(error instanceof HomebeatError) || error.code !== 'secret.not-found') throw error
  }
  try {
    await createSecret(path, create())
  } catch (cause) {
    throw new HomebeatError(
      'secret.create',
      `The key file ${path} cannot be created (${(cause as Error).message}): give Homebeat's user a folder it may write to.`,
      { cause },
    )
  }
  return readSecret(path)
}

async function createSecret(path: string, secret: string): Promise<void> {
  const folder = dirname(path)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const temporary = join(folder, `.${randomBytes(8).toString('hex')}.tmp`)
  try {
    const file = await open(temporary, 'wx', 0o600)
    try {
      await file.writeFile(`${secret}\n`)
      await file.sync()
    } finally {
      await file.close()
    }
    // A link never replaces: an existing key is not lost to a second process that starts at the same time.
    await link(temporary, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
    })
  } finally {
    await unlink(temporary).catch(() => {})
  }
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
