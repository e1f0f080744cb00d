/**
 * How HTTP far ends are reached: by the site's proxy, with authorities of its own. Where neither is configured it is Node's
 * fetch and nothing is loaded; `HTTPS_PROXY` and `NO_PROXY` of the environment are not used.
 */
import { resolve } from 'node:path'
import { readBounded } from '#gateway/platform/bounded-file.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { ProxyConfig } from './config.js'
import { isLoopback } from './loopback.js'

/** Gives the fetch for far ends. @param ca PEM: instead of the authorities that Node trusts */
export type Reach = (ca?: string) => typeof globalThis.fetch

type Undici = typeof import('undici')

/**
 * @param options.fetch for what needs neither
 * @throws HomebeatError `net.ca-file`, `secret.*`
 */
export function reachOf(options: {
  readonly proxy?: ProxyConfig | undefined
  readonly baseDir?: string
  readonly fetch?: typeof globalThis.fetch
}): Reach {
  const { proxy, baseDir = '.', fetch: direct = globalThis.fetch } = options
  const passwordPath = proxy?.passwordFile === undefined ? undefined : resolve(baseDir, proxy.passwordFile)
  if (passwordPath !== undefined) readSecret(passwordPath)
  const proxyCa = proxy?.caFile === undefined ? undefined : readCa('the proxy', resolve(baseDir, proxy.caFile))
  return (ca) => {
    if (ca === undefined && !proxy) return direct
    let undici: Promise<Undici> | undefined
    let own: InstanceType<Undici['Agent']> | undefined
    let proxied: { readonly token: string; readonly agent: InstanceType<Undici['ProxyAgent']> } | undefined
    const dispatcher = async (through: boolean) => {
      undici ??= import('undici')
      const { Agent, ProxyAgent } = await undici
      const tls = ca === undefined ? {} : { ca }
      if (!through || !proxy) {
        own ??= new Agent({ connect: tls })
        return own
      }
      // Read anew for each request, as every secret is: it may have been renewed.
      const token =
        passwordPath === undefined
          ? ''
          : `Basic ${Buffer.from(`${proxy.user ?? ''}:${readSecret(passwordPath)}`).toString('base64')}`
      if (proxied?.token !== token) {
        const agent = new ProxyAgent({
          uri: proxy.url,
          requestTls: tls,
          ...(proxyCa !== undefined && { proxyTls: { ca: proxyCa } }),
          ...(token !== '' && { token }),
        })
        proxied = { token, agent }
      }
      return proxied.agent
    }
    return async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input)
      const through = proxy !== undefined && !isExcepted(url.hostname, proxy.except)
      if (!through && ca === undefined) return direct(input, init)
      const agent = await dispatcher(through)
      const { fetch } = await (undici as Promise<Undici>)
      // The same types, once of Node and once of the package.
      return (await fetch(url, { ...(init as object), dispatcher: agent })) as unknown as Response
    }
  }
}

/** Without a dot before it, an exception stands for the host and for all below it. */
function isExcepted(host: string, except: readonly string[]): boolean {
  const name = host.toLowerCase().replace(/\.$/, '')
  const isOf = (one: string) => name === one || name.endsWith(`.${one}`)
  return isLoopback(name) || except.some((one) => isOf(one.toLowerCase().replace(/^\*?\./, '')))
}

/** The authorities that an operating system trusts are a quarter of this. */
const MAX_CA_BYTES = 1024 * 1024

/**
 * The certificates (PEM) that a far end's own certificate may descend from.
 * @param whose for the message, e.g. `the FHIR target care` @throws HomebeatError `code`
 */
export function readCa(whose: string, path: string, code: 'net.ca-file' | 'channel.ca-file' = 'net.ca-file'): string {
  let text = ''
  try {
    text = readBounded(path, MAX_CA_BYTES)?.toString() ?? ''
  } catch (cause) {
    const why = (cause as NodeJS.ErrnoException).code
    throw new HomebeatError(
      code,
      `The caFile ${path} of ${whose} cannot be read (${why}): give the path of a PEM file.`,
      { cause },
    )
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw new HomebeatError(
      code,
      `The caFile ${path} of ${whose} holds no certificate in PEM form: is it the right file?`,
    )
  return text
}

/** A sentence where the environment names a proxy that is not used; null where it names none. */
export function unusedProxy(env: NodeJS.ProcessEnv): string | null {
  const name = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy'].find((one) => env[one])
  return name === undefined
    ? null
    : `${name} of the environment is not used: configure proxy.url where a proxy is needed`
}
