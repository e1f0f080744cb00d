import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { type Identity, TLS_PROTOCOL } from '#gateway/platform/net/certificate.js'
import type { ConnectionPlaces, PlaceLimits } from '#gateway/platform/net/connection-places.js'
import { MAX_MESSAGE_BYTES } from './address.js'
import { paceSocket } from './paced-socket.js'
import { limitPackets } from './packet-limit.js'

/** Of the first packet, and of everything before the connection is admitted. */
const MAX_CONNECT_BYTES = 16 * 1024

/** A connection that says nothing, or half a CONNECT, takes nobody's place for long. */
export const BROKER_PLACES = { perAddress: 16, inAll: 64, patienceMs: 10_000 } as const satisfies PlaceLimits

export interface BrokerListenerOptions {
  readonly host: string
  readonly port: number
  /** Null: without encryption. */
  readonly identity: Identity | null
  /** Of one connection. */
  readonly bytesPerSecond: number
  readonly places: ConnectionPlaces
  /** Takes a connection whose packets are limited and whose bytes are paced. */
  readonly take: (socket: Socket) => void
  /** Counts what was refused, in one of a few fixed phrases. */
  readonly refuse: (what: string, from: string) => void
  readonly clock: Clock
  readonly logger: Logger
}

/** The port of the gateway's own MQTT broker: who may take a connection, and how much may come through it. */
export class BrokerListener {
  readonly #options: BrokerListenerOptions
  readonly #sockets = new Set<Socket>()
  readonly #server: Server

  private constructor(options: BrokerListenerOptions) {
    this.#options = options
    const { identity, refuse, logger } = options
    const take = (socket: Socket) => this.#take(socket)
    const server = identity
      ? createTlsServer({ ...identity, ...TLS_PROTOCOL, handshakeTimeout: BROKER_PLACES.patienceMs }, take)
      : createServer(take)
    // Before their TLS handshake.
    server.on('connection', (socket: Socket) => {
      socket.on('error', () => {})
      this.#sockets.add(socket)
      options.places.enter(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('tlsClientError', (error: Error) => {
      logger.debug({ reason: error.message }, 'TLS error')
      refuse('connections without a right TLS handshake', 'tls')
    })
    this.#server = server
  }

  /** @throws HomebeatError `mqtt.port-in-use`, `mqtt.cannot-listen` */
  static async listen(options: BrokerListenerOptions): Promise<BrokerListener> {
    const listener = new BrokerListener(options)
    const { host, port, logger } = options
    const server = listener.#server
    await new Promise<void>((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => reject(explainListenError(error, host, port)))
      server.listen({ host, port }, resolve)
    })
    server.on('error', (error) => logger.error({ reason: error.message }, 'the MQTT broker has an error'))
    return listener
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#options.port
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  #take(socket: Socket): void {
    const { places, bytesPerSecond, take, refuse, clock } = this.#options
    socket.setKeepAlive(true, 30_000)
    const limits = { first: MAX_CONNECT_BYTES, every: MAX_MESSAGE_BYTES }
    limitPackets(socket, limits, {
      mayGoOn: () => !places.isStranger(socket),
      exceeded: () => refuse('packets too long to be read', 'packet'),
    })
    paceSocket(socket, bytesPerSecond, clock)
    take(socket)
  }
}

function explainListenError(error: NodeJS.ErrnoException, host: string, port: number): HomebeatError {
  if (error.code === 'EADDRINUSE')
    return new HomebeatError(
      'mqtt.port-in-use',
      `port ${port} is already in use on ${host}: stop the other broker or choose another port in transports[].url`,
      { cause: error },
    )
  return new HomebeatError(
    'mqtt.cannot-listen',
    `cannot listen on ${host}:${port} (${error.code ?? error.message}): check host and port in transports[].url`,
    { cause: error },
  )
}
