/** A home for faults: a temporary folder with a configuration and secrets; everything runs faster than in a real one. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { type LoadedConfig, loadConfig } from '#gateway/config/load.js'
import type { Address } from '#gateway/model/batch.js'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import type { PublisherDevice } from './publisher.js'

export const PATIENT = 'fault-patient'

export class FaultHome {
  readonly folder = mkdtempSync(join(tmpdir(), 'homebeat-faults-'))
  readonly dataDir = join(this.folder, 'data')
  readonly configFile = join(this.folder, 'homebeat.yaml')
  readonly logFile = join(this.folder, 'gateway.log')
  readonly devices: readonly PublisherDevice[]
  readonly webhookToken: string

  constructor() {
    mkdirSync(join(this.folder, 'secrets'), { mode: 0o700 })
    this.webhookToken = this.secret('webhook')
    this.devices = [
      { id: 'cuff', qos: 1, sensor: 'bloodPressure', secret: this.secret('cuff') },
      { id: 'meter', qos: 2, sensor: 'glucose', secret: this.secret('meter') },
      { id: 'oximeter', qos: 1, sensor: 'spo2', secret: this.secret('oximeter') },
      { id: 'meter-2', qos: 2, sensor: 'glucose', secret: this.secret('meter-2') },
    ]
  }

  /** A new secret, in a file of its own. */
  secret(name: string): string {
    const secret = randomBytes(24).toString('base64url')
    writeFileSync(join(this.folder, 'secrets', name), `${secret}\n`, { mode: 0o600 })
    return secret
  }

  /** The gateway's name on the chain. */
  async gatewayAddress(): Promise<Address> {
    ensureDataDir(this.dataDir)
    return (await loadOrCreateGatewayKey(join(this.dataDir, 'keys', 'gateway.key'))).address as Address
  }

  configure(parts: object): LoadedConfig {
    const config = { home: { id: 'fault-home', patient: PATIENT }, dataDir: './data', console: { port: 0 }, ...parts }
    writeFileSync(this.configFile, stringify(config), { mode: 0o600 })
    return loadConfig(this.configFile)
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
