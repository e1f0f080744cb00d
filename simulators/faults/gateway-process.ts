/** The gateway as it is installed: `homebeat start` from `dist/`, in a process of its own, ended by its own id. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { runningStatus } from '#gateway/surfaces/status/status.js'
import { endProcess, hasEnded } from '../end-process.js'
import { startGateway } from '../gateway-program.js'
import { leaveNone } from './children.js'
import { until } from './waiting.js'

const READY_MS = 60_000
/** How long it may deliver at the end. */
const DRAIN_S = 120

export interface GatewayProcessOptions {
  readonly configFile: string
  readonly dataDir: string
  /** Takes what it says, of all its lives. */
  readonly logFile: string
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
    return this.#child !== null && !hasEnded(this.#child)
  }

  /** Returns at once; `ready()` waits. @param env laid over this process's. */
  start(env: NodeJS.ProcessEnv = {}): void {
    if (this.alive) return
    const { configFile, logFile } = this.#options
    const log = openSync(logFile, 'a', 0o600)
    const options = ['--config', configFile, '--until-stdin-closes', '--drain-seconds', String(DRAIN_S)]
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
    await endProcess(this.#child, 'SIGTERM', (DRAIN_S + 30) * 1000)
    return this.#child?.exitCode ?? 1
  }

  /** What a power cut does to the process. */
  async kill(): Promise<void> {
    await endProcess(this.#child, 'SIGKILL')
  }

  /** Resident memory now, MB. */
  residentMb(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1')
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1024
  }
}
