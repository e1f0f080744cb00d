/** `chain`: where batches are anchored. */
import { z } from 'zod'
import { httpUrl, name } from '#gateway/platform/config-grammar.js'

const contractAddress = z.string().regex(/^0x[0-9a-fA-F]{40}$/, 'give an account address: 0x and 40 hex digits')

export const chainConfig = z.strictObject({
  name: name.default('consortium'),
  /** JSON-RPC endpoints, tried in turn. */
  endpoints: z.array(httpUrl).min(1).max(20),
  /** PEM; instead of the authorities that Node trusts. */
  caFile: z.string().optional(),
  chainId: z.number().int().positive(),
  /** Blocks that one eth_getLogs may span, where the nodes' limit is known; else it is found out. */
  logBlocks: z.number().int().min(1).max(10_000_000).optional(),
  /** AnchorRegistry. */
  contract: contractAddress,
  /** Blocks on top before an anchor counts; 0 where blocks are final at once (QBFT, anvil). */
  confirmations: z.number().int().min(0).max(100).default(0),
  /** wei; 0 on free-gas networks. */
  gasPrice: z.number().int().min(0).default(0),
  pollSeconds: z.number().min(0.05).max(60).default(2),
})

export type ChainConfig = z.output<typeof chainConfig>
