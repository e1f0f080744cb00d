/** The gateway as it is installed: `homebeat start` from `dist/`, in a process of its own, ended by its own id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { runningStatus } from '#gateway/surfaces/status/status.js'
import { startGateway } from '../gateway-program.js'
import { leaveNone } from './children.js'
import { until } from './waiting.js'

const READY_MS = 60_000

export interface GatewayProcessOptions {
  readonly configFile: string
  readonly dataDir: string
  /** Takes what it says, of all its lives. */
  readonly logFile: string
  /** How long it may deliver at the end; default 120 s. */
  readonly drainSeconds?: number
}

export class GatewayProcess {
  readonly #options: GatewayProcessOptions
  #child: ChildProcess | null = null

  constructor(options: GatewayProcessOptions) {
    this.#options = options
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }
  get alive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Returns at once; `ready()` waits. @param env laid over this process's. */
  start(env: NodeJS.ProcessEnv = {}): void {
    if (this.alive) return
    const { configFile, logFile, drainSeconds = 120 } = this.#options
    const log = openSync(logFile, 'a', 0o600)
    const options = ['--config', configFile, '--until-stdin-closes', '--drain-seconds', String(drainSeconds)]
    const child = spawn(process.execPath, startGateway(options), {
      stdio: ['pipe', 'ignore', log],
      env: { ...process.env, NODE_OPTIONS: '', ...env },
      detached: true,
    })
    closeSync(log)
    child.stdin?.on('error', () => {}) // it may end first
    this.#child = leaveNone(child)
  }

  /** Resolves when the gateway reads and answers. @throws HomebeatError `faults.gateway` when it ended before that */
  async ready(): Promise<void> {
    const child = this.#child
    await until('the gateway to start', () => readRunFile(this.#options.dataDir)?.pid === child?.pid || !this.alive, {
      everyMs: 10,
      patienceMs: READY_MS,
    })
    if (!this.alive) throw new HomebeatError('faults.gateway', `The gateway ended early: see ${this.#options.logFile}.`)
  }

  /** The gateway's own status, or null while it cannot answer. */
  status(): Promise<GatewayStatus | null> {
    return runningStatus(this.#options.dataDir)
  }

  /** Asks it to end in order; resolves with its exit code. */
  async stop(): Promise<number> {
    const child = this.#child
    if (!child || !this.alive) return child?.exitCode ?? 1
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGTERM')
    const patienceMs = ((this.#options.drainSeconds ?? 120) + 30) * 1000
    const late = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    await ended
    clearTimeout(late)
    return child.exitCode ?? 1
  }

  /** What a power cut does to the process. */
  async kill(): Promise<void> {
    const child = this.#child
    if (!child || !this.alive) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await ended
  }

  /** Resident memory now, MB. */
  residentMb(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024
  }
}
