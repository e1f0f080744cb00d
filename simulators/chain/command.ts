import { Command, InvalidArgumentError } from 'commander'
import { getAddress, isAddress } from 'ethers'
import { lifetime, printReady, withLifetimeOption } from '#simulators/cli/lifetime.js'
import { port, wholeNumber } from '#simulators/cli/parse.js'
import { DEFAULT_CHAIN_ID } from './anvil.js'
import { ChainSimulator } from './chain-simulator.js'

interface ChainOptions {
  readonly port: number
  readonly chainId: number
  readonly enrol: readonly string[]
  readonly state?: string
  readonly exitWithParent?: boolean
}

/** `homebeat simulate chain`: prints one JSON line `{"listening","chainId","contract"}` when ready. */
export function chainCommand(): Command {
  return withLifetimeOption(
    new Command('chain')
      .description('an EVM node on loopback (anvil) with the AnchorRegistry deployed and gateways enrolled')
      .option('--port <number>', 'port to listen on; 0 lets the system choose', port, 0)
      .option('--chain-id <number>', 'chain id', wholeNumber, DEFAULT_CHAIN_ID)
      .option('--enrol <address...>', 'gateways that may anchor; without any, nobody may', addresses, [])
      .option('--state <file>', 'keep the chain in this file from one run to the next'),
  ).action(async (options: ChainOptions) => {
    const { port, chainId, enrol, state } = options
    const chain = new ChainSimulator({ port, chainId, enrol, ...(state ? { stateFile: state } : {}) })
    // Signals count from before the start on, so that none finds the node without its owner.
    const ended = lifetime(options)
    await chain.start()
    printReady({ listening: chain.url, chainId: chain.chainId, contract: chain.contract })
    await ended
    await chain.stop()
  })
}

function addresses(text: string, before: readonly string[]): readonly string[] {
  if (!isAddress(text)) throw new InvalidArgumentError('give an account address: 0x and 40 hex digits.')
  return [...before, getAddress(text)]
}
