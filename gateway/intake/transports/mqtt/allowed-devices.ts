import { resolve } from 'node:path'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { TopicOwner } from './acl.js'
import type { EnrolledDevices, Verdict } from './enrolled-devices.js'
import { KnownSecrets } from './known-secrets.js'

export interface ConfiguredDevice extends TopicOwner {
  /** Without it the entry only gives topics to a device that was enrolled. */
  readonly secretFile?: string | undefined
}

/** The devices that may connect: those that the configuration names with a secret file, and those of the store. */
export class AllowedDevices {
  readonly #configured: ReadonlyMap<string, ConfiguredDevice>
  readonly #store: EnrolledDevices | null
  readonly #baseDir: string
  #secrets = new KnownSecrets()

  /** @param devices none of which could speak for another */
  constructor(devices: readonly ConfiguredDevice[], baseDir: string, store: EnrolledDevices | null) {
    this.#configured = new Map(devices.map((device) => [device.id, device]))
    this.#store = store
    this.#baseDir = baseDir
  }

  /** Reads the secret files. @throws HomebeatError `secret.*` when one is missing, open to others or empty. */
  load(): void {
    const secrets = new KnownSecrets()
    for (const { id, secretFile } of this.#configured.values())
      if (secretFile !== undefined) secrets.set(id, readSecret(resolve(this.#baseDir, secretFile)))
    this.#secrets = secrets
  }

  /** Those that may connect. */
  get ids(): ReadonlySet<string> {
    return new Set([...this.#secrets.ids, ...(this.#store?.ids ?? [])])
  }

  owner(id: string): TopicOwner {
    return this.#configured.get(id) ?? { id }
  }

  /** At once, and cheap: the configured secret, or one that was verified before. */
  recognises(id: string, secret: string): boolean {
    // The configuration's secret counts, whatever the store says of this name.
    if (this.#secrets.has(id)) return this.#secrets.matches(id, secret)
    return this.#store?.recognises(id, secret) ?? false
  }

  async verify(id: string, secret: string): Promise<Verdict> {
    if (!this.#store) return 'wrong'
    return this.#secrets.has(id) ? this.#store.pretend() : this.#store.verify(id, secret)
  }
}
