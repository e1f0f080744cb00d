import { Command } from 'commander'
import type { Trend } from '#gateway/clinical/scores/trends.js'
import { loadConfig } from '#gateway/config/load.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { verb } from './exit.js'
import { CONFIG_OPTION } from './options.js'

/** `homebeat trends`: the last hours against yesterday and against the patient's own usual. */
export function trendsCommand(): Command {
  return new Command('trends')
    .description("how the patient's numbers go: against yesterday at the same hours, and against their own usual")
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON array')
    .action(
      verb(async ({ config, json }: { config: string; json?: boolean }) => {
        const trends = await callGateway<Trend[]>(loadConfig(config).dataDir, 'patient.trends')
        if (json) process.stdout.write(`${JSON.stringify(trends)}\n`)
        else process.stdout.write(trends.map(({ words }) => `${words}\n`).join('') || 'too few values yet\n')
      }),
    )
}
