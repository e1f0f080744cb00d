/** The disk below one folder of a process, made to go wrong by `shim.c`, which is compiled when it is first needed. */
import { execFile } from 'node:child_process'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'

export type DiskFault =
  | { readonly fault: 'none' | 'full' | 'read-only' | 'lie' }
  /** The next so many writes or syncs. */
  | { readonly fault: 'error'; readonly times: number }
  /** Each sync takes so long. */
  | { readonly fault: 'slow'; readonly ms: number }

export class FaultyDisk {
  readonly #folder: string
  readonly #work = mkdtempSync(join(tmpdir(), 'homebeat-disk-'))
  #order = 0

  /** @param folder absolute; only what is below it goes wrong. */
  constructor(folder: string) {
    this.#folder = folder
  }

  /** What the process must find in its environment. @throws HomebeatError `faults.compiler` where there is no cc */
  async environment(): Promise<NodeJS.ProcessEnv> {
    const library = join(this.#work, 'shim.so')
    const source = join(packageRoot, 'simulators', 'faults', 'disk', 'shim.c')
    const flags = ['-shared', '-fPIC', '-O2', '-Wall', '-Wextra', '-Werror']
    await promisify(execFile)('cc', [...flags, '-o', library, source, '-ldl']).catch((cause) => {
      throw new HomebeatError('faults.compiler', 'The disk’s shim could not be compiled: install gcc.', { cause })
    })
    this.set({ fault: 'none' })
    return { LD_PRELOAD: library, HOMEBEAT_DISK_FOLDER: this.#folder, HOMEBEAT_DISK_CONTROL: this.#control }
  }

  /** The fault holds from the process's next call on. */
  set(disk: DiskFault): void {
    const number = disk.fault === 'error' ? disk.times : disk.fault === 'slow' ? disk.ms : 0
    // Renamed into its place: the process must not read half of it.
    writeFileSync(`${this.#control}.new`, `${++this.#order} ${disk.fault} ${number}\n`)
    renameSync(`${this.#control}.new`, this.#control)
  }

  remove(): void {
    rmSync(this.#work, { recursive: true, force: true })
  }

  get #control(): string {
    return join(this.#work, 'control')
  }
}
