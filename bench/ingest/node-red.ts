/** The same messages into Node-RED 4 behind a broker, counted when they are rows of its file. */
import { execFile } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { endProcess } from '#simulators/end-process.js'
import { freePort } from '#simulators/free-port.js'
import { flowFor, NODE_RED_TABLE } from './node-red-flow.js'
import { PATIENCE_MS as END_MS, Helper, sleep, start } from './processes.js'
import { WINDOW } from './rate.js'

const CACHE = join(homedir(), '.cache', 'homebeat', 'node-red')
const LISTED = fileURLToPath(new URL('./node-red/', import.meta.url))
const MOSQUITTO = '/usr/sbin/mosquitto'
const PATIENCE_MS = 120_000

export const brokerName = existsSync(MOSQUITTO) ? 'mosquitto' : 'aedes'

/** Installs what package-lock.json here names, unless it is there. @throws with npm's last words when it cannot. */
async function install(): Promise<void> {
  mkdirSync(CACHE, { recursive: true })
  const lock = join(CACHE, 'package-lock.json')
  const wanted = readFileSync(join(LISTED, 'package-lock.json'), 'utf8')
  const native = join(CACHE, 'node_modules', 'sqlite3', 'build', 'Release', 'node_sqlite3.node')
  if (existsSync(native) && existsSync(lock) && readFileSync(lock, 'utf8') === wanted) return
  for (const file of ['package.json', 'package-lock.json']) copyFileSync(join(LISTED, file), join(CACHE, file))
  // sqlite3 has a native part: prebuilt where its host can be reached, else compiled with the headers beside this Node.
  const headers = join(process.execPath, '..', '..')
  const env = { ...process.env, ...(existsSync(join(headers, 'include', 'node')) && { npm_config_nodedir: headers }) }
  const npm = (...args: string[]) => promisify(execFile)('npm', args, { cwd: CACHE, env, timeout: 600_000 })
  await npm('ci', '--no-audit', '--no-fund')
  if (!existsSync(native)) await npm('rebuild', 'sqlite3')
}

/** @returns false where it cannot be; `say` is told why. */
export async function installNodeRed(say: (text: string) => void): Promise<boolean> {
  try {
    await install()
    return true
  } catch (error) {
    say(`Node-RED cannot be installed: ${error instanceof Error ? error.message.split('\n')[0] : error}`)
    return false
  }
}

/** @returns messages a second of a new Node-RED, warmed up with a quarter of the messages */
export async function nodeRedRate(count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-bench-'))
  const broker = await startBroker(folder)
  const file = join(folder, 'node-red.db')
  const database = new Sqlite(file)
  database.pragma('journal_mode = WAL')
  database.exec(NODE_RED_TABLE)
  writeFileSync(join(folder, 'flows.json'), JSON.stringify(flowFor({ brokerPort: broker.port, file })))
  writeFileSync(
    join(folder, 'settings.js'),
    `module.exports = { flowFile: 'flows.json', uiHost: '127.0.0.1', uiPort: ${await freePort()}, disableEditor: true, httpAdminRoot: false, httpNodeRoot: false, logging: { console: { level: 'info' } } }\n`,
  )
  const log = join(folder, 'node-red.log')
  const program = join(CACHE, 'node_modules', 'node-red', 'red.js')
  const nodeRed = start(process.execPath, [program, '-u', folder, '-s', join(folder, 'settings.js')], {
    output: openSync(log, 'w', 0o600),
    cwd: CACHE,
  })
  const publishers = new Helper('./publishers.ts', { port: broker.port, window: WINDOW })
  try {
    await until(() => /Connected to broker/.test(readFileSync(log, 'utf8')), `Node-RED does not connect: see ${log}`)
    await publishers.next()
    await sleep(500) // its subscription
    const rows = database.prepare('SELECT coalesce(max(id), 0) AS rows FROM measurement').pluck()
    const run = async (messages: number) => {
      const target = Number(rows.get()) + messages
      const startedAt = performance.now()
      publishers.send({ count: messages })
      await until(() => Number(rows.get()) >= target, `Node-RED stored only ${rows.get()} of ${target} messages`)
      const seconds = (performance.now() - startedAt) / 1000
      await publishers.next()
      return messages / seconds
    }
    await run(count / 4)
    return await run(count)
  } finally {
    await publishers.stop()
    await endProcess(nodeRed, 'SIGTERM', END_MS)
    await broker.stop()
    database.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function startBroker(folder: string) {
  const port = await freePort()
  if (brokerName === 'aedes') {
    const aedes = new Helper('./plain-broker.ts', { port })
    await aedes.next()
    return { port, stop: () => aedes.stop() }
  }
  const config = join(folder, 'mosquitto.conf')
  // Without bounds: what waits for Node-RED must not be dropped.
  writeFileSync(
    config,
    `listener ${port} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_queued_messages 0\nmax_inflight_messages 0\n`,
  )
  const mosquitto = start(MOSQUITTO, ['-c', config], { output: openSync(join(folder, 'mosquitto.log'), 'w', 0o600) })
  await sleep(300)
  return { port, stop: () => endProcess(mosquitto, 'SIGTERM', END_MS) }
}

async function until(condition: () => boolean, otherwise: string): Promise<void> {
  for (let waited = 0; !condition(); waited += 20) {
    if (waited > PATIENCE_MS) throw new Error(otherwise)
    await sleep(20)
  }
}
