/** The Ledger over standard JSON-RPC: nothing here depends on the node's brand, no filters, no `finalized` tag. */
import { getAddress, toBeHex, zeroPadValue } from 'ethers'
import { ANCHORED_TOPIC, anchorRegistry, revertName } from '#contracts/anchor-registry.js'
import type { Address, AnchorDomain, Hash32 } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { Endpoint, RpcRefusal } from './endpoint.js'
import type {
  AnchoredEvent,
  BroadcastResult,
  EndpointStatus,
  Ledger,
  LedgerBlock,
  LedgerHead,
  LedgerReceipt,
} from './ledger.js'

export interface EthersLedgerOptions {
  /** http(s) JSON-RPC URLs, tried in turn, beginning with the one that answered last. */
  readonly endpoints: readonly string[]
  readonly chainId: number
  readonly contract: string
  /** Of a request, from its first byte to the answer's last. Default 10 s. */
  readonly timeoutMs?: number
  /** Blocks that one `eth_getLogs` may span, where it is known; else found out. */
  readonly logBlocks?: number | undefined
  readonly fetch?: typeof globalThis.fetch
}

interface RpcLog {
  readonly address: string
  readonly topics: string[]
  readonly data: string
  readonly transactionHash: string
  readonly blockNumber: string
  readonly blockHash: string
}
interface RpcBlock {
  readonly number: string
  readonly hash: string
  readonly timestamp: string
}
interface RpcReceipt {
  readonly transactionHash: string
  readonly blockNumber: string
  readonly blockHash: string
  readonly gasUsed: string
  readonly status: string
}

export class EthersLedger implements Ledger {
  readonly domain: AnchorDomain
  readonly #endpoints: readonly Endpoint[]
  #preferred = 0
  /** Blocks that a question for logs may span: what the nodes took so far. */
  #logBlocks: number

  constructor(options: EthersLedgerOptions) {
    const { chainId, contract, endpoints, timeoutMs = 10_000, fetch = globalThis.fetch } = options
    this.domain = { chainId, contract: getAddress(contract) as Address }
    this.#endpoints = endpoints.map((url) => new Endpoint({ url, chainId, timeoutMs, fetch }))
    this.#logBlocks = options.logBlocks ?? Number.POSITIVE_INFINITY
  }

  /** Which endpoints answer, for the status. */
  status(): EndpointStatus[] {
    return this.#endpoints.map((endpoint) => endpoint.status())
  }

