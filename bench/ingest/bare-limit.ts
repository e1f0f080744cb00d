/**
 * A process: what the same parts can do at best. aedes, and its handler puts the raw payload into SQLite (WAL,
 * synchronous=FULL) with the gateway's bounds of a group commit; the PUBACK comes after the COMMIT. Checks nothing.
 */
import { createServer } from 'node:net'
import { Aedes } from 'aedes'
import { Sqlite } from '#gateway/platform/sqlite.js'

export interface BareOptions {
  readonly file: string
  readonly port: number
  readonly maxDelayMs: number
  readonly maxCount: number
}

const { file, port, maxDelayMs, maxCount } = JSON.parse(process.argv[2] ?? '{}') as BareOptions
const database = new Sqlite(file)
database.pragma('journal_mode = WAL')
database.pragma('synchronous = FULL')
database.exec('CREATE TABLE message (id INTEGER PRIMARY KEY, topic TEXT NOT NULL, payload BLOB NOT NULL)')
const insert = database.prepare('INSERT INTO message (topic, payload) VALUES (?, ?)')

interface Waiting {
  readonly topic: string
  readonly payload: Buffer | string
  readonly done: () => void
}
let group: Waiting[] = []
let timer: NodeJS.Timeout | null = null
const write = database.transaction((messages: readonly Waiting[]) => {
  for (const { topic, payload } of messages) insert.run(topic, payload)
})

function flush(): void {
  if (timer) clearTimeout(timer)
  timer = null
  const written = group
  group = []
  write(written)
  for (const { done } of written) done()
}

const broker = await Aedes.createBroker({
  authorizePublish: (client, { topic, payload }, done) => {
    if (!client) return done(new Error('only devices publish'))
    group.push({ topic, payload, done })
    if (group.length >= maxCount) flush()
    else timer ??= setTimeout(flush, maxDelayMs)
  },
})
createServer((socket) => broker.handle(socket)).listen(port, '127.0.0.1', () => process.send?.({ ready: true }))
process.on('disconnect', () => process.exit())
