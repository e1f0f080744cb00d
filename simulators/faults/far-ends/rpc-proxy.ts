/**
 * A JSON-RPC endpoint before a real node: sees every request, and goes wrong on request. Several of them before one
 * node are several endpoints of one chain, of which one may be down, lag behind, or lose what it is given.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { keccak256 } from 'ethers'
import type { Lifecycle } from '#gateway/model/lifecycle.js'

const MAX_BODY = 1024 * 1024

interface RpcRequest {
  readonly id: unknown
  readonly method: string
  readonly params: readonly unknown[]
}

export class RpcProxy implements Lifecycle {
  /** Connections are cut, as with a node that is down. */
  down = false
  /** How many blocks it is behind. */
  lag = 0
  /** So many transactions are taken with thanks, and forgotten. */
  drop = 0
  /** Called for every request twice: before it is passed on, and when the node has answered but the answer is not passed on yet. */
  watch: (method: string, phase: 'asked' | 'answered') => void = () => {}
  readonly #node: () => string
  readonly #server = createServer((request, response) => {
    this.#handle(request, response).catch(() => response.destroy())
  })

  /** @param node the real node's URL, asked at every request: it may move. */
  constructor(node: () => string) {
    this.#node = node
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async start(): Promise<void> {
    if (this.#server.listening) return
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let text = ''
    request.setEncoding('utf8')
    for await (const part of request) {
      text += part
      if (text.length > MAX_BODY) return void response.destroy()
    }
    const asked = JSON.parse(text) as RpcRequest
    this.watch(asked.method, 'asked')
    if (this.down) return void response.destroy()
    const answer = await this.#answer(asked)
    this.watch(asked.method, 'answered')
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }

  async #answer(asked: RpcRequest): Promise<object> {
    if (asked.method === 'eth_sendRawTransaction' && this.drop > 0) {
      this.drop--
      return { jsonrpc: '2.0', id: asked.id, result: keccak256(asked.params[0] as string) }
    }
    return this.lag > 0 ? this.#lagging(asked) : this.#ask(asked)
  }

  /** What the node would have said `lag` blocks ago. */
  async #lagging(asked: RpcRequest): Promise<object> {
    const latest = Number(
      ((await this.#ask({ ...asked, method: 'eth_blockNumber', params: [] })) as { result: string }).result,
    )
    const seen = Math.max(0, latest - this.lag)
    const hex = `0x${seen.toString(16)}`
    if (asked.method === 'eth_blockNumber') return { jsonrpc: '2.0', id: asked.id, result: hex }
    const params = asked.params.map((param) => (param === 'latest' ? hex : param))
    if (asked.method === 'eth_getLogs') {
      const filter = params[0] as { toBlock: string }
      params[0] = { ...filter, toBlock: `0x${Math.min(Number(filter.toBlock), seen).toString(16)}` }
    }
    const answer = (await this.#ask({ ...asked, params })) as {
      result?: { blockNumber?: string; number?: string } | null
    }
    const at =
      answer.result?.blockNumber ?? (asked.method === 'eth_getBlockByNumber' ? answer.result?.number : undefined)
    return at !== undefined && Number(at) > seen ? { ...answer, result: null } : answer
  }

  async #ask(request: RpcRequest): Promise<object> {
    const answer = await fetch(this.#node(), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...request, jsonrpc: '2.0' }),
    })
    return (await answer.json()) as object
  }
}
