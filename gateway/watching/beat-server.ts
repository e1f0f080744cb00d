import { randomBytes } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { beatSchema, MAX_BEAT_BYTES } from '#gateway/heartbeat/beat.js'
import type { Clock } from '#gateway/runtime/clock.js'
import type { Lifecycle } from '#gateway/runtime/lifecycle.js'
import type { Logger } from '#gateway/runtime/logger.js'
import { verifySignature } from '#gateway/runtime/webhook-signature.js'
import { LoginGuard } from '#gateway/transports/mqtt/login-guard.js'
import type { WatchedHome } from './home-register.js'
import type { Watchkeeper } from './watchkeeper.js'
import { listenOn, type Tls, webListener } from './web-listener.js'

export interface BeatServerOptions {
  readonly host: string
  readonly port: number
  readonly tls: Tls | null
  readonly trustProxy: readonly string[]
  readonly home: (id: string) => WatchedHome | undefined
  readonly keeper: Pick<Watchkeeper, 'hear'>
  readonly isHealthy: () => boolean
  readonly clock: Clock
  readonly logger: Logger
}

/** Stands in for the secret of a home that is not known: the answer takes as long. */
const NOBODY = randomBytes(32)

/** Takes beats from the network: `POST /beat`; `GET /healthz` for whoever looks after this receiver. */
export class BeatServer implements Lifecycle {
  readonly #options: BeatServerOptions
  readonly #guard: LoginGuard
  #app: FastifyInstance | null = null
  #port = 0

  constructor(options: BeatServerOptions) {
    this.#options = options
    this.#guard = new LoginGuard(options.clock)
  }

  get port(): number {
    return this.#port
  }

  async start(): Promise<void> {
    if (this.#app) return
    const { host, port, tls, trustProxy, isHealthy } = this.#options
    const app = webListener(tls, {
      bodyLimit: MAX_BEAT_BYTES,
      trustProxy: trustProxy.length > 0 ? [...trustProxy] : false,
    })
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
  }

  #take(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const { home: find, keeper, logger } = this.#options
    const refuse = (status: number, code: string, message: string) => reply.code(status).send({ code, message })
    const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0)
    const beat = beatOf(body)
    const id = beat?.home ?? ''
    if (!this.#guard.enter(request.ip, id))
      return refuse(429, 'too-many', 'too many refused requests from this address').header('retry-after', '60')
    if (!beat) return refuse(400, 'not-a-beat', 'this is no heartbeat of a Homebeat gateway')
    const home = find(beat.home)
    const signed = verifySignature(home?.secret ?? NOBODY, request.headers, body)
    if (!home || !signed) {
      logger.debug({ address: request.ip }, 'a heartbeat was refused: unknown home or wrong signature')
      return refuse(401, 'not-known', 'unknown home or wrong secret: enrol it with homebeat watch-homes enrol')
    }
    switch (keeper.hear(home, beat, signed.timestamp * 1000)) {
      case 'repeated':
        return refuse(409, 'repeated', 'this number was taken already')
      case 'wrong-time':
        return refuse(400, 'wrong-time', 'the time is more than five minutes off: set the clock')
      case 'taken':
        this.#guard.succeeded(request.ip, id)
        return reply.code(204).send()
    }
  }
}

function beatOf(body: Buffer) {
  try {
    return beatSchema.parse(JSON.parse(body.toString('utf8')))
  } catch {
    return null
  }
}
