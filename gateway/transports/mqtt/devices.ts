import { createHash, timingSafeEqual } from 'node:crypto'
import { resolve } from 'node:path'
import { readSecret } from '#gateway/runtime/secret-file.js'

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()
/** Compared with when the device is not known, so that both cases take as long. */
const NOBODY = digest(Buffer.alloc(0))

/** The devices that may connect, each with the digest of its secret. */
export class DeviceRegister {
  readonly #secrets: ReadonlyMap<string, Buffer>

  private constructor(secrets: ReadonlyMap<string, Buffer>) {
    this.#secrets = secrets
  }

  /** @throws HomebeatError `secret.*` when a secret's file is missing, open to others or empty. */
  static load(
    devices: readonly { readonly id: string; readonly secretFile: string }[],
    baseDir: string,
  ): DeviceRegister {
    const secrets = new Map<string, Buffer>()
    for (const { id, secretFile } of devices)
      secrets.set(id, digest(Buffer.from(readSecret(resolve(baseDir, secretFile)))))
    return new DeviceRegister(secrets)
  }

  get size(): number {
    return this.#secrets.size
  }

  /** Client id and user name are both the device id. */
  admits(clientId: string, user: string | undefined, password: Uint8Array | undefined): boolean {
    const secret = this.#secrets.get(clientId)
    const equal = timingSafeEqual(secret ?? NOBODY, digest(password ?? new Uint8Array(0)))
    return secret !== undefined && user === clientId && equal
  }
}
