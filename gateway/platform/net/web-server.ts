/** What all servers have in common that people and programs ask over HTTP. */
import type { FastifyInstance, FastifyRequest, FastifyServerOptions } from 'fastify'
import { fastify } from 'fastify'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { type Identity, TLS_PROTOCOL } from './certificate.js'
import type { ConnectionPlaces, PlaceLimits } from './connection-places.js'

/** Of the first byte, of a whole request, and of a TLS handshake, ms. */
const PATIENCE_MS = 10_000
/** How often Node looks for requests that do not end, ms; its own default is half a minute. */
const LOOKED_AT_MS = 1000
/** Of a connection that has been admitted, between two requests, ms. */
const IDLE_MS = 5000
/** Node closes what comes beyond these in silence: the places of strangers are full long before. */
const MAX_CONNECTIONS = 1000

/** Whoever reads one of several where another program reads another is fooled. */
const ONCE = ['host', 'origin', 'authorization', 'content-type', 'content-length', 'sec-fetch-site']

/** Of a server that strangers reach. Many requests come at once only through a proxy, or to a clinic. */
export const WEB_PLACES = { perAddress: 16, inAll: 256, patienceMs: PATIENCE_MS } as const satisfies PlaceLimits

/** @param options.places what bounds the connections of strangers; without, only this machine reaches the server */
export function webServer(
  options: FastifyServerOptions & { readonly tls?: Identity | null; readonly places?: ConnectionPlaces },
): FastifyInstance {
  const { tls, places, ...rest } = options
  const listening = { connectionsCheckingInterval: LOOKED_AT_MS, headersTimeout: PATIENCE_MS }
  const app = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    requestTimeout: PATIENCE_MS,
    ...(places && { connectionTimeout: 30_000, keepAliveTimeout: IDLE_MS }),
    ...rest,
    ...(tls
      ? { https: { ...tls, ...TLS_PROTOCOL, handshakeTimeout: PATIENCE_MS, ...listening } }
      : { http: listening }),
  } as FastifyServerOptions)
  app.addHook('onRequest', async (request, reply) => {
    if (!isPlain(request)) await reply.code(400).type('text/plain').send('write the request plainly\n')
  })
  if (places) guardPlaces(app, places)
  return app
}

/** Who answers for the places of a server. */
export function fullCondition(condition: string, places: ConnectionPlaces): SystemCondition {
  return { condition, priority: 'medium', delayMs: 0, present: places.full }
}

function guardPlaces(app: FastifyInstance, places: ConnectionPlaces): void {
  app.server.maxConnections = MAX_CONNECTIONS
  // Before the TLS handshake.
  app.server.on('connection', (socket) => places.enter(socket))
  app.addHook('preHandler', async ({ raw: { socket } }) => places.asks(socket))
  app.addHook('onSend', async ({ raw: { socket } }, reply) => {
    if (places.isStranger(socket)) reply.header('connection', 'close')
  })
}

/** Whether router, guard and any proxy before them read the same in it. */
function isPlain({ raw, url }: FastifyRequest): boolean {
  return url.startsWith('/') && ONCE.every((name) => (raw.headersDistinct[name] ?? []).length <= 1)
}
