/** The Ledger over standard JSON-RPC. It depends on no node's brand: it uses no filters and no `finalized` tag. */
import { resolve } from 'node:path'
import { getAddress, isAddress, toBeHex } from 'ethers'
import { ANCHORED_TOPIC, anchorRegistry, revertName } from '#contracts/anchor-registry.js'
import type { Address, AnchorDomain, Hash32 } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { type Reach, readCa } from '#gateway/platform/net/reach.js'
import type { ChainConfig } from './config.js'
import { RpcRefusal } from './endpoint.js'
import { Endpoints } from './endpoints.js'
import { hash, quantity, topic, whole, wrongAnswer } from './json-rpc.js'
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

/** The chain of a configuration. @throws HomebeatError `net.ca-file` */
export function ledgerOf({ caFile, ...chain }: ChainConfig, reach: Reach, baseDir: string): EthersLedger {
  const ca = caFile === undefined ? undefined : readCa('the chain', resolve(baseDir, caFile))
  return new EthersLedger({ ...chain, fetch: reach(ca) })
}

export class EthersLedger implements Ledger {
  readonly domain: AnchorDomain
  readonly #endpoints: Endpoints
  /** Most blocks that one question for logs may span, as the nodes took it so far. */
  #logBlocks: number

  /** @throws HomebeatError `config.invalid` */
  constructor(options: EthersLedgerOptions) {
    const { chainId, contract, endpoints, timeoutMs = 10_000, fetch = globalThis.fetch } = options
    // The configuration's schema does not look at it: the hash would cost every verb the time to load ethers.
    if (!isAddress(contract))
      throw new HomebeatError(
        'config.invalid',
        `The contract ${contract} is no account address, or its checksum (EIP-55) is wrong: copy it again.`,
      )
    this.domain = { chainId, contract: getAddress(contract) as Address }
    this.#endpoints = new Endpoints(endpoints, { chainId, timeoutMs, fetch })
    this.#logBlocks = options.logBlocks ?? Number.POSITIVE_INFINITY
  }

  /** Which endpoints answer, for the status. */
  status(): EndpointStatus[] {
    return this.#endpoints.status()
  }

  /** Ends open connections; the ledger is not used afterwards. */
  close(): void {
    this.#endpoints.destroy()
  }

  async head(gateway: Address): Promise<LedgerHead> {
    const data = anchorRegistry.encodeFunctionData('head', [gateway])
    const answer = (await this.#endpoints.ask('eth_call', [{ to: this.domain.contract, data }, 'latest'])) as string
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
    const block = (await this.#endpoints.ask('eth_getBlockByNumber', [quantity(number), false])) as RpcBlock | null
    return block && { number: whole(block.number), hash: hash(block.hash), time: whole(block.timestamp) * 1000 }
  }

  async latestBlock(): Promise<number> {
    return whole(await this.#endpoints.ask('eth_blockNumber', []))
  }

  async nonce(account: Address): Promise<number> {
    return whole(await this.#endpoints.ask('eth_getTransactionCount', [account, 'latest']))
  }

  async receipt(transactionHash: Hash32): Promise<LedgerReceipt | null> {
    const receipt = (await this.#endpoints.ask('eth_getTransactionReceipt', [transactionHash])) as RpcReceipt | null
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
      await this.#endpoints.ask('eth_call', [
        { from: gateway, to: this.domain.contract, data, gasPrice: '0x0' },
        'latest',
      ])
      return null
    } catch (error) {
      const name =
        error instanceof HomebeatError && error.cause instanceof RpcRefusal ? revertName(error.cause.data) : null
      if (name) return name
      throw error
    }
  }

  broadcast(raw: string, transactionHash: Hash32): Promise<BroadcastResult> {
    return this.#endpoints.broadcast(raw, transactionHash)
  }

  /**
   * Searches from the newest block backwards, until the event of batch `last` is found. Nodes limit the blocks that one
   * question may span. After a refusal the span is the one that the refusal names, or half, also for later questions.
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
    const logs = (await this.#endpoints.ask('eth_getLogs', [filter])) as RpcLog[]
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
}

/** The span that a refusal names ("limited to 500 blocks") where that is less than half, else half. */
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
