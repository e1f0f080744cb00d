/** A process: the devices, each with a client and a window of its own. `{count}` → `{seconds}` until the last PUBACK. */
import { connectAsync, type MqttClient } from 'mqtt'
import { DEVICES, payloadOf, topicOf } from './messages.js'

export interface PublisherOptions {
  readonly port: number
  /** Messages in flight of each client. */
  readonly window: number
  /** By device; none where the broker lets everybody in. */
  readonly passwords?: Readonly<Record<string, string>>
}

const { port, window, passwords } = JSON.parse(process.argv[2] ?? '{}') as PublisherOptions
const clients = await Promise.all(
  DEVICES.map(({ id }) =>
    connectAsync({
      protocol: 'mqtt',
      host: '127.0.0.1',
      port,
      clientId: id,
      reconnectPeriod: 0,
      ...(passwords && { username: id, password: passwords[id] ?? '' }),
    }),
  ),
)

/** Resolves when the broker has acknowledged them all. */
function publish(client: MqttClient, topic: string, payloads: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    let next = 0
    let acknowledged = 0
    const one = () => {
      const payload = payloads[next++]
      if (payload === undefined) return
      client.publish(topic, payload, { qos: 1 }, (error) => {
        if (error) reject(error)
        else if (++acknowledged === payloads.length) resolve()
        else one()
      })
    }
    client.once('close', () => reject(new Error('the broker closed a connection')))
    for (let i = 0; i < window; i++) one()
  })
}

process.on('message', async ({ count }: { count: number }) => {
  const now = Date.now()
  const run = now.toString(36)
  const loads = DEVICES.map((device) =>
    Array.from({ length: count / DEVICES.length }, (_, n) => payloadOf(device, n, `${run}-${n}`, now - n)),
  )
  const startedAt = performance.now()
  await Promise.all(DEVICES.map((device, i) => publish(clients[i] as MqttClient, topicOf(device), loads[i] ?? [])))
  process.send?.({ seconds: (performance.now() - startedAt) / 1000 })
})
process.on('disconnect', () => process.exit())
process.send?.({ ready: true })
