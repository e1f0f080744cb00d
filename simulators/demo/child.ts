/** A child process of the demo: says in one JSON line when it is ready, is ended by its own process id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
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
  readonly exited: Promise<number>

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
      this.#process.once('exit', (code) => resolve(code ?? 1))
      this.#process.once('error', () => resolve(1))
    })
    this.#firstLine = new Promise((resolve, reject) => {
      if (stdout) createInterface({ input: stdout }).once('line', resolve)
      void this.exited.then((code) =>
        reject(
          new HomebeatError(
            'demo.child',
            `The demo's ${options.name} ended early (exit ${code}): see ${options.logFile}.`,
          ),
        ),
      )
    })
    this.#firstLine.catch(() => {}) // reported where it is awaited
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

  /** Asks it to end, waits `patienceMs`, then ends it for good. Resolves with its exit code. */
  async stop(patienceMs = 15_000): Promise<number> {
    this.#process.kill('SIGTERM')
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), patienceMs)
    const code = await this.exited
    clearTimeout(timer)
    return code
  }

  /** Ends it at once, as a power cut would. */
  async kill(): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.exited
  }
}
