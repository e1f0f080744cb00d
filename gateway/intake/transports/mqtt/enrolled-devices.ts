import { randomBytes } from 'node:crypto'
import { z } from 'zod'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readPrivateFile, writePrivateFile } from '#gateway/platform/secrets/private-file.js'
import { DEVICE_ID } from './address.js'
import { makeCode, readCode } from './enrolment-code.js'
import { KnownSecrets } from './known-secrets.js'
import { type SecretHash, SecretHasher, secretHash } from './secret-hash.js'

export const MAX_DEVICES = 100
const MAX_WRONG_CODES = 5

const enrolment = z.strictObject({
  code: secretHash,
  /** Epoch ms. */
  expiresAt: z.number(),
  wrong: z.number().int().min(0).max(MAX_WRONG_CODES),
  /** The credential that was sent and not used yet. */
  issued: secretHash.nullable(),
  /** The device has acknowledged it. */
  delivered: z.boolean(),
})
const stored = z.strictObject({
  version: z.literal(1),
  devices: z
    .array(
      z.strictObject({
        id: z.string().regex(DEVICE_ID),
        credential: secretHash.nullable(),
        enrolment: enrolment.nullable(),
      }),
    )
    .max(MAX_DEVICES),
})
type Device = z.output<typeof stored>['devices'][number]

/** What may be shown of a device. */
export interface DeviceSummary {
  readonly id: string
  readonly state: 'enrolled' | 'enrolling' | 'without-credential'
  /** Of a code that is still good, epoch ms. */
  readonly codeExpiresAt: number | null
}

/** `busy`: nothing was compared, it may come again. */
export type Verdict = 'credential' | 'code' | 'wrong' | 'busy'

/**
 * The devices that were added or enrolled, each with the hash of its own credential: `devices.json` in the data folder.
 * Never holds a credential or a code itself. One store for one file.
 */
export class EnrolledDevices {
  readonly #path: string
  readonly #clock: Clock
  readonly #hasher = new SecretHasher()
  readonly #known = new KnownSecrets()
  readonly #revoked = new Set<(id: string) => void>()
  #devices: ReadonlyMap<string, Device>

  private constructor(path: string, clock: Clock, devices: readonly Device[]) {
    this.#path = path
    this.#clock = clock
    this.#devices = new Map(devices.map((device) => [device.id, device]))
  }

  /** @throws HomebeatError `devices.file` when the file is open to others or not what was written. */
  static open(path: string, clock: Clock = systemClock): EnrolledDevices {
    const text = readPrivateFile(path)
    if (text === null) return new EnrolledDevices(path, clock, [])
    try {
      return new EnrolledDevices(path, clock, stored.parse(JSON.parse(text)).devices)
    } catch (cause) {
      const what = `${path} is damaged: put a backup back, or remove it and enrol the devices again.`
      throw new HomebeatError('devices.file', what, { cause })
    }
  }

  get ids(): readonly string[] {
    return [...this.#devices.keys()]
  }

  list(): DeviceSummary[] {
    return [...this.#devices.values()].map((device) => {
      const open = this.#isOpen(device)
      return {
        id: device.id,
        state: device.credential ? 'enrolled' : open ? 'enrolling' : 'without-credential',
        codeExpiresAt: open ? (device.enrolment?.expiresAt ?? null) : null,
      }
    })
  }

