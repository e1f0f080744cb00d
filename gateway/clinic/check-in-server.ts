import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { checkInSchema, MAX_CHECK_IN_BYTES } from '#gateway/liveness/check-in.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Identity } from '#gateway/platform/net/certificate.js'
import type { ConnectionPlaces } from '#gateway/platform/net/connection-places.js'
import type { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { LoginGuard } from '#gateway/platform/net/login-guard.js'
import { fullCondition } from '#gateway/platform/net/web-server.js'
import { verifySignature } from '#gateway/platform/net/webhook-signature.js'
import type { HomeMonitor } from './home-monitor.js'
import type { RegisteredHome } from './home-register.js'
import { listenOn, webListener } from './web-listener.js'

export interface CheckInServerDependencies {
  readonly host: string
  readonly port: number
  readonly tls: Identity | null
  readonly trustProxy: readonly string[]
  readonly home: (id: string) => RegisteredHome | undefined
  readonly monitor: Pick<HomeMonitor, 'hear'>
  readonly isHealthy: () => boolean
  readonly known: KnownAddresses
  readonly clock: Clock
  readonly logger: Logger
}

/** Stands in for the secret of a home that is not known: the answer takes as long. */
const NOBODY = randomBytes(32)

const REFUSALS = {
  'not-a-beat': [400, 'this is no check-in of a Homebeat gateway'],
  'not-known': [401, 'unknown home or wrong secret: enrol it with homebeat clinic enrol'],
  repeated: [409, 'this number was taken already'],
  'wrong-time': [400, 'the time is more than five minutes off: set the clock'],
} as const

/** Takes check-ins from the network: `POST /beat`; `GET /healthz` for whoever looks after this receiver. */
export class CheckInServer implements Lifecycle, HealthCheck {
  readonly #options: CheckInServerDependencies
  readonly #guard: LoginGuard
  #app: FastifyInstance | null = null
  #places: ConnectionPlaces | null = null
  #port = 0

  constructor(options: CheckInServerDependencies) {
    this.#options = options
    this.#guard = new LoginGuard(options.clock)
  }

  get port(): number {
    return this.#port
  }

  /** `check-ins-full`: somebody takes so many connections that others lose theirs. */
  check(): SystemCondition[] {
    return this.#places ? [fullCondition('check-ins-full', this.#places)] : []
  }

  async start(): Promise<void> {
    if (this.#app) return
    const { host, port, tls, trustProxy, isHealthy, known, clock } = this.#options
    const { app, places } = webListener({ tls, trustProxy, known, clock, bodyLimit: MAX_CHECK_IN_BYTES })
    this.#places = places
    // The signature is over the bytes as they came.
    app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
    app.post('/beat', (request, reply) => this.#take(request, reply))
    app.get('/healthz', (_request, reply) => reply.code(isHealthy() ? 200 : 503).send({ ok: isHealthy() }))
    this.#port = await listenOn(app, 'listen', host, port)
    this.#app = app
  }

  async stop(): Promise<void> {
    const app = this.#app
    this.#app = null
    await app?.close()
    this.#places?.close()
  }

  #take(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { home: find, monitor } = this.#options
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const checkIn = checkInOf(body)
    if (!checkIn) return this.#refuse(request, reply, '', 'not-a-beat')
    const home = find(checkIn.home)
    const signed = verifySignature(home?.secret ?? NOBODY, request.headers, body)
    if (!home || !signed) return this.#refuse(request, reply, checkIn.home, 'not-known')
    this.#places?.admitted(request.raw.socket)
    const hearing = monitor.hear(home, checkIn, signed.timestamp * 1000)
    return hearing === 'taken' ? reply.code(204).send() : this.#refuse(request, reply, checkIn.home, hearing)
  }

  /**
   * Only what is refused counts against its address: homes share one with strangers, behind a proxy or a provider's NAT,
   * and none of these may make a home look silent.
   */
  #refuse(request: FastifyRequest, reply: FastifyReply, home: string, code: keyof typeof REFUSALS): FastifyReply {
    this.#options.logger.debug({ address: request.ip, code }, 'a check-in was refused')
    reply.header('connection', 'close')
    if (!this.#guard.enter(request.ip, home))
      return reply
        .code(429)
        .header('retry-after', '60')
        .send({ code: 'too-many', message: 'too many refused requests from this address' })
    const [status, message] = REFUSALS[code]
    return reply.code(status).send({ code, message })
  }
}

function checkInOf(body: Buffer) {
  try {
    return checkInSchema.parse(JSON.parse(body.toString('utf8')))
  } catch {
    return null
  }
}
