/** A chain as a consortium would hand it to a home: running, with the contract deployed and the gateways enrolled. */
import { getCreateAddress, JsonRpcProvider, Network, Wallet } from 'ethers'
import { anchorRegistry } from '#contracts/anchor-registry.js'
import { deployAnchorRegistry, enrolGateway } from '#contracts/deploy.js'
import type { Address } from '#gateway/model/batch.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { ANVIL_KEY, AnvilChain, type AnvilOptions } from './anvil.js'

export interface ChainSimulatorOptions extends AnvilOptions {
  /** Gateways to enrol at the start. */
  readonly enrol?: readonly string[]
}

export class ChainSimulator implements Lifecycle {
  readonly anvil: AnvilChain
  readonly #enrol: readonly string[]
  #provider: JsonRpcProvider | null = null
  #contract: Address | null = null

  constructor(options: ChainSimulatorOptions) {
    this.anvil = new AnvilChain(options)
    this.#enrol = options.enrol ?? []
  }

  get url(): string {
    return this.anvil.url
  }
  get chainId(): number {
    return this.anvil.chainId
  }
  /** The AnchorRegistry's address, once started. */
  get contract(): Address {
    if (this.#contract === null) throw new Error('The simulated chain is not running: start it first.')
    return this.#contract
  }

  async start(): Promise<void> {
    if (this.#contract) return
    await this.anvil.start()
    try {
      this.#contract = await this.#prepare()
      for (const gateway of this.#enrol) await this.enrol(gateway)
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async stop(): Promise<void> {
    this.#provider?.destroy()
    this.#provider = null
    this.#contract = null
    await this.anvil.stop()
  }

  async enrol(gateway: string): Promise<void> {
    if (!(await this.#isEnrolled(gateway))) await enrolGateway(this.#registrar(), this.contract, gateway)
  }

  #registrar(): Wallet {
    this.#provider ??= new JsonRpcProvider(this.anvil.url, Network.from(this.anvil.chainId), {
      staticNetwork: true,
      pollingInterval: 50,
      cacheTimeout: -1,
    })
    return new Wallet(ANVIL_KEY, this.#provider)
  }

  /** Deploys, unless a kept chain (`stateFile`) already holds the contract: it is the registrar's first transaction. */
  async #prepare(): Promise<Address> {
    const registrar = this.#registrar()
    const first = getCreateAddress({ from: registrar.address, nonce: 0 }) as Address
    const code = await registrar.provider?.getCode(first)
    return code && code !== '0x' ? first : deployAnchorRegistry(registrar, registrar.address)
  }

  async #isEnrolled(gateway: string): Promise<boolean> {
    const data = anchorRegistry.encodeFunctionData('head', [gateway])
    const answer = await this.#registrar().call({ to: this.contract, data })
    return anchorRegistry.decodeFunctionResult('head', answer)[0].enrolled
  }
}
