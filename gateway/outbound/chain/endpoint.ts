/** One JSON-RPC 2.0 endpoint of the chain. Its first request asks for the chain id; a wrong one gets no other request. */
import { z } from 'zod'
import { HomebeatError } from '#gateway/platform/errors.js'
import { boundedText } from '#gateway/platform/net/bounded-body.js'
import type { EndpointStatus } from './ledger.js'

/** Longest answer read, bytes. The logs of a year of batches are some megabytes; a Pi has memory for this. */
const MAX_ANSWER = 32 * 1024 * 1024

/** The node understood the request and refused it. `data` holds the bytes of a revert, 0x hex, where there are some. */
export class RpcRefusal extends Error {
  readonly data: string | undefined

  constructor(message: string, data: string | undefined) {
    super(message)
    this.data = data
  }
}

export interface EndpointOptions {
  /** http(s); user and password of the URL become Basic authentication. */
  readonly url: string
  readonly chainId: number
  /** From the request's first byte to the answer's last, milliseconds. */
  readonly timeoutMs: number
  readonly fetch: typeof globalThis.fetch
}

const answerSchema = z.union([
  z.object({ error: z.object({ message: z.string(), data: z.unknown().optional() }) }),
  z.object({ result: z.unknown() }),
])

export class Endpoint {
  readonly #options: EndpointOptions
  readonly #url: string
  readonly #headers: Record<string, string>
  readonly #shown: string
  /** Ends the requests under way: one that drips must not keep a stopped process alive. */
  readonly #end = new AbortController()
  #checked = false
  #ok = true
  #sentence = 'not asked yet'
  #id = 0

  constructor(options: EndpointOptions) {
    const url = new URL(options.url)
    const login = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`
    this.#headers = {
      'content-type': 'application/json',
      ...(login !== ':' && { authorization: `Basic ${Buffer.from(login).toString('base64')}` }),
    }
    // Hosted nodes carry their key in the user, the path or the query: none of it is shown.
    this.#shown = `${url.protocol}//${url.host}`
    url.username = url.password = ''
    this.#url = url.href
    this.#options = options
  }

  status(): EndpointStatus {
    return { url: this.#shown, ok: this.#ok, sentence: this.#sentence }
  }

  /**
   * @throws RpcRefusal where the node said no; HomebeatError `ledger.endpoint` where it does not answer,
   * `ledger.wrong-chain` where it is of another chain
   */
  async send(method: string, params: unknown[]): Promise<unknown> {
    if (!this.#checked) await this.#check()
    const result = await this.#raw(method, params)
    this.#say(true, 'answers')
    return result
  }

  destroy(): void {
    this.#end.abort()
  }

  async #check(): Promise<void> {
    const chainId = Number(await this.#raw('eth_chainId', []))
    if (chainId !== this.#options.chainId) {
      const sentence = `is on chain ${chainId}, not ${this.#options.chainId}: check chain.endpoints and chain.chainId`
      this.#say(false, sentence)
      throw new HomebeatError('ledger.wrong-chain', `${this.#shown} ${sentence}`, { retry: 'transient' })
    }
    this.#checked = true
  }

  async #raw(method: string, params: unknown[]): Promise<unknown> {
    try {
      return await this.#ask(method, params)
    } catch (error) {
      if (error instanceof RpcRefusal) throw error
      // Another node may answer under this address next time.
      this.#checked = false
      const sentence = `does not answer: ${reasonOf(error, this.#options.timeoutMs)}`
      this.#say(false, sentence)
      throw new HomebeatError('ledger.endpoint', `${this.#shown} ${sentence}`, { retry: 'transient', cause: error })
    }
  }

  async #ask(method: string, params: unknown[]): Promise<unknown> {
    const { fetch, timeoutMs } = this.#options
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: this.#headers,
      body: JSON.stringify({ jsonrpc: '2.0', id: ++this.#id, method, params }),
      // A redirect would carry the node's key, and signed transactions, to where nobody configured it.
      redirect: 'manual',
      signal: AbortSignal.any([this.#end.signal, AbortSignal.timeout(timeoutMs)]),
    })
    if (response.status >= 300 && response.status < 400) {
      await response.body?.cancel().catch(() => {})
      throw new Error(`HTTP ${response.status}: redirected elsewhere`)
    }
    const answer = answerSchema.safeParse(parsed(await boundedText(response, MAX_ANSWER))).data
    if (answer && 'error' in answer) {
      const { message, data } = answer.error
      throw new RpcRefusal(oneLine(message), typeof data === 'string' ? data : undefined)
    }
    // Some nodes and proxies say "too much" with the status alone (400, 413): asked for less, they answer.
    if (response.status === 400 || response.status === 413) throw new RpcRefusal(`HTTP ${response.status}`, undefined)
    if (!response.ok) throw new Error(`HTTP ${response.status}`)
    if (!answer || answer.result === undefined) throw new Error('the answer is no JSON-RPC')
    return answer.result
  }

  #say(ok: boolean, sentence: string): void {
    this.#ok = ok
    this.#sentence = sentence
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error)
  if (error.name === 'TimeoutError') return `no whole answer within ${timeoutMs / 1000} s`
  if (error.name === 'AbortError') return 'stopped'
  // fetch wraps the socket's error, and one for each address where it tried several.
  const { cause } = error as { cause?: { code?: unknown; message?: unknown } }
  return oneLine(String(cause?.code ?? cause?.message ?? error.message))
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').slice(0, 200)
