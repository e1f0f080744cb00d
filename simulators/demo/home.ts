/** The demo's home: a temporary folder with a configuration and secrets, as a caregiver would set them up. */
import { randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'

/** The servers outside the home. */
export interface FarEnds {
  readonly fhirUrl: string
  readonly chain: {
    readonly endpoints: readonly string[]
    readonly chainId: number
    readonly contract: string
    readonly confirmations?: number
    readonly gasPrice?: number
  }
}

export interface HomeParts extends FarEnds {
  readonly kitUrl: string
  readonly webhookUrl: string
  /** Cron with seconds. */
  readonly batches: string
  readonly consolePort: number
  readonly brokerPort: number
}

export const DEMO_DEVICES = ['mqtt-cuff', 'mqtt-glucometer'] as const

export class Home {
  readonly folder: string
  readonly dataDir: string
  readonly configFile: string
  readonly webhookToken: string

  constructor(folder = mkdtempSync(join(tmpdir(), 'homebeat-demo-'))) {
    this.folder = folder
    this.dataDir = join(folder, 'data')
    this.configFile = join(folder, 'homebeat.yaml')
    mkdirSync(join(folder, 'secrets'), { recursive: true, mode: 0o700 })
    for (const device of DEMO_DEVICES) this.#secret(device)
    this.webhookToken = this.#secret('webhook')
  }

  secretFile(name: string): string {
    return join(this.folder, 'secrets', name)
  }

  logFile(name: string): string {
    return join(this.folder, `${name}.log`)
  }

  /** Everything runs faster than in a home, so that a minute shows it all: batches every ten seconds, not five minutes. */
  configure(parts: HomeParts): void {
    const config = {
      home: { id: 'demo-home', patient: 'demo-patient' },
      dataDir: './data',
      transports: [
        {
          name: 'kit',
          url: parts.kitUrl,
          device: 'kit-1',
          schedule: {
            cuff: '3,23,43 * * * * *',
            glucometer: '8,28,48 * * * * *',
            emg: { cron: '12,32,52 * * * * *', seconds: 4 },
          },
        },
        {
          name: 'broker',
          url: `mqtt+broker://127.0.0.1:${parts.brokerPort}`,
          devices: DEMO_DEVICES.map((id) => ({ id, secretFile: `secrets/${id}` })),
        },
      ],
      alerts: {
        channels: [
          { type: 'terminal' },
          { type: 'webhook', name: 'doctor', url: parts.webhookUrl, tokenFile: 'secrets/webhook' },
        ],
      },
      fhir: {
        targets: [
          { name: 'care', url: parts.fhirUrl, mode: 'clear' },
          { name: 'vault', url: parts.fhirUrl, mode: 'sealed' },
        ],
      },
      // The demo lasts a minute; it cannot wait for a time service.
      clock: { trust: 'always' },
      batches: { cron: parts.batches, maxCount: 500 },
      chain: { ...parts.chain, pollSeconds: 0.2 },
      console: { port: parts.consolePort },
    }
    writeFileSync(this.configFile, stringify(config), { mode: 0o600 })
  }

  #secret(name: string): string {
    const secret = randomBytes(24).toString('base64url')
    writeFileSync(this.secretFile(name), `${secret}\n`, { mode: 0o600 })
    return secret
  }
}