  /** A device that cannot enrol by itself. @returns its credential, which nobody can read again. */
  async add(id: string): Promise<string> {
    if (this.#devices.get(id)?.credential)
      throw new HomebeatError(
        'devices.known',
        `${id} has a credential: revoke it first (homebeat device revoke ${id}).`,
      )
    const credential = makeCredential()
    const hash = await this.#hasher.hash(credential)
    this.#put({ id, credential: hash, enrolment: null })
    return credential
  }

  /** Opens a time in which the device may fetch a credential. A credential it has stays good until the new one is used. */
  async enrol(id: string, minutes: number): Promise<{ code: string; expiresAt: number }> {
    const code = makeCode()
    const hash = await this.#hasher.hash(code.replace('-', ''))
    const expiresAt = this.#clock.now() + minutes * 60_000
    const open = { code: hash, expiresAt, wrong: 0, issued: null, delivered: false }
    this.#put({ id, credential: this.#devices.get(id)?.credential ?? null, enrolment: open })
    return { code, expiresAt }
  }

  revoke(id: string): void {
    if (!this.#devices.has(id))
      throw new HomebeatError(
        'devices.unknown',
        `There is no device ${id}: homebeat device list shows those there are.`,
      )
    this.#save([...this.#devices.values()].filter((device) => device.id !== id))
    this.#known.delete(id)
    for (const tell of this.#revoked) tell(id)
  }

  /** Told after a device was revoked. @returns what ends it. */
  onRevoked(tell: (id: string) => void): () => void {
    this.#revoked.add(tell)
    return () => this.#revoked.delete(tell)
  }

  /** At once, and cheap: a credential that was verified before, so that a device whose Wi-Fi comes and goes costs nothing. */
  recognises(id: string, secret: string): boolean {
    return this.#known.matches(id, secret)
  }

  /** Takes as long as a comparison that fails, so that the time of an answer does not tell which devices there are. */
  async pretend(): Promise<'wrong' | 'busy'> {
    return (await this.#hasher.pretend()) === 'busy' ? 'busy' : 'wrong'
  }

  /** Whether this is the device's credential, or the code by which it may fetch one. */
  async verify(id: string, secret: string): Promise<Verdict> {
    const device = this.#devices.get(id)
    const code = readCode(secret)
    if (device && code !== null && this.#isOpen(device)) return this.#verifyCode(device, code)
    const candidates = device ? this.#credentials(device) : []
    if (candidates.length === 0) return this.pretend()
    for (const { hash, issued } of candidates) {
      const equal = await this.#hasher.verify(secret, hash)
      if (equal === 'busy') return 'busy'
      if (!equal) continue
      // Revoked, or enrolled anew, while it was compared.
      const now = this.#devices.get(id)
      if (!now || !this.#credentials(now).some((known) => known.hash.hash === hash.hash)) return 'wrong'
      // From here on the credential before it, if there was one, is no longer good.
      if (issued) this.#put({ id, credential: hash, enrolment: null })
      this.#known.set(id, secret)
      return 'credential'
    }
    return 'wrong'
  }

  /** For a device connected by its code: a new credential. Again for one that has lost it. @returns null when the time is over. */
  async issue(id: string): Promise<string | null> {
    const credential = makeCredential()
    const issued = await this.#hasher.hash(credential)
    const device = this.#devices.get(id)
    if (!device?.enrolment || !this.#isOpen(device)) return null
    this.#put({ ...device, enrolment: { ...device.enrolment, issued, delivered: false } })
    return credential
  }

  /** The device has acknowledged its credential, which stays good now when the code expires. */
  delivered(id: string): void {
    const device = this.#devices.get(id)
    if (device?.enrolment?.issued) this.#put({ ...device, enrolment: { ...device.enrolment, delivered: true } })
  }

  async #verifyCode({ id, enrolment }: Device, code: string): Promise<Verdict> {
    if (!enrolment) return 'wrong'
    const equal = await this.#hasher.verify(code, enrolment.code)
    if (equal === 'busy') return 'busy'
    const device = this.#devices.get(id)
    if (!device?.enrolment || device.enrolment.code.hash !== enrolment.code.hash || !this.#isOpen(device))
      return 'wrong'
    if (equal) return 'code'
    this.#put({ ...device, enrolment: { ...device.enrolment, wrong: device.enrolment.wrong + 1 } })
    return 'wrong'
  }

  /** What a device may log in with; the first use of the issued one ends the enrolment. */
  #credentials(device: Device): { hash: SecretHash; issued: boolean }[] {
    const { credential, enrolment } = device
    const issued = enrolment && (enrolment.delivered || this.#isOpen(device)) ? enrolment.issued : null
    return [
      ...(issued ? [{ hash: issued, issued: true }] : []),
      ...(credential ? [{ hash: credential, issued: false }] : []),
    ]
  }

  #isOpen({ enrolment }: Device): boolean {
    return enrolment !== null && enrolment.wrong < MAX_WRONG_CODES && this.#clock.now() < enrolment.expiresAt
  }

  #put(device: Device): void {
    if (!this.#devices.has(device.id) && this.#devices.size >= MAX_DEVICES)
      throw new HomebeatError('devices.too-many', `There are ${MAX_DEVICES} devices: revoke one that is not used.`)
    this.#save([...this.#devices.values()].filter(({ id }) => id !== device.id).concat(device))
  }

  #save(devices: readonly Device[]): void {
    const sorted = [...devices].sort((a, b) => (a.id < b.id ? -1 : 1))
    writePrivateFile(this.#path, `${JSON.stringify({ version: 1, devices: sorted }, null, 1)}\n`)
    this.#devices = new Map(sorted.map((device) => [device.id, device]))
  }
}

/** 256 random bits, in letters that fit into any configuration. */
function makeCredential(): string {
  return randomBytes(32).toString('base64url')
}
