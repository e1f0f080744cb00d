/** A child process of the demo: says in one JSON line when it is ready, is ended by its own process id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { HomebeatError } from '#gateway/platform/errors.js'

export interface ChildOptions {
  readonly name: string
  /** A built script and its arguments, run by this Node. */
  readonly args: readonly string[]
  /** Takes what the child writes on stderr. */
  readonly logFile: string
}

export class Child {
  readonly name: string
  readonly #process: ChildProcess
  readonly #firstLine: Promise<string>
  readonly #logFile: string
  /** Its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>

  /**
   * Starts it in a process group of its own, so that Ctrl-C reaches the demo alone, which then ends its children in
   * order; its standard input is a pipe, whose end tells it that the demo is gone.
   */
  constructor(options: ChildOptions) {
    this.name = options.name
    this.#logFile = options.logFile
    this.#process = spawn(process.execPath, [...options.args], { stdio: ['pipe', 'pipe', 'pipe'], detached: true })
    const { stdout, stderr, stdin } = this.#process
    stderr?.pipe(createWriteStream(options.logFile, { mode: 0o600 }))
    stdin?.on('error', () => {}) // it may end first
    this.exited = new Promise((resolve) => {
      // `close`: what it said last is then in the log.
      this.#process.once('close', (code, signal) => resolve(code ?? signal ?? 1))
      this.#process.once('error', () => resolve(1))
    })
    this.#firstLine = new Promise((resolve, reject) => {
      if (stdout) createInterface({ input: stdout }).once('line', resolve)
      void this.exited.then(() => this.early().then(reject))
    })
    this.#firstLine.catch(() => {}) // reported where it is awaited
  }

  /** Why it is a failure that it ended: how it ended, its own last word, and where its log is. */
  async early(): Promise<HomebeatError> {
    const ended = await this.exited
    const how = typeof ended === 'number' ? `exit code ${ended}` : ended
    const said = lastWords(this.#logFile)
    return new HomebeatError(
      'demo.child',
      `The demo's ${this.name} ended early (${how})${said && `: ${said}`}${/[.!]$/.test(said) ? '' : '.'} Its log: ${this.#logFile}`,
    )
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** What it said when it was ready. @throws HomebeatError `demo.child` when it ended before. */
  async ready<T>(): Promise<T> {
    const line = await this.#firstLine
    try {
      return JSON.parse(line) as T
    } catch (cause) {
      throw new HomebeatError('demo.child', `The demo's ${this.name} said "${line}": see ${this.#logFile}.`, { cause })
    }
  }

  /** Asks it to end, waits `patienceMs`, then ends it for good. Resolves with its exit code or signal. */
  async stop(patienceMs = 15_000): Promise<number | NodeJS.Signals> {
    this.#process.kill('SIGTERM')
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), patienceMs)
    const code = await this.exited
    clearTimeout(timer)
    return code
  }
}

/** The line with which a program of ours says why it ended; empty where there is none. */
function lastWords(logFile: string): string {
  try {
    const said = readFileSync(logFile, 'utf8')
      .match(/^homebeat[\w ]*: .+$/gm)
      ?.at(-1)
    return said?.replace(/^homebeat[\w ]*: /, '') ?? ''
  } catch {
    return '' // it ended before its log was there
  }
}
