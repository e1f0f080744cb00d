import { type FastifyInstance, type FastifyServerOptions, fastify } from 'fastify'
import { HomebeatError } from '#gateway/platform/errors.js'
import { brokerIdentity, type Identity } from '#gateway/platform/net/certificate.js'
import type { LoadedClinicConfig } from './config.js'

/** @throws HomebeatError `config.certificate`, `secret.*` */
export async function tlsOf({ config, baseDir }: LoadedClinicConfig): Promise<Identity | null> {
  return config.tls ? brokerIdentity(config.tls, baseDir, null) : null
}

/** A server for requests of strangers: small, patient with nobody. */
export function webListener(tls: Identity | null, options: FastifyServerOptions): FastifyInstance {
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

/** @returns the bound port. @throws HomebeatError `clinic.listen` */
export async function listenOn(app: FastifyInstance, what: string, host: string, port: number): Promise<number> {
  try {
    await app.listen({ host: host === 'localhost' ? '127.0.0.1' : host, port })
  } catch (cause) {
    await app.close()
    const code = (cause as NodeJS.ErrnoException).code
    const why = code === 'EADDRINUSE' ? 'another program uses it' : String(code)
    throw new HomebeatError(
      'clinic.listen',
      `${what} cannot listen on ${host}:${port} (${why}): choose another ${what}.port.`,
      {
        cause,
      },
    )
  }
  const bound = app.server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : port
}
