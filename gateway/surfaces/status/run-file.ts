/** `run.json` in the data folder: where a running gateway can be asked. Written at start, removed at stop. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Lifecycle } from '#gateway/model/lifecycle.js'

const schema = z.object({ pid: z.number().int(), console: z.url() })
export type RunFile = z.output<typeof schema>

const pathOf = (dataDir: string) => join(dataDir, 'run.json')

export function writeRunFile(dataDir: string, run: RunFile): void {
  writeFileSync(pathOf(dataDir), `${JSON.stringify(run)}\n`, { mode: 0o600 })
}

export function removeRunFile(dataDir: string): void {
  rmSync(pathOf(dataDir), { force: true })
}

/** Null when there is none, or none that can be understood: a crash may leave one behind, so a reader must try it. */
export function readRunFile(dataDir: string): RunFile | null {
  try {
    return schema.parse(JSON.parse(readFileSync(pathOf(dataDir), 'utf8')))
  } catch {
    return null
  }
}

/** Announces a gateway while it runs. */
export class RunFileWriter implements Lifecycle {
  readonly #dataDir: string
  readonly #consoleUrl: () => string

  /** @param consoleUrl asked at start, when the page's port is known */
  constructor(dataDir: string, consoleUrl: () => string) {
    this.#dataDir = dataDir
    this.#consoleUrl = consoleUrl
  }

  async start(): Promise<void> {
    writeRunFile(this.#dataDir, { pid: process.pid, console: this.#consoleUrl() })
  }

  async stop(): Promise<void> {
    removeRunFile(this.#dataDir)
  }
}
