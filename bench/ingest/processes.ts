/** The processes that are measured: started with what they need, asked what they use, ended by their own id. */
import { type ChildProcess, fork, spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { endProcess } from '#simulators/end-process.js'

/** A process that has not ended by then is ended for good. */
export const PATIENCE_MS = 20_000
/** Linux: USER_HZ. */
const TICKS_PER_S = 100

export interface Usage {
  readonly rssMb: number
  /** User and system time since its start. */
  readonly cpuS: number
}

/** proc(5): VmRSS of status; utime and stime are fields 14 and 15 of stat, counted behind the command's parenthesis. */
export function usage(pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return {
    rssMb: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    cpuS: (Number(fields[11]) + Number(fields[12])) / TICKS_PER_S,
  }
}

export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))

/** Another file of this folder as a process; it speaks by messages, the first of them when it is ready. */
export class Helper {
  readonly #process: ChildProcess
  readonly #name: string
  readonly #messages: unknown[] = []
  #wake: () => void = () => {}
  #exited = false

  constructor(file: string, options: object) {
    this.#name = file
    this.#process = fork(new URL(file, import.meta.url), [JSON.stringify(options)])
    this.#process.on('message', (message) => {
      this.#messages.push(message)
      this.#wake()
    })
    this.#process.once('exit', () => {
      this.#exited = true
      this.#wake()
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  send(message: object): void {
    this.#process.send(message)
  }

  /** Its next message, in order. */
  async next<T>(): Promise<T> {
    while (this.#messages.length === 0) {
      if (this.#exited) throw new Error(`${this.#name} ended early`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#messages.shift() as T
  }

  async ask<T>(message: object): Promise<T> {
    this.send(message)
    return this.next<T>()
  }

  async stop(): Promise<void> {
    await endProcess(this.#process, 'SIGTERM', PATIENCE_MS)
  }
}

export function start(
  command: string,
  args: readonly string[],
  options: { readonly output: number; readonly cwd?: string; readonly env?: NodeJS.ProcessEnv },
): ChildProcess {
  const { output, ...rest } = options
  return spawn(command, [...args], { ...rest, stdio: ['ignore', output, output] })
}
