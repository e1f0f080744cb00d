/** The site's own MQTT broker: a real mosquitto that keeps sessions on its disk, and can be restarted. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { endProcess } from '../../end-process.js'
import { leaveNone } from '../children.js'
import { until } from '../waiting.js'

export const MOSQUITTO = '/usr/sbin/mosquitto'

export class Mosquitto implements Lifecycle {
  readonly port: number
  readonly #folder = mkdtempSync(join(tmpdir(), 'homebeat-mosquitto-'))
  #child: ChildProcess | null = null

  constructor(port: number) {
    this.port = port
  }

  async start(): Promise<void> {
    if (this.#child) return
    const file = join(this.#folder, 'mosquitto.conf')
    const lines = [
      `listener ${this.port} 127.0.0.1`,
      'allow_anonymous true',
      'persistence true',
      `persistence_location ${this.#folder}/`,
      'max_queued_messages 100000',
      // Started as root it would change to a user who cannot read the folder.
      'user root',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    const child = leaveNone(spawn(MOSQUITTO, ['-c', file], { stdio: 'ignore' }))
    this.#child = child
    await until('mosquitto', () => answers(this.port), { everyMs: 20, patienceMs: 10_000 })
  }

  /** Ends the broker in order, so that it writes what it has taken. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = null
    await endProcess(child, 'SIGTERM')
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    const end = (open: boolean) => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => end(true)).once('error', () => end(false))
  })
}
