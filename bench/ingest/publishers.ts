/**
 * A process: the devices, each with a connection and a window of its own. `{count}` → `{seconds}` until the last PUBACK.
 *
 * Written on bare sockets with packets encoded before the clock starts: what a client library does for a message would
 * cost more than the receivers that are measured, and one slow publisher makes all receivers look alike.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { DEVICES, payloadOf, topicOf } from './messages.js'
import { CONNACK_BYTES, connectPacket, PUBACK, PUBACK_BYTES, publishPacket } from './mqtt-packets.js'

export interface PublisherOptions {
  readonly port: number
  /** Messages in flight of each client. */
  readonly window: number
  /** Password of each device; none where the broker lets everybody in. */
  readonly passwords?: Readonly<Record<string, string>>
}

const { port, window, passwords } = JSON.parse(process.argv[2] ?? '{}') as PublisherOptions
const sockets = await Promise.all(DEVICES.map(({ id }) => open(id, passwords?.[id])))

async function open(id: string, password?: string): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  await once(socket, 'connect')
  socket.write(connectPacket(id, password))
  const [answer] = (await once(socket, 'data')) as [Buffer]
  if (answer.length !== CONNACK_BYTES || answer[3] !== 0) throw new Error(`the broker refused ${id}`)
  return socket
}

interface Load {
  readonly bytes: Buffer
  /** Where each packet ends. */
  readonly ends: readonly number[]
}

function encode(topic: string, payloads: readonly string[]): Load {
  const packets = payloads.map((payload, n) => publishPacket(topic, payload, (n % 0xffff) + 1))
  let end = 0
  return { bytes: Buffer.concat(packets), ends: packets.map((packet) => (end += packet.length)) }
}

/** Resolves when the broker has acknowledged them all. */
function publish(socket: Socket, { bytes, ends }: Load): Promise<void> {
  return new Promise((resolve, reject) => {
    let sent = 0
    let received = 0
    const send = () => {
      const next = Math.min(Math.floor(received / PUBACK_BYTES) + window, ends.length)
      if (next === sent) return
      socket.write(bytes.subarray(ends[sent - 1] ?? 0, ends[next - 1]))
      sent = next
    }
    const lost = () => reject(new Error('the broker closed a connection'))
    const take = (chunk: Buffer) => {
      for (let at = (PUBACK_BYTES - (received % PUBACK_BYTES)) % PUBACK_BYTES; at < chunk.length; at += PUBACK_BYTES)
        if (chunk[at] !== PUBACK) reject(new Error('the broker said something else than PUBACK'))
      received += chunk.length
      if (received < ends.length * PUBACK_BYTES) return send()
      socket.off('data', take)
      socket.off('close', lost)
      resolve()
    }
    socket.on('data', take)
    socket.once('close', lost)
    send()
  })
}

process.on('message', async ({ count }: { count: number }) => {
  const now = Date.now()
  const run = now.toString(36)
  const loads = DEVICES.map((device) =>
    encode(
      topicOf(device),
      Array.from({ length: count / DEVICES.length }, (_, n) => payloadOf(device, n, `${run}-${n}`, now - n)),
    ),
  )
  const startedAt = performance.now()
  await Promise.all(sockets.map((socket, i) => publish(socket, loads[i] as Load)))
  process.send?.({ seconds: (performance.now() - startedAt) / 1000 })
})
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
