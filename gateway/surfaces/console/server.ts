import { existsSync } from 'node:fs'
import type { OutgoingHttpHeaders } from 'node:http'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { isOwnAct, isOwnHost, isOwnSite, SECURITY_HEADERS } from '#gateway/platform/net/request-guard.js'
import { webServer } from '#gateway/platform/net/web-server.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import type { Feed } from '#gateway/surfaces/status/feed.js'
import { ACTS, type ConsoleActions } from './acts.js'
import { LiveHub } from './live-hub.js'

export interface ConsoleOptions {
  readonly feed: Feed
  /** Loopback only, until the console has logins. */
  readonly host: string
  /** 0 picks a free one. */
  readonly port: number
  readonly logger: Logger
  /** Where people act on alarms; without it the page only shows. */
  readonly actions?: ConsoleActions
  readonly clock?: Clock
  /** The built page; `dist/console` of the package by default. */
  readonly pageFolder?: string
  /** Pages that may be open at once. */
  readonly maxClients?: number
  /** Bytes one page may lag behind before it is dropped. */
  readonly maxBuffered?: number
}

export interface ConsoleAddress {
  readonly host: string
  readonly port: number
  readonly url: string
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
const NOT_BUILT = `<!doctype html><html lang="en"><title>Homebeat</title><h1>The page is not built yet</h1>
<p>Run <code>npm run build</code> in Homebeat's folder, then reload this page.</p>`

/**
 * The console's HTTP server, for this machine only. `GET /`, `/api/status`, `/api/values`, `/api/live`; to act on alarms
 * `POST /api/alarms/acknowledge`, `/silence`, `/escalate` (see `acts.ts`).
 */
export class ConsoleServer implements Lifecycle {
  readonly #options: ConsoleOptions
  readonly #hub: LiveHub
  #app: FastifyInstance | null = null
  #port = 0
  #starting: Promise<void> | null = null
  #stopping: Promise<void> | null = null

