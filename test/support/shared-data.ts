import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '#gateway/platform/package-root.js'

/** The folder beside the project, or the one that this variable names. */
const folder = process.env['HOMEBEAT_SHARED_DATA'] ?? join(packageRoot, '..', 'shared', 'data')

/**
 * The path of a real recording that stays outside the project, or the test is counted as skipped with the reason.
 * Call as `sharedData(this, 'mitdb/100.hea')` in a `function` test.
 */
export function sharedData(test: Mocha.Context, path: string): string {
  const file = join(folder, path)
  if (!existsSync(file)) {
    const runnable = test.runnable() as Mocha.Runnable & { title: string }
    runnable.title += ` (skipped: recording ${path} is not on this machine)`
    test.skip()
  }
  return file
}
