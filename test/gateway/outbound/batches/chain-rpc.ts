import { JsonRpcProvider, Network } from 'ethers'
import type { Clock } from '#gateway/platform/clock.js'

/** Raw JSON-RPC to a test node, its own `anvil_*` and `evm_*` methods included. */
export class ChainRpc {
  readonly provider: JsonRpcProvider

  constructor(url: string, chainId: number) {
    this.provider = new JsonRpcProvider(url, Network.from(chainId), {
      staticNetwork: true,
      pollingInterval: 20,
      cacheTimeout: -1,
    })
  }
  send(method: string, ...params: unknown[]): Promise<unknown> {
    return this.provider.send(method, params)
  }
  mine(): Promise<unknown> {
    return this.send('evm_mine')
  }
  close(): void {
    this.provider.destroy()
  }
}

/** Time passes in blocks: whoever waits is answered by the next block. `before` runs ahead of the n-th wait (from 1). */
export class BlockClock implements Clock {
  readonly #rpc: ChainRpc
  readonly #before: (wait: number) => Promise<unknown>
  #waits = 0

  constructor(rpc: ChainRpc, before: (wait: number) => Promise<unknown> = async () => {}) {
    this.#rpc = rpc
    this.#before = before
  }
  now(): number {
    return this.#waits * 1000
  }
  monotonic(): number {
    return this.#waits * 1000
  }
  after(_ms: number, action: () => void): () => void {
    let cancelled = false
    this.#waits++
    this.#before(this.#waits)
      .then(() => this.#rpc.mine())
      .then(
        () => !cancelled && action(),
        () => !cancelled && action(),
      )
    return () => {
      cancelled = true
    }
  }
}
