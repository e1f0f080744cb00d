import { resolve } from 'node:path'
import { type FastifyInstance, type FastifyReply, type FastifyRequest, fastify } from 'fastify'
import { type Actor, type AlertTransition, isUnattended } from '#gateway/model/alert.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { readIdentity } from '#gateway/platform/net/certificate.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { Attempts } from './attempts.js'
import type { LinksConfig } from './config.js'
import type { Bearer, LinkTokens } from './link-tokens.js'
import { ASK_PAGE, BUSY_PAGE, DEAD_PAGE, DONE_PAGE, FAILED_PAGE, PAGE_HEADERS } from './page.js'

export interface LinkServerOptions {
  readonly config: LinksConfig
  readonly tokens: LinkTokens
  /** Ids of all configured contacts. */
  readonly contacts: readonly string[]
  readonly actions: {
    open(): readonly AlertTransition[]
    acknowledge(alertIds: readonly string[], actor: Actor): Promise<string[]>
  }
  /** Relative file names of the configuration start here. */
  readonly baseDir: string
  readonly clock: Clock
  readonly logger: Logger
}

type Answered = FastifyRequest<{ Params: { token: string } }>

/** Serves the links of messages, and nothing else: `GET /a/<token>` asks, `POST /a/<token>` acknowledges. */
export class LinkServer implements Lifecycle {
  readonly #options: LinkServerOptions
  #app: FastifyInstance | null = null
  #port = 0

  /** @throws HomebeatError `config.links-unencrypted` */
  constructor(options: LinkServerOptions) {
    const { host, tls, allowUnencrypted } = options.config
    if (!tls && !isLoopback(host) && !allowUnencrypted)
      throw new HomebeatError(
        'config.links-unencrypted',
        `alerts.links would answer the network on ${host} without encryption: give tls with certFile and keyFile, or say allowUnencrypted: true.`,
      )
    this.#options = options
  }

  /** The port it listens on; meaningful once started. */
  get port(): number {
    return this.#port
  }

  /** @throws HomebeatError `config.certificate`, `links.listen` */
  async start(): Promise<void> {
    if (this.#app) return
    const { host, port } = this.#options.config
    const app = this.#build()
    try {
      await app.listen({ host, port })
    } catch (cause) {
      await app.close()
      const code = (cause as NodeJS.ErrnoException).code
      throw new HomebeatError(
        'links.listen',
        `The link server cannot listen on ${host}:${port} (${code}): stop the other program, or set alerts.links.port.`,
        { cause },
      )
    }
    const bound = app.server.address()
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : port
    this.#app = app
  }

  async stop(): Promise<void> {
    const app = this.#app
    this.#app = null
    await app?.close()
  }

  #build(): FastifyInstance {
    const { config, baseDir, clock } = this.#options
    const attempts = new Attempts(clock)
    const common = {
      forceCloseConnections: true,
      bodyLimit: 1024,
      requestTimeout: 10_000,
      connectionTimeout: 30_000,
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: 64 },
    } as const
    const { tls } = config
    const app: FastifyInstance = tls
      ? (fastify({
          ...common,
          https: {
            ...readIdentity(resolve(baseDir, tls.certFile), resolve(baseDir, tls.keyFile)),
            minVersion: 'TLSv1.2',
          },
        }) as unknown as FastifyInstance)
      : fastify(common)
    app.server.maxConnections = 50
    app.removeAllContentTypeParsers()
    // The form has no fields: a body is not looked at.
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume()
      done(null)
    })
    app.addHook('onRequest', async (request, reply) => {
      reply.headers(PAGE_HEADERS)
      if (!attempts.take(request.ip)) return say(reply, 429, BUSY_PAGE)
      return undefined
    })
    app.get('/a/:token', async (request: Answered, reply) =>
      this.#bearerOf(request) ? say(reply, 200, ASK_PAGE) : say(reply, 404, DEAD_PAGE),
    )
    app.post('/a/:token', async (request: Answered, reply) => this.#acknowledge(request, reply))
    app.setNotFoundHandler((_request, reply) => say(reply, 404, DEAD_PAGE))
    app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      if ((error.statusCode ?? 500) < 500) return say(reply, 404, DEAD_PAGE)
      this.#options.logger.error({ reason: error.message }, 'a link could not be followed')
      return say(reply, 500, FAILED_PAGE)
    })
    return app
  }

  async #acknowledge(request: Answered, reply: FastifyReply): Promise<FastifyReply> {
    const bearer = this.#bearerOf(request)
    if (!bearer) return say(reply, 404, DEAD_PAGE)
    const { alertId, contact } = bearer
    const done = await this.#options.actions.acknowledge([alertId], { by: contact, via: 'link' }).catch((error) => {
      if (error instanceof HomebeatError && error.code === 'alarm.unknown') return []
      throw error
    })
    return done.length > 0 ? say(reply, 200, DONE_PAGE) : say(reply, 404, DEAD_PAGE)
  }

  #bearerOf({ params }: Answered): Bearer | null {
    const { tokens, contacts, actions } = this.#options
    const waiting = actions.open().filter(({ state }) => isUnattended(state))
    const candidates = waiting.flatMap(({ alertId }) => contacts.map((contact) => ({ alertId, contact })))
    return tokens.read(params.token, candidates)
  }
}

function say(reply: FastifyReply, code: number, html: string): FastifyReply {
  return reply.code(code).type('text/html; charset=utf-8').send(html)
}
