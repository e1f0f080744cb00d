/** What a consortium does on the geth network: deploys its contract, enrols a gateway and gives it coin. */
import { JsonRpcProvider, Network, Wallet } from 'ethers'
import { deployAnchorRegistry, enrolGateway } from '#contracts/deploy.js'
import type { GethNetwork } from './geth.js'

/** Nodes pass on nothing below 1 wei; three blocks on top of five validators. */
export const GETH_TERMS = { gasPrice: 1, confirmations: 3 } as const

/** @returns the AnchorRegistry's address */
export function foundConsortium(network: GethNetwork): Promise<`0x${string}`> {
  return asRegistrar(network, (registrar) => deployAnchorRegistry(registrar, registrar.address, GETH_TERMS))
}

export function admitGateway(network: GethNetwork, contract: string, gateway: string): Promise<void> {
  return asRegistrar(network, async (registrar) => {
    await enrolGateway(registrar, contract, gateway, GETH_TERMS)
    const coin = { to: gateway, value: 10n ** 18n, type: 0, gasPrice: GETH_TERMS.gasPrice, gasLimit: 21_000 }
    await (await registrar.sendTransaction(coin)).wait(4)
  })
}

async function asRegistrar<T>(network: GethNetwork, act: (registrar: Wallet) => Promise<T>): Promise<T> {
  const provider = new JsonRpcProvider(network.endpoints[1], Network.from(network.chainId), { staticNetwork: true })
  try {
    return await act(new Wallet(network.fundedKey, provider))
  } finally {
    provider.destroy()
  }
}
