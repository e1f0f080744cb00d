/** A serial cable with a kit at its end: a pseudo-terminal that is pulled out and put back. Needs socat. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { endProcess, hasEnded } from '../../end-process.js'
import { leaveNone } from '../children.js'
import { until } from '../waiting.js'
import { KitLines } from './kit-lines.js'

export class Cable implements Lifecycle {
  readonly #folder = mkdtempSync(join(tmpdir(), 'homebeat-cable-'))
  readonly #kit = new KitLines()
  #socat: ChildProcess | null = null
  #line: Socket | null = null
  #timer: NodeJS.Timeout | undefined
  readonly #server = createServer((socket) => {
    // Opening the port resets the kit.
    this.#line = socket
    socket.on('error', () => {})
    socket.once('close', () => {
      if (this.#line === socket) this.#line = null
    })
    socket.resume()
    socket.write(this.#kit.boot())
  })

  /** The link has a constant name, like one in `/dev/serial/by-id`. */
  get path(): string {
    return join(this.#folder, 'ttyKit')
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(join(this.#folder, 'uart'), resolve))
    this.#timer = setInterval(() => this.#say(this.#kit.tenth().join('')), 100)
    await this.plug()
  }

  async plug(): Promise<void> {
    this.#spawn()
    await until('the pseudo-terminal', () => existsSync(this.path), { everyMs: 10, patienceMs: 10_000 })
  }

  /** Pulls the cable in the middle of a line. */
  async pull(): Promise<void> {
    const socat = this.#socat
    this.#socat = null
    this.#say(this.#kit.tenth().join('').slice(0, 40))
    if (!socat || hasEnded(socat)) return
    await endProcess(socat, 'SIGKILL')
    // Killed, it leaves its link behind; a plug that is out has no device.
    rmSync(this.path, { force: true })
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.pull()
    this.#line?.destroy()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
    rmSync(this.#folder, { recursive: true, force: true })
  }

  #spawn(): void {
    const terminal = `PTY,link=${this.path},raw,echo=0,wait-slave,pty-interval=0.05`
    const uart = `UNIX-CONNECT:${join(this.#folder, 'uart')}`
    const child = leaveNone(spawn('socat', [terminal, uart], { stdio: 'ignore' }))
    this.#socat = child
    child.once('error', () => {})
    // socat ends when a program closes the terminal; the plug is still in.
    child.once('exit', () => {
      if (this.#socat === child) this.#spawn()
    })
  }

  #say(text: string): void {
    this.#line?.write(text, 'latin1')
  }
}