  /** Ends open connections; the ledger is not used afterwards. */
  close(): void {
    for (const endpoint of this.#endpoints) endpoint.destroy()
  }

  async head(gateway: Address): Promise<LedgerHead> {
    const data = anchorRegistry.encodeFunctionData('head', [gateway])
    const answer = (await this.#ask('eth_call', [{ to: this.domain.contract, data }, 'latest'])) as string
    if (answer === '0x')
      throw new HomebeatError(
        'ledger.no-contract',
        `There is no AnchorRegistry at ${this.domain.contract} on chain ${this.domain.chainId}: check chain.contract.`,
        { retry: 'transient' },
      )
    const [head] = anchorRegistry.decodeFunctionResult('head', answer)
    return { enrolled: head.enrolled, number: Number(head.number), root: head.root, time: Number(head.time) * 1000 }
  }

  async anchored(gateway: Address, number: number): Promise<AnchoredEvent | null> {
    const events = await this.#events([ANCHORED_TOPIC, topic(gateway), topic(toBeHex(number))], number)
    return events[0] ?? null
  }

  async history(gateway: Address): Promise<AnchoredEvent[]> {
    const events = await this.#events([ANCHORED_TOPIC, topic(gateway)], 1)
    return events.sort((a, b) => a.number - b.number)
  }

  async block(number: number): Promise<LedgerBlock | null> {
    const block = (await this.#ask('eth_getBlockByNumber', [quantity(number), false])) as RpcBlock | null
    return block && { number: whole(block.number), hash: hash(block.hash), time: whole(block.timestamp) * 1000 }
  }

  async latestBlock(): Promise<number> {
    return whole(await this.#ask('eth_blockNumber', []))
  }

  async nonce(account: Address): Promise<number> {
    return whole(await this.#ask('eth_getTransactionCount', [account, 'latest']))
  }

  async receipt(transactionHash: Hash32): Promise<LedgerReceipt | null> {
    const receipt = (await this.#ask('eth_getTransactionReceipt', [transactionHash])) as RpcReceipt | null
    // Some nodes answer with a receipt without block while the transaction waits.
    if (!receipt?.blockHash) return null
    return {
      transactionHash: hash(receipt.transactionHash),
      blockNumber: whole(receipt.blockNumber),
      blockHash: hash(receipt.blockHash),
      gasUsed: whole(receipt.gasUsed),
      succeeded: whole(receipt.status) === 1,
    }
  }

  async refusal(gateway: Address, data: string): Promise<string | null> {
    try {
      await this.#ask('eth_call', [{ from: gateway, to: this.domain.contract, data, gasPrice: '0x0' }, 'latest'])
      return null
    } catch (error) {
      const name =
        error instanceof HomebeatError && error.cause instanceof RpcRefusal ? revertName(error.cause.data) : null
      if (name) return name
      throw error
    }
  }

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

  /**
   * Searches from the newest block backwards, until the event of batch `last` is found. Nodes limit how many blocks one
   * question may span: a refused span becomes the one that the refusal names, or half of it, and stays so.
   */
  async #events(topics: string[], last: number): Promise<AnchoredEvent[]> {
    const found: AnchoredEvent[] = []
    let to = await this.latestBlock()
    while (to >= 0 && !found.some(({ number }) => number === last)) {
      const from = Math.max(0, to - this.#logBlocks + 1)
      try {
        found.push(...(await this.#logs(topics, from, to)))
        to = from - 1
      } catch (error) {
        const refused = error instanceof HomebeatError && error.code === 'ledger.refused' && error.cause !== undefined
        if (!refused || from === to) throw error
        this.#logBlocks = smallerSpan(to - from + 1, error.message)
      }
    }
    return found
  }

  async #logs(topics: string[], from: number, to: number): Promise<AnchoredEvent[]> {
    const filter = { address: this.domain.contract, topics, fromBlock: quantity(from), toBlock: quantity(to) }
    const logs = (await this.#ask('eth_getLogs', [filter])) as RpcLog[]
    if (!Array.isArray(logs)) throw wrongAnswer()
    return logs.map((log) => {
      const parsed = isOf(log, this.domain.contract, topics) ? anchorRegistry.parseLog(log) : null
      if (!parsed) throw wrongAnswer()
      return {
        gateway: parsed.args['gateway'],
        number: Number(parsed.args['number']),
        previousRoot: parsed.args['previousRoot'],
        root: parsed.args['root'],
        transactionHash: hash(log.transactionHash),
        blockNumber: whole(log.blockNumber),
        blockHash: hash(log.blockHash),
      }
    })
  }

  /** Asks one endpoint after the other until one answers. */
  async #ask(method: string, params: unknown[]): Promise<unknown> {
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
}

/** What a refusal names ("limited to 500 blocks") where that is less than half, else half. */
function smallerSpan(blocks: number, refusal: string): number {
  const half = Math.floor(blocks / 2)
  const numbers = [...refusal.matchAll(/\b\d[\d,_]*\b/g)].map(([digits]) => Number(digits.replace(/[,_]/g, '')))
  const named = numbers.filter((number) => number >= 10 && number <= half)
  return named.length > 0 ? Math.max(...named) : half
}

/** Whether a log is one of those that were asked for. */
function isOf(log: RpcLog, contract: Address, topics: readonly string[]): boolean {
  return log.address.toLowerCase() === contract.toLowerCase() && topics.every((topic, i) => log.topics[i] === topic)
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

/** A JSON-RPC quantity. A missing or absurd one must not pass for a number: NaN is larger than nothing and final at once. */
function whole(value: unknown): number {
  const number = typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw wrongAnswer()
  return number
}

function wrongAnswer(): HomebeatError {
  return new HomebeatError(
    'ledger.refused',
    'A chain endpoint gives answers that are no JSON-RPC of Ethereum: remove it.',
    {
      retry: 'transient',
    },
  )
}

const quantity = (n: number) => `0x${n.toString(16)}`
const topic = (value: string) => zeroPadValue(value.toLowerCase(), 32)
function hash(value: unknown): Hash32 {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/i.test(value)) throw wrongAnswer()
  return value.toLowerCase() as Hash32
}
