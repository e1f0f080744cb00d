import mqtt, { type IClientOptions, type IPublishPacket, type MqttClient } from 'mqtt'
import type { FrameOutcome } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { explainMqttError } from './client-errors.js'
import { PubackQueue } from './puback-queue.js'

/** Taken and not acknowledged yet. The broker may have a smaller bound of its own. */
const MAX_UNACKNOWLEDGED = 200
/** To mqtt.js: take the next packet, and leave the PUBACK of this one to us. */
const LATER = new Error('acknowledged when it is stored')
/** For the last bytes when the transport is stopped. */
const GRACE_MS = 2000

export interface ClientSessionDependencies {
  readonly options: IClientOptions
  /** For people: host and port. */
  readonly where: string
  /** Topic filters. */
  readonly subscribe: readonly string[]
  readonly clock: Clock
  /** Ends the session. */
  readonly signal: AbortSignal
  readonly connected: () => void
  /** A message was stored, or refused for good. */
  readonly acknowledged: () => void
  /** Resolves when the next message may be looked at. @param ended when nothing can be acknowledged any more */
  readonly take: (packet: IPublishPacket, ended: AbortSignal, settled: (outcome: FrameOutcome) => void) => Promise<void>
}

export interface SessionEnd {
  /** How long it was connected, ms; null: never. */
  readonly connectedMs: number | null
  readonly failure: HomebeatError | null
}

/** One connection, with an mqtt.js client of its own: nothing of a lost connection can reach the next. Resolves at its end. */
export async function runClientSession(dependencies: ClientSessionDependencies): Promise<SessionEnd> {
  const { options, where, clock, signal, take } = dependencies
  const ended = new AbortController()
  let failure: HomebeatError | null = null
  let connectedAt: number | null = null
  const fail = (error: Error) => {
    failure ??= explainMqttError(error, where)
    client.end(true)
  }
  const client = mqtt.connect({ ...options })
  // What mqtt.js would send when it is told that a message was handled (3.4): by then the next one would have waited.
  const pubacks = new PubackQueue(MAX_UNACKNOWLEDGED, (id) => {
    if (client.connected) client.stream.write(Buffer.from([0x40, 2, id >> 8, id & 0xff]))
  })
  client.handleMessage = (packet, next) => {
    const settle = packet.qos === 0 ? () => {} : pubacks.add(packet.messageId as number)
    const settled = (outcome: FrameOutcome) => {
      if (ended.signal.aborted) return
      if (outcome.outcome !== 'not-stored') {
        dependencies.acknowledged()
        settle()
        return
      }
      // Nothing more is acknowledged: the broker sends it again on the next connection, and what came after it.
      pubacks.close()
      const why = 'a message could not be stored: it is fetched again'
      fail(new HomebeatError('mqtt.not-stored', why, { retry: 'transient' }))
    }
    void take(packet, ended.signal, settled)
      .then(() => pubacks.whenRoom())
      .then(() => next(LATER))
  }
  client.on('error', fail)
  client.on('connect', () => {
    connectedAt = clock.monotonic()
    dependencies.connected()
    // The messages of a kept session come before the answer to this.
    subscribe(client, dependencies).catch(fail)
  })
  let cancelForce = () => {}
  const abort = () => {
    const force = () => client.end(true)
    if (!client.connected) return force()
    // Lets the acknowledgements that are under way get out first.
    cancelForce = clock.after(GRACE_MS, force)
    client.stream.end(force)
  }
  signal.addEventListener('abort', abort, { once: true })
  await new Promise<void>((resolve) => client.once('close', resolve))
  ended.abort()
  pubacks.close()
  cancelForce()
  const connectedMs = connectedAt === null ? null : clock.monotonic() - connectedAt
  signal.removeEventListener('abort', abort)
  await new Promise<void>((resolve) => client.end(true, () => resolve()))
  return { connectedMs, failure }
}

async function subscribe(client: MqttClient, { subscribe, where }: ClientSessionDependencies): Promise<void> {
  const grants = await client.subscribeAsync([...subscribe], { qos: 1 })
  const refused = grants.filter((grant) => grant.qos === 128).map(({ topic }) => topic)
  if (refused.length > 0)
    throw new HomebeatError(
      'mqtt.subscription-refused',
      `the MQTT broker ${where} does not let this user read ${refused.join(', ')}: allow it in the broker's access list`,
      { retry: 'transient' },
    )
}