  constructor(options: ConsoleOptions) {
    this.#options = options
    this.#hub = new LiveHub({
      feed: options.feed,
      clock: options.clock ?? systemClock,
      logger: options.logger,
      maxClients: options.maxClients ?? 20,
      maxBuffered: options.maxBuffered ?? 256 * 1024,
    })
  }

  /** Rejects with HomebeatError `console.port-in-use`, `console.not-loopback` or `console.listen`. */
  start(): Promise<void> {
    this.#starting ??= this.#start().catch((error) => {
      this.#starting = null
      throw error
    })
    return this.#starting
  }

  async stop(): Promise<void> {
    await this.#starting?.catch(() => {})
    this.#stopping ??= this.#stop().finally(() => {
      this.#starting = this.#stopping = null
    })
    return this.#stopping
  }

  /** Where it listens; meaningful once started. */
  address(): ConsoleAddress {
    const { host } = this.#options
    return { host, port: this.#port, url: `http://${host.includes(':') ? `[${host}]` : host}:${this.#port}/` }
  }

  async #start(): Promise<void> {
    const { host, port, logger } = this.#options
    if (!LOOPBACK.has(host))
      throw new HomebeatError('console.not-loopback', 'the console has no logins yet: set console.host to 127.0.0.1')
    const app = this.#build()
    try {
      await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
    } catch (error) {
      await app.close()
      throw listenError(error, host, port)
    }
    const bound = app.server.address()
    this.#port = typeof bound === 'object' && bound !== null ? bound.port : port
    this.#app = app
    logger.info({ url: this.address().url }, 'console: open')
  }

  async #stop(): Promise<void> {
    const app = this.#app
    this.#app = null
    this.#hub.close()
    await app?.close()
  }

  #build(): FastifyInstance {
    const app = webServer({ bodyLimit: 4096 })
    app.server.maxConnections = 100
    app.addHook('onRequest', async (request, reply) => this.#guard(request, reply))
    app.get('/api/status', async () => this.#options.feed.status())
    app.get('/api/values', async () => this.#options.feed.values())
    app.get('/api/live', (request, reply) => this.#live(request, reply))
    app.removeContentTypeParser('text/plain')
    const { actions } = this.#options
    for (const { path, input, run } of actions ? ACTS : []) {
      app.post(path, async (request, reply) => {
        const parsed = input.safeParse(request.body)
        if (!parsed.success) {
          const { path: where = [], message = 'not understood' } = parsed.error.issues[0] ?? {}
          return reply.code(400).send({ error: `${where.join('.') || 'the request'}: ${message}` })
        }
        try {
          return { done: await run(actions as ConsoleActions, parsed.data as never) }
        } catch (error) {
          if (error instanceof HomebeatError) return reply.code(409).send({ error: error.message })
          throw error
        }
      })
    }
    app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('not found\n'))
    app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
      const code = error.statusCode !== undefined && error.statusCode < 500 ? error.statusCode : 500
      if (code === 500) this.#options.logger.error({ reason: error.message }, 'console: a request failed')
      return reply
        .code(code)
        .send({ error: code === 500 ? 'the gateway could not answer; see its log' : error.message })
    })
    this.#servePage(app)
    return app
  }

  /** Judges by the route that the router has found, not by how the path is written. */
  #guard(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    const refuse = (code: number, why: string) => reply.code(code).type('text/plain').send(`${why}\n`)
    const { url: route } = request.routeOptions
    const isPage = route !== undefined && !route.startsWith('/api/')
    const shows = request.method === 'GET' || request.method === 'HEAD'
    reply.headers(SECURITY_HEADERS)
    if (!isPage) reply.header('cache-control', 'no-store')
    if (!isOwnHost(request.headers.host, this.#port)) return refuse(421, `open the console as ${this.address().url}`)
    if (!shows && route === undefined && !request.url.startsWith('/api/alarms/')) {
      reply.header('allow', 'GET, HEAD')
      return refuse(405, 'the console only shows')
    }
    if (shows ? !isPage && !isOwnSite(request.headers) : !isOwnAct(request.headers))
      return refuse(403, 'only for our own page')
    return undefined
  }

  #servePage(app: FastifyInstance): void {
    const root = this.#options.pageFolder ?? join(packageRoot, 'dist', 'console')
    if (!existsSync(join(root, 'index.html'))) {
      app.get('/', (_request, reply) => reply.code(503).type('text/html; charset=utf-8').send(NOT_BUILT))
      return
    }
    void app.register(fastifyStatic, {
      root,
      cacheControl: false,
      dotfiles: 'ignore',
      setHeaders(response, path) {
        // Names in assets/ carry a hash of their content.
        const hashed = path.startsWith(join(root, 'assets'))
        response.setHeader('cache-control', hashed ? 'public, max-age=31536000, immutable' : 'no-cache')
      },
    })
  }

  #live(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
    if (this.#hub.full())
      return reply.code(503).header('retry-after', '5').send({ error: 'too many pages are open: close one' })
    reply.hijack()
    const response = reply.raw
    response.writeHead(200, {
      ...(reply.getHeaders() as OutgoingHttpHeaders),
      'content-type': 'text/event-stream; charset=utf-8',
    })
    request.raw.socket.setNoDelay(true)
    response.on('error', () => {})
    try {
      const remove = this.#hub.add({
        write: (chunk) => void response.write(chunk),
        buffered: () => response.writableLength,
        drop: () => void response.destroy(),
        end: () => void response.end(),
      })
      response.on('close', remove)
    } catch (error) {
      this.#options.logger.error({ reason: error instanceof Error ? error.message : 'unknown' }, 'console: no status')
      response.destroy()
    }
    return undefined
  }
}

function listenError(cause: unknown, host: string, port: number): HomebeatError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  if (code === 'EADDRINUSE')
    return new HomebeatError(
      'console.port-in-use',
      `port ${port} is already in use on ${host}: stop the other program, or set console.port in the configuration (0 picks a free one)`,
      { cause },
    )
  const why =
    code === 'EACCES' ? 'ports below 1024 need more rights: choose a higher one' : 'see console.host and console.port'
  return new HomebeatError('console.listen', `the console cannot listen on ${host}:${port} (${String(code)}): ${why}`, {
    cause,
  })
}
