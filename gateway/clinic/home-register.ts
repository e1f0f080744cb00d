/** Which homes are watched, and by which secret each is known: those of the configuration, and those that were enrolled. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { name } from '#gateway/platform/config-grammar.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { newWebhookSecret, parseWebhookSecret } from '#gateway/platform/net/webhook-signature.js'
import { writePrivateFile } from '#gateway/platform/secrets/private-file.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { LoadedClinicConfig } from './config.js'
import { homeOf } from './home-record.js'

export interface RegisteredHome {
  readonly id: string
  readonly secret: Buffer
  /** Names the secret without telling it: numbers begin anew with a new one. */
  readonly keyId: string
  readonly missingAfterMs: number
}

const SUFFIX = '.secret'
const MOST_HOMES = 10_000

export class HomeRegister {
  readonly #loaded: LoadedClinicConfig
  readonly #folder: string
  readonly #homes = new Map<string, RegisteredHome>()

  /** Reads all secrets. @throws HomebeatError `secret.*` */
  constructor(loaded: LoadedClinicConfig) {
    const { config, baseDir, dataDir } = loaded
    this.#loaded = loaded
    this.#folder = join(dataDir, 'homes')
    for (const { id, secretFile, missingAfterSeconds } of config.homes)
      this.#add(id, readSecret(resolve(baseDir, secretFile)), missingAfterSeconds)
    for (const id of this.#enrolled()) if (!this.#homes.has(id)) this.#add(id, readSecret(this.#path(id)))
  }

  get(id: string): RegisteredHome | undefined {
    return this.#homes.get(id)
  }

  /** Whether a condition is about a home that is watched no longer. */
  isForgotten(condition: string): boolean {
    const home = homeOf(condition)
    return home !== null && !this.#homes.has(home)
  }

  all(): RegisteredHome[] {
    return [...this.#homes.values()]
  }

  /**
   * Makes a secret for a home, which counts from now on.
   * @param renew replaces the secret of a home that has one
   * @returns the secret, as the gateway's secretFile must hold it
   * @throws HomebeatError `usage.home`, `clinic.enrolled`, `clinic.full`
   */
  enrol(id: string, renew: boolean): string {
    if (!name.safeParse(id).success)
      throw new HomebeatError(
        'usage.home',
        `"${id}" is no pseudonym: use 1 to 32 lower-case letters, digits and hyphens.`,
      )
    this.#refuseConfigured(id)
    if (this.#homes.has(id) && !renew)
      throw new HomebeatError(
        'clinic.enrolled',
        `${id} is enrolled already. --renew gives it a new secret; its gateway is not heard before it has that one.`,
      )
    if (this.#homes.size >= MOST_HOMES)
      throw new HomebeatError('clinic.full', `One receiver watches at most ${MOST_HOMES} homes: start another one.`)
    const secret = newWebhookSecret()
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    writePrivateFile(this.#path(id), `${secret}\n`)
    this.#add(id, secret)
    return secret
  }

  /** The home is watched no longer. @throws HomebeatError `clinic.unknown`, `clinic.configured` */
  forget(id: string): void {
    this.#refuseConfigured(id)
    if (!this.#homes.delete(id)) throw unknownHome(id)
    rmSync(this.#path(id), { force: true })
  }

  #add(id: string, text: string, missingAfterSeconds = this.#loaded.config.missingAfterSeconds): void {
    const secret = parseWebhookSecret(text, `the home ${id}`)
    const keyId = createHash('sha256').update('homebeat key id').update(secret).digest('hex').slice(0, 16)
    this.#homes.set(id, { id, secret, keyId, missingAfterMs: missingAfterSeconds * 1000 })
  }

  #refuseConfigured(id: string): void {
    if (this.#loaded.config.homes.some((home) => home.id === id))
      throw new HomebeatError('clinic.configured', `${id} stands in the configuration (homes): change it there.`)
  }

  #enrolled(): string[] {
    if (!existsSync(this.#folder)) return []
    return readdirSync(this.#folder).flatMap((file) =>
      file.endsWith(SUFFIX) && !file.startsWith('.') ? [file.slice(0, -SUFFIX.length)] : [],
    )
  }

  #path(id: string): string {
    return join(this.#folder, `${id}${SUFFIX}`)
  }
}

export function unknownHome(id: string): HomebeatError {
  return new HomebeatError('clinic.unknown', `No home ${id} is watched: see homebeat clinic list.`)
}
