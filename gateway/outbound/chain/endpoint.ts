/** One JSON-RPC endpoint of the chain. Its first request asks for the chain id; a wrong one gets no other request. */
import { FetchRequest, isError, JsonRpcProvider, Network } from 'ethers'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { EndpointStatus } from './ledger.js'

/** The node understood the request and refused it. `data` holds the bytes of a revert, 0x hex, where there are some. */
export class RpcRefusal extends Error {
  readonly data: string | undefined

  constructor(message: string, data: string | undefined) {
    super(message)
    this.data = data
  }
}

export class Endpoint {
  readonly #provider: JsonRpcProvider
  readonly #chainId: number
  readonly #shown: string
  #checked = false
  #ok = true
  #sentence = 'not asked yet'

  constructor(url: string, chainId: number, timeoutMs: number) {
    const request = new FetchRequest(url)
    request.timeout = timeoutMs
    // A busy node (429) is not waited for here: the next endpoint is asked, and the lane comes back.
    request.setThrottleParams({ maxAttempts: 1 })
    // A static network: ethers would otherwise ask for the chain before every call, and for ever where nobody answers.
    this.#provider = new JsonRpcProvider(request, Network.from(chainId), {
      staticNetwork: true,
      batchMaxCount: 1,
      batchStallTime: 0,
      cacheTimeout: -1,
    })
    this.#chainId = chainId
    this.#shown = withoutCredentials(url)
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
    this.#provider.destroy()
  }

  async #check(): Promise<void> {
    const chainId = Number(await this.#raw('eth_chainId', []))
    if (chainId !== this.#chainId) {
      const sentence = `is on chain ${chainId}, not ${this.#chainId}: check chain.endpoints and chain.chainId`
      this.#say(false, sentence)
      throw new HomebeatError('ledger.wrong-chain', `${this.#shown} ${sentence}`, { retry: 'transient' })
    }
    this.#checked = true
  }

  async #raw(method: string, params: unknown[]): Promise<unknown> {
    try {
      return await this.#provider.send(method, params)
    } catch (error) {
      const refusal = asRefusal(error)
      if (refusal) throw refusal
      // Another node may answer under this address next time.
      this.#checked = false
      const sentence = `does not answer: ${reasonOf(error)}`
      this.#say(false, sentence)
      throw new HomebeatError('ledger.endpoint', `${this.#shown} ${sentence}`, { retry: 'transient', cause: error })
    }
  }

  #say(ok: boolean, sentence: string): void {
    this.#ok = ok
    this.#sentence = sentence
  }
}

/** ethers wraps a JSON-RPC error object in errors of its own; the node's words and data are inside. */
function asRefusal(error: unknown): RpcRefusal | null {
  if (isError(error, 'CALL_EXCEPTION')) return new RpcRefusal(error.shortMessage, error.data ?? undefined)
  const inner = error as { error?: { message?: unknown; data?: unknown }; info?: { error?: { message?: unknown } } }
  const rpc = inner.error ?? inner.info?.error
  if (rpc && typeof rpc === 'object' && typeof rpc.message === 'string') {
    const data = (rpc as { data?: unknown }).data
    return new RpcRefusal(oneLine(rpc.message), typeof data === 'string' ? data : undefined)
  }
  return null
}

function reasonOf(error: unknown): string {
  const { code, shortMessage, message } = error as { code?: unknown; shortMessage?: unknown; message?: unknown }
  if (typeof shortMessage === 'string') return oneLine(shortMessage)
  // A refused connection to both address families is an AggregateError with an empty message.
  return typeof message === 'string' && message !== '' ? oneLine(message) : String(code)
}

const oneLine = (text: string) => text.replace(/\s+/g, ' ').slice(0, 200)

function withoutCredentials(text: string): string {
  const url = new URL(text)
  // Hosted nodes carry their key in the user, the path or the query.
  return `${url.protocol}//${url.host}`
}
