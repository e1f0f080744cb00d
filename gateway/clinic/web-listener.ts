import { BlockList } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { brokerIdentity, type Identity } from '#gateway/platform/net/certificate.js'
import { ConnectionPlaces } from '#gateway/platform/net/connection-places.js'
import type { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { WEB_PLACES, webServer } from '#gateway/platform/net/web-server.js'
import type { LoadedClinicConfig } from './config.js'

/** @throws HomebeatError `config.certificate`, `secret.*` */
export async function tlsOf({ config, baseDir }: LoadedClinicConfig): Promise<Identity | null> {
  return config.tls ? brokerIdentity(config.tls, baseDir, null) : null
}

export interface WebListener {
  readonly app: FastifyInstance
  readonly places: ConnectionPlaces
}

/** A server for requests of strangers: small, patient with nobody. */
export function webListener(options: {
  readonly tls: Identity | null
  /** Addresses and networks, as in `trustProxy`. */
  readonly trustProxy: readonly string[]
  readonly bodyLimit: number
  readonly known: KnownAddresses
  readonly clock: Clock
}): WebListener {
  const { trustProxy, known, clock, ...rest } = options
  const isShared = proxies(trustProxy)
  const places = new ConnectionPlaces(clock, { ...WEB_PLACES, isShared }, known)
  const app = webServer({ ...rest, trustProxy: trustProxy.length > 0 ? [...trustProxy] : false, places })
  app.setNotFoundHandler((_request, reply) => reply.code(404).type('text/plain').send('not found\n'))
  return { app, places }
}

/** All homes behind a proxy come from its address. */
function proxies(trusted: readonly string[]): (address: string) => boolean {
  const list = new BlockList()
  for (const one of trusted) {
    const [address = '', bits] = one.split('/')
    const family = address.includes(':') ? 'ipv6' : 'ipv4'
    if (bits === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(bits), family)
  }
  return (address) => list.check(address.replace(/^::ffff:(?=\d+\.)/, ''), /\d\./.test(address) ? 'ipv4' : 'ipv6')
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
