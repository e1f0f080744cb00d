/** The scenarios that come with Homebeat. */
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { packageRoot } from '#gateway/platform/package-root.js'

const folder = join(packageRoot, 'simulators', 'scenarios')

/** Their files, by name. */
export function shippedScenarios(): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.yaml'))
    .sort()
    .map((name) => join(folder, name))
}
