/** The configured JSON-RPC endpoints of the chain as one: any of them may answer, all of them get a transaction. */
import type { Hash32 } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { Endpoint, type EndpointOptions, RpcRefusal } from './endpoint.js'
import type { BroadcastResult, EndpointStatus } from './ledger.js'

export class Endpoints {
  readonly #endpoints: readonly Endpoint[]
  #preferred = 0

  constructor(urls: readonly string[], options: Omit<EndpointOptions, 'url'>) {
    this.#endpoints = urls.map((url) => new Endpoint({ ...options, url }))
  }

  status(): EndpointStatus[] {
    return this.#endpoints.map((endpoint) => endpoint.status())
  }

  /** Ends the requests under way. */
  destroy(): void {
    for (const endpoint of this.#endpoints) endpoint.destroy()
  }

  /**
   * Asks one endpoint after the other, the one that answered last first.
   * @returns the first answer
   * @throws HomebeatError, transient, where none answers: `ledger.refused` if a node said no, `ledger.wrong-chain` if
   * all are of another chain, else `ledger.unreachable`
   */
  async ask(method: string, params: unknown[]): Promise<unknown> {
    const failures: Error[] = []
    for (let i = 0; i < this.#endpoints.length; i++) {
      const at = (this.#preferred + i) % this.#endpoints.length
      const endpoint = this.#endpoints[at] as Endpoint
      try {
        const result = await endpoint.send(method, params)
        this.#preferred = at
        return result
      } catch (error) {
        failures.push(error as Error)
      }
    }
    throw summary(failures)
  }

  /** Sends a signed transaction to every endpoint. Never rejects. */
  async broadcast(raw: string, transactionHash: Hash32): Promise<BroadcastResult> {
    const sent = await Promise.all(
      this.#endpoints.map(async (endpoint): Promise<string | null> => {
        try {
          await endpoint.send('eth_sendRawTransaction', [raw])
          return null
        } catch (error) {
          // "Already known" has a different text at every node; whether it knows the transaction is asked instead.
          if (error instanceof RpcRefusal && (await knows(endpoint, transactionHash))) return null
          return error instanceof RpcRefusal
            ? `${endpoint.status().url} refuses it: ${error.message}`
            : (error as Error).message
        }
      }),
    )
    return { accepted: sent.includes(null), problems: sent.filter((problem) => problem !== null) }
  }
}

async function knows(endpoint: Endpoint, transactionHash: Hash32): Promise<boolean> {
  return endpoint
    .send('eth_getTransactionByHash', [transactionHash])
    .then((transaction) => transaction !== null)
    .catch(() => false)
}

function summary(failures: readonly Error[]): HomebeatError {
  const refusal = failures.find((failure) => failure instanceof RpcRefusal)
  if (refusal)
    return new HomebeatError('ledger.refused', `A chain endpoint refuses the request: ${refusal.message}`, {
      retry: 'transient',
      cause: refusal,
    })
  const wrong = failures.every((failure) => failure instanceof HomebeatError && failure.code === 'ledger.wrong-chain')
  const all = failures.map((failure) => failure.message).join('; ')
  return wrong
    ? new HomebeatError('ledger.wrong-chain', `Every chain endpoint is of another chain: ${all}`, {
        retry: 'transient',
      })
    : new HomebeatError('ledger.unreachable', `No chain endpoint can be used: ${all}`, { retry: 'transient' })
}
