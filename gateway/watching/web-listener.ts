import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import { HomebeatError } from '#gateway/runtime/errors.js'
import { readSecret } from '#gateway/runtime/secret-file.js'
import type { LoadedWatchConfig } from './config.js'

export interface Tls {
  readonly cert: string
  readonly key: string
}

/** @throws HomebeatError `config.certificate`, `secret.*` */
export function tlsOf({ config, baseDir }: LoadedWatchConfig): Tls | null {
  if (!config.tls) return null
  const certFile = resolve(baseDir, config.tls.certFile)
  const key = readSecret(resolve(baseDir, config.tls.keyFile))
  try {
    return { cert: readFileSync(certFile, 'utf8'), key }
  } catch (cause) {
    throw new HomebeatError(
      'config.certificate',
      `The certificate ${certFile} cannot be read: give tls.certFile a PEM file.`,
      {
        cause,
      },
    )
  }
}

/** A server for requests of strangers: small, patient with nobody. */
export function webListener(tls: Tls | null, options: FastifyServerOptions): FastifyInstance {
  const app = fastify({
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    requestTimeout: 10_000,
    connectionTimeout: 30_000,
    ...options,
    ...(tls && { https: tls }),
  } as FastifyServerOptions)
  app.server.maxConnections = 500
  app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('not found\n'))
  return app
}

/** @returns the bound port. @throws HomebeatError `watching.listen` */
export async function listenOn(app: FastifyInstance, what: string, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
  } catch (cause) {
    await app.close()
    const code = (cause as NodeJS.ErrnoException).code
    const why = code === 'EADDRINUSE' ? 'another program uses it' : String(code)
    throw new HomebeatError(
      'watching.listen',
      `${what} cannot listen on ${host}:${port} (${why}): choose another ${what}.port.`,
      {
        cause,
      },
    )
  }
  const bound = app.server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : port
}
