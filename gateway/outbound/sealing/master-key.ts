/** The master key: it wraps the epoch keys in the journal, and nothing else. */
import { randomBytes } from 'node:crypto'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readOrCreateSecret } from '#gateway/platform/secrets/create-secret.js'

/**
 * Loads the master key's file (64 hex digits, mode 0600), or makes a new key where there is none. The credential
 * `homebeat-master-key` takes the place of the file where the service manager hands one over.
 * @returns 32 bytes
 * @throws HomebeatError `master-key.format`, `secret.*`
 */
export async function loadOrCreateMasterKey(path: string): Promise<Uint8Array> {
  const text = await readOrCreateSecret(path, () => randomBytes(32).toString('hex'), 'homebeat-master-key')
  if (!/^[0-9a-fA-F]{64}$/.test(text))
    throw new HomebeatError(
      'master-key.format',
      `The master key's file ${path} does not hold 64 hex digits: restore it from its backup; without it nothing sealed at rest can be opened.`,
    )
  return new Uint8Array(Buffer.from(text, 'hex'))
}
