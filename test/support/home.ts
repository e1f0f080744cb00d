/** A home for tests that run the gateway in this process: a temporary folder, a configuration, a simulated far end. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type LoadedConfig, loadConfig } from '#gateway/config/load.js'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'

export class TestHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'homebeat-home-'))
  readonly dataDir = join(this.folder, 'data')

  /** The address that the chain must enrol. */
  async gatewayAddress(): Promise<string> {
    ensureDataDir(this.dataDir)
    return (await loadOrCreateGatewayKey(join(this.dataDir, 'keys', 'gateway.key'))).address
  }

  /** @param parts laid over a quiet configuration: free ports, batches that close at the stop. */
  configure(parts: object): LoadedConfig {
    const file = join(this.folder, 'homebeat.yaml')
    const quiet = {
      home: { id: 'test-home', patient: 'test-patient' },
      dataDir: './data',
      log: { level: 'silent' },
      clock: { trust: 'always' },
      batches: { cron: '0 0 1 1 *' },
      console: { port: 0 },
    }
    writeFileSync(file, stringify({ ...quiet, ...parts }), { mode: 0o600 })
    return loadConfig(file)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
