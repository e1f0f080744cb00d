import { resolve } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readSecret } from './secret-file.js'

/**
 * Looks at every secret file that a configuration names, before anything starts.
 * @throws HomebeatError `config.secrets`, a line for each file that is missing, empty or open to other users
 */
export function checkSecrets(baseDir: string, files: readonly (string | undefined)[]): void {
  const problems = [...new Set(files)].flatMap((file) => {
    if (file === undefined) return []
    try {
      readSecret(resolve(baseDir, file))
      return []
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)]
    }
  })
  if (problems.length > 0) throw new HomebeatError('config.secrets', problems.join('\n'))
}
