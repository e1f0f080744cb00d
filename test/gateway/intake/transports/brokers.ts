/** Far ends of the MQTT transports: devices, and a mosquitto process as a site's broker. */
import { type ChildProcess, execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { freePort } from '#simulators/free-port.js'

export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'homebeat-mqtt-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

export async function writeSecret(folder: string, name: string, secret: string, mode = 0o600): Promise<string> {
  const file = join(folder, name)
  await writeFile(file, `${secret}\n`)
  await chmod(file, mode)
  return name
}

/** An MQTT client as a device or a site's program would be: no reconnecting unless told. */
export function mqttClient(port: number, options: IClientOptions = {}): MqttClient {
  const client = mqtt.connect({
    host: '127.0.0.1',
    port,
    protocol: 'mqtt',
    reconnectPeriod: 0,
    connectTimeout: 15_000,
    ...options,
  })
  client.on('error', () => {})
  return client
}

export async function connected(client: MqttClient): Promise<MqttClient> {
  if (client.connected) return client
  return new Promise((resolve, reject) => {
    client.once('connect', () => resolve(client))
    client.once('close', () => reject(new Error('the broker closed the connection')))
  })
}

export function closeOf(client: MqttClient): Promise<void> {
  return new Promise((resolve) => client.once('close', () => resolve()))
}

/** The code of the CONNACK that refused a client. */
export function refusal(client: MqttClient): Promise<number> {
  return new Promise((resolve, reject) => {
    client.once('error', (error) => resolve((error as Error & { code: number }).code))
    client.once('connect', () => reject(new Error('the broker let the client in')))
  })
}

const MOSQUITTO = '/usr/sbin/mosquitto'

export function hasMosquitto(): boolean {
  return existsSync(MOSQUITTO)
}

const run = promisify(execFile)

export function hasMosquittoClients(): boolean {
  return existsSync('/usr/bin/mosquitto_sub') && existsSync('/usr/bin/mosquitto_pub')
}

/** Runs mosquitto_sub or mosquitto_pub to its end. @returns what it printed. Rejects when its exit code is not 0. */
export async function mosquittoClient(program: 'sub' | 'pub', ...args: string[]): Promise<string> {
  return (await run(`/usr/bin/mosquitto_${program}`, args, { timeout: 20_000 })).stdout
}

export interface MosquittoOptions {
  /** Speaks TLS with this certificate on `port`. */
  readonly identity?: { readonly cert: string; readonly key: string }
  readonly persistent?: boolean
  /** Files in its folder; it then listens on `tlsPort` too. */
  readonly tls?: { readonly key: string; readonly certificate: string }
  /** A topic filter that nobody may publish to. */
  readonly forbidden?: string
}

/** A mosquitto process on a free port, which knows one user. */
export class Mosquitto {
  readonly port: number
  readonly tlsPort: number
  readonly #config: string
  #process: ChildProcess

  private constructor(process: ChildProcess, port: number, tlsPort: number, config: string) {
    this.#process = process
    this.#config = config
    this.port = port
    this.tlsPort = tlsPort
  }

  static async start(
    folder: string,
    user: string,
    password: string,
    { identity, persistent, tls, forbidden }: MosquittoOptions = {},
  ): Promise<Mosquitto> {
    const [port, tlsPort] = [await freePort(), await freePort()]
    if (identity) {
      await writeFile(join(folder, 'broker.crt'), identity.cert)
      await writeFile(join(folder, 'broker.key'), identity.key)
    }
    const passwords = join(folder, 'mosquitto.passwd')
    execFileSync('mosquitto_passwd', ['-b', '-c', passwords, user, password], { stdio: 'ignore' })
    const config = join(folder, 'mosquitto.conf')
    const access = join(folder, 'mosquitto.acl')
    if (forbidden !== undefined) {
      await writeFile(access, `user ${user}\ntopic readwrite #\ntopic deny ${forbidden}\n`, { mode: 0o600 })
    }
    await writeFile(
      config,
      [
        `listener ${port} 127.0.0.1`,
        'allow_anonymous false',
        `password_file ${passwords}`,
        ...(identity ? [`certfile ${join(folder, 'broker.crt')}`, `keyfile ${join(folder, 'broker.key')}`] : []),
        ...(persistent ? ['persistence true', `persistence_location ${folder}/`] : ['persistence false']),
        // Started as root it would change to a user who cannot read the folder.
        'user root',
        ...(forbidden === undefined ? [] : [`acl_file ${access}`]),
        ...(tls
          ? [
              `listener ${tlsPort} 127.0.0.1`,
              `certfile ${join(folder, tls.certificate)}`,
              `keyfile ${join(folder, tls.key)}`,
            ]
          : []),
        '',
      ].join('\n'),
    )
    const process = spawn(MOSQUITTO, ['-c', config], { stdio: 'ignore' })
    const broker = new Mosquitto(process, port, tlsPort, config)
    await broker.#answers()
    return broker
  }

  async restart(): Promise<void> {
    await this.stop()
    this.#process = spawn(MOSQUITTO, ['-c', this.#config], { stdio: 'ignore' })
    await this.#answers()
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGTERM')
    await ended
  }

  async #answers(): Promise<void> {
    for (;;) {
      if (this.#process.exitCode !== null) throw new Error(`mosquitto ended with ${this.#process.exitCode}`)
      const socket = connect(this.port, '127.0.0.1')
      const open = await Promise.race([
        once(socket, 'connect').then(() => true),
        new Promise<boolean>((resolve) => socket.once('error', () => resolve(false))),
      ])
      socket.destroy()
      if (open) return
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
}
