import { join, resolve } from 'node:path'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Actor, type AlertTransition, isUnattended } from '#gateway/model/alert.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { readIdentity } from '#gateway/platform/net/certificate.js'
import { ConnectionPlaces } from '#gateway/platform/net/connection-places.js'
import { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { fullCondition, WEB_PLACES, webServer } from '#gateway/platform/net/web-server.js'
import { Attempts } from './attempts.js'
import type { LinksConfig } from './config.js'
import type { Bearer, LinkTokens } from './link-tokens.js'
import { askPage, BUSY_PAGE, DONE_PAGE, deadPage, FAILED_PAGE, PAGE_HEADERS } from './page.js'

export interface LinkServerOptions {
  readonly config: LinksConfig
  readonly tokens: LinkTokens
  /** Ids of all configured contacts. */
  readonly contacts: readonly string[]
  /** Whom to call where a link does not work, as the site wrote it. */
  readonly call: readonly string[]
  readonly actions: {
    open(): readonly AlertTransition[]
    acknowledge(alertIds: readonly string[], actor: Actor): Promise<string[]>
  }
  /** What a message about an alert says now: its line, and what stands beside it. */
  readonly say: (alert: AlertTransition) => { readonly alarm: string; readonly lines: readonly string[] }
  /** Relative file names of the configuration start here. */
  readonly baseDir: string
  /** Where it keeps the addresses of those whose link was good. */
  readonly dataDir: string
  readonly clock: Clock
  readonly logger: Logger
}

type Answered = FastifyRequest<{ Params: { token: string } }>

/** Serves the links of messages, and nothing else: `GET /a/<token>` asks, `POST /a/<token>` acknowledges. */
export class LinkServer implements Lifecycle, HealthCheck {
  readonly #options: LinkServerOptions
  #app: FastifyInstance | null = null
  #places: ConnectionPlaces | null = null
  #port = 0

  constructor(options: LinkServerOptions) {
    this.#options = options
  }

  /** The port it listens on; meaningful once started. */
  get port(): number {
    return this.#port
  }

  /** `links-full`: somebody takes so many connections that others lose theirs. */
  check(): SystemCondition[] {
    return this.#places ? [fullCondition('links-full', this.#places)] : []
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
    this.#places?.close()
  }

  #build(): FastifyInstance {
    const { config, baseDir, dataDir, clock, logger } = this.#options
    const attempts = new Attempts(clock)
    const { tls } = config
    const known = new KnownAddresses(join(dataDir, 'known-links.json'), { clock, logger })
    const places = new ConnectionPlaces(clock, WEB_PLACES, known)
    this.#places = places
    const app = webServer({
      bodyLimit: 1024,
      routerOptions: { maxParamLength: 64 },
      tls: tls ? readIdentity(resolve(baseDir, tls.certFile), resolve(baseDir, tls.keyFile)) : null,
      places,
    })
    app.removeAllContentTypeParsers()
    // The form has no fields: a body is not looked at.
    app.addContentTypeParser('*', (_request, payload, done) => {
      payload.resume()
      done(null)
    })
    app.addHook('onRequest', async (_request, reply) => void reply.headers(PAGE_HEADERS))
    // Only what is wrong counts: nobody guesses a token, and a doctor may share an address with who tries.
    const dead = deadPage(this.#options.call)
    const refuse = ({ ip }: FastifyRequest, reply: FastifyReply) =>
      attempts.take(ip) ? say(reply, 404, dead) : say(reply, 429, BUSY_PAGE)
    app.get('/a/:token', async (request: Answered, reply) => {
      const bearer = this.#bearerOf(request)
      const alert = this.#options.actions.open().find(({ alertId }) => alertId === bearer?.alertId)
      if (!bearer || !alert) return refuse(request, reply)
      const { alarm, lines } = this.#options.say(alert)
      return say(reply, 200, askPage(alarm, lines))
    })
    app.post('/a/:token', async (request: Answered, reply) => {
      const bearer = this.#bearerOf(request)
      return bearer && (await this.#acknowledge(bearer)) ? say(reply, 200, DONE_PAGE) : refuse(request, reply)
    })
    app.setNotFoundHandler(refuse)
    app.setErrorHandler((error: Error & { statusCode?: number }, request, reply) => {
      if ((error.statusCode ?? 500) < 500) return refuse(request, reply)
      this.#options.logger.error({ reason: error.message }, 'a link could not be followed')
      return say(reply, 500, FAILED_PAGE)
    })
    return app
  }

  /** @returns whether it came to anything: somebody may have been quicker */
  async #acknowledge({ alertId, contact }: Bearer): Promise<boolean> {
    try {
      return (await this.#options.actions.acknowledge([alertId], { by: contact, via: 'link' })).length > 0
    } catch (error) {
      if (error instanceof HomebeatError && error.code === 'alarm.unknown') return false
      throw error
    }
  }

  #bearerOf({ params, raw }: Answered): Bearer | null {
    const { tokens, contacts, actions } = this.#options
    const waiting = actions.open().filter(({ state }) => isUnattended(state))
    const candidates = waiting.flatMap(({ alertId }) => contacts.map((contact) => ({ alertId, contact })))
    const bearer = tokens.read(params.token, candidates)
    if (bearer) this.#places?.admitted(raw.socket)
    return bearer
  }
}

function say(reply: FastifyReply, code: number, html: string): FastifyReply {
  return reply.code(code).type('text/html; charset=utf-8').send(html)
}
