import { createHash, timingSafeEqual } from 'node:crypto'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import type { Identity } from '#gateway/platform/net/certificate.js'
import type { ConnectionPlaces } from '#gateway/platform/net/connection-places.js'
import type { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { LoginGuard } from '#gateway/platform/net/login-guard.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { isOwnHost, SECURITY_HEADERS } from '#gateway/platform/net/request-guard.js'
import { fullCondition } from '#gateway/platform/net/web-server.js'
import { PAGE_CSS, pageOf } from './page.js'
import type { ClinicReport } from './report.js'
import { listenOn, webListener } from './web-listener.js'

export interface PageServerOptions {
  readonly host: string
  readonly port: number
  readonly tls: Identity | null
  readonly trustProxy: readonly string[]
  /** Null: only this machine may look, and needs none. */
  readonly token: string | null
  readonly report: () => ClinicReport
  readonly known: KnownAddresses
  readonly clock: Clock
}

/**
 * The page and `GET /api/homes`. With a token everybody needs it: as a bearer token, or in a browser as the password (any
 * user name). Without one, only programs of this machine are answered.
 */
export class PageServer implements Lifecycle, HealthCheck {
  readonly #options: PageServerOptions
  readonly #guard: LoginGuard
  #app: FastifyInstance | null = null
  #places: ConnectionPlaces | null = null
  #port = 0

  constructor(options: PageServerOptions) {
    this.#options = options
    this.#guard = new LoginGuard(options.clock)
  }

  get url(): string {
    const { host, tls } = this.#options
    return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${this.#port}/`
  }

  /** `page-full`: somebody takes so many connections that others lose theirs. */
  check(): SystemCondition[] {
    return this.#places ? [fullCondition('page-full', this.#places)] : []
  }

  async start(): Promise<void> {
    if (this.#app) return
    const { host, port, tls, trustProxy, report, known, clock } = this.#options
    const { app, places } = webListener({ tls, trustProxy, known, clock, bodyLimit: 1024 })
    this.#places = places
    app.addHook('onRequest', async (request, reply) => this.#admit(request, reply))
    app.get('/', (_request, reply) => reply.type('text/html; charset=utf-8').send(pageOf(report())))
    app.get('/page.css', (_request, reply) => reply.type('text/css; charset=utf-8').send(PAGE_CSS))
    app.get('/favicon.ico', (_request, reply) => reply.code(204).send())
    app.get('/api/homes', async () => report())
    this.#port = await listenOn(app, 'page', host, port)
    this.#app = app
  }

  async stop(): Promise<void> {
    const app = this.#app
    this.#app = null
    await app?.close()
    this.#places?.close()
  }

  async #admit(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply | undefined> {
    reply.headers({ ...SECURITY_HEADERS, 'cache-control': 'no-store' })
    const { token, clock } = this.#options
    const refuse = (status: number, message: string) => reply.code(status).type('text/plain').send(`${message}\n`)
    if (token === null) {
      // A browser of this machine may be led here by a foreign name, a proxy by a mistake.
      const direct = isLoopback(plainAddress(request.socket.remoteAddress ?? '')) && !isForwarded(request)
      return direct && isOwnHost(request.headers.host, this.#port)
        ? undefined
        : refuse(403, 'only for this machine: set page.tokenFile to look from elsewhere')
    }
    const given = givenToken(request.headers.authorization)
    if (isSame(given, token)) {
      this.#places?.admitted(request.raw.socket)
      return undefined
    }
    // A doctor may share an address with who guesses: wrong tokens are answered later and later, and a browser must hear
    // 401 to ask for another one.
    if (given !== '') {
      this.#guard.enter(request.ip, 'page')
      const delay = this.#guard.delay(request.ip)
      if (delay > 0) await wait(clock, delay)
    }
    reply.header('www-authenticate', 'Basic realm="Homebeat"')
    return refuse(401, 'give the token of page.tokenFile')
  }
}

const plainAddress = (address: string): string => address.replace(/^::ffff:/, '')

function isForwarded({ headers }: FastifyRequest): boolean {
  return ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'].some((name) => name in headers)
}

function givenToken(authorization: string | undefined): string {
  const [scheme = '', value = ''] = (authorization ?? '').split(' ')
  if (scheme.toLowerCase() === 'bearer') return value
  if (scheme.toLowerCase() !== 'basic') return ''
  const pair = Buffer.from(value, 'base64').toString('utf8')
  return pair.slice(pair.indexOf(':') + 1)
}

function isSame(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return given !== '' && timingSafeEqual(digest(given), digest(expected))
}
