import { existsSync } from 'node:fs'
import { join } from 'node:path'

/**
 * Where the service manager has put this credential (systemd `LoadCredential=`, `LoadCredentialEncrypted=`), or null.
 * https://systemd.io/CREDENTIALS/
 */
export function credentialPath(name: string, environment: NodeJS.ProcessEnv = process.env): string | null {
  const folder = environment['CREDENTIALS_DIRECTORY']
  if (!folder) return null
  const path = join(folder, name)
  return existsSync(path) ? path : null
}
