/** Deploys AnchorRegistry and enrols gateways: what a consortium does once, and what simulators and tests do often. */
import { Contract, ContractFactory, getAddress, type Signer, type TransactionResponse } from 'ethers'
import { anchorRegistryAbi } from './anchor-registry.js'
import artifact from './artifacts/AnchorRegistry.json' with { type: 'json' }

/** What a transaction costs where it is sent: legacy (type 0), so that it also holds on free-gas networks. */
export interface SendOptions {
  /** wei; 0 on free-gas networks. */
  readonly gasPrice?: number
  /** Blocks on top to wait for; 0 where blocks are final at once. */
  readonly confirmations?: number
}

const DEPLOY_GAS = 2_000_000
const CALL_GAS = 100_000

/**
 * Deploys the contract and waits until it is in a block.
 * @param registrar who enrols and retires gateways
 * @returns the contract's address (EIP-55)
 */
export async function deployAnchorRegistry(
  signer: Signer,
  registrar: string,
  options: SendOptions = {},
): Promise<`0x${string}`> {
  const factory = new ContractFactory(anchorRegistryAbi, artifact.bytecode, signer)
  const contract = await factory.deploy(registrar, legacy(options, DEPLOY_GAS))
  await contract.deploymentTransaction()?.wait(1 + (options.confirmations ?? 0))
  return getAddress(await contract.getAddress()) as `0x${string}`
}

/** Enrols a gateway; `signer` must be the registrar. Waits until it is in a block. */
export async function enrolGateway(
  signer: Signer,
  contract: string,
  gateway: string,
  options: SendOptions = {},
): Promise<void> {
  const registry = new Contract(contract, anchorRegistryAbi, signer)
  const sent = (await registry.getFunction('enrol')(gateway, legacy(options, CALL_GAS))) as TransactionResponse
  await sent.wait(1 + (options.confirmations ?? 0))
}

const legacy = (options: SendOptions, gasLimit: number) => ({ type: 0, gasPrice: options.gasPrice ?? 0, gasLimit })
