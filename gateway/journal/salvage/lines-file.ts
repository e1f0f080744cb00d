import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** JSON lines beside the journal, for its owner only, each durable when `append` returns. A torn line is as none. */
export class LinesFile {
  readonly path: string

  constructor(path: string) {
    this.path = path
  }

  read(): unknown[] {
    return this.#text()
      .split('\n')
      .flatMap((line) => {
        try {
          return line === '' ? [] : [JSON.parse(line) as unknown]
        } catch {
          return []
        }
      })
  }

  append(...values: readonly unknown[]): void {
    if (values.length === 0) return
    const file = openSync(this.path, 'a', 0o600)
    try {
      // An empty line is skipped; without it a torn line would take this one with it.
      writeSync(file, `\n${lines(values)}`)
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  /** All or nothing. */
  replace(values: readonly unknown[]): void {
    writeDurably(this.path, lines(values))
  }

  #text(): string {
    try {
      return readFileSync(this.path, 'utf8')
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ''
      throw error
    }
  }
}

/** The whole file, mode 0600, in place when it returns; a power cut leaves the old one or the new one. */
export function writeDurably(path: string, text: string): void {
  const temporary = `${path}.tmp`
  const file = openSync(temporary, 'w', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  renameSync(temporary, path)
  syncFolder(dirname(path))
}

/** Makes what was renamed, made or removed in a folder durable. */
export function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

function lines(values: readonly unknown[]): string {
  return values.map((value) => `${JSON.stringify(value)}\n`).join('')
}
