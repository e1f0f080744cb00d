import { join } from 'node:path'
import { Command } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { verb } from './exit.js'
import { CONFIG_OPTION } from './options.js'

export function identityCommand(): Command {
  return new Command('identity')
    .description("print the gateway's account address, which the consortium enrols; makes its key on first use")
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON object')
    .action(
      verb(async (options: { config: string; json?: boolean }) => {
        const { config, dataDir } = loadConfig(options.config)
        ensureDataDir(dataDir)
        const { address } = await loadOrCreateGatewayKey(join(dataDir, 'keys', 'gateway.key'))
        const { chainId = null, contract = null } = config.chain ?? {}
        process.stdout.write(options.json ? `${JSON.stringify({ address, chainId, contract })}\n` : `${address}\n`)
      }),
    )
}
