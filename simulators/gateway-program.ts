import { join } from 'node:path'
import { packageRoot } from '#gateway/platform/package-root.js'

/** As in the first line of `gateway/main.ts`, which is not looked at when Node is started with the file. */
const NODE_FLAGS = ['--max-semi-space-size=2', '--no-parallel-scavenge', '--heap-growing-percent=25']

/** Node's arguments for `homebeat start` of the built program. @param nodeFlags beside its own, e.g. of the profiler */
export function startGateway(options: readonly string[], nodeFlags: readonly string[] = []): string[] {
  return [...NODE_FLAGS, ...nodeFlags, join(packageRoot, 'dist', 'gateway', 'main.js'), 'start', ...options]
}
