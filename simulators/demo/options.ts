import { Command } from 'commander'
import { duration, port } from '../cli/parse.js'

export interface DemoOptions {
  /** Milliseconds the gateway runs; absent: until Ctrl-C. */
  readonly for?: number
  readonly json?: boolean
  /** Port of the page. */
  readonly port: number
  /** Keep the temporary folder. */
  readonly keep?: boolean
}

export function parseDemoOptions(argv: readonly string[]): DemoOptions {
  return new Command('npm run demo --')
    .description(
      'The whole line in one go: virtual kit and patient, gateway, FHIR server, alerts, chain, verification.',
    )
    .option('--for <duration>', 'end by itself after this time, e.g. 45s (default: until Ctrl-C)', duration)
    .option('--json', 'print only one JSON object, at the end')
    .option('--port <port>', 'port of the page on 127.0.0.1; 0 picks a free one', port, 8080)
    .option('--keep', 'keep the temporary folder with journal, keys and logs')
    .parse(argv, { from: 'user' })
    .opts<DemoOptions>()
}
