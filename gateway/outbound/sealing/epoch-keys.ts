/**
 * Epoch keys: one random 256-bit key for each patient, data class and UTC day. So a grant can release exactly the days
 * and classes that it names. The journal holds each wrapped under the master key (compact JWE: RFC 7516, A256KW, A256GCM).
 */
import { CompactEncrypt, compactDecrypt } from 'jose'
import type { DataClass } from '#fhir/measurement.js'
import type { EpochKeyStore } from '#gateway/journal/api/epoch-keys.js'
import { HomebeatError } from '#gateway/platform/errors.js'

export interface EpochKey {
  /** `<patient>/<data class>/<YYYY-MM-DD>`. */
  readonly epoch: string
  /** 32 bytes. */
  readonly key: Uint8Array
}

export interface EpochKeysOptions {
  readonly store: EpochKeyStore
  /** 32 bytes. */
  readonly masterKey: Uint8Array
  /** The patient's pseudonym. */
  readonly patient: string
  /** Cryptographic random bytes. */
  readonly random: (size: number) => Uint8Array
}

export class EpochKeys {
  readonly #options: EpochKeysOptions

  constructor(options: EpochKeysOptions) {
    this.#options = options
  }

  /** @param day `YYYY-MM-DD`, UTC */
  epochOf(dataClass: DataClass, day: string): string {
    return `${this.#options.patient}/${dataClass}/${day}`
  }

  /**
   * The key of an epoch; a new one is stored before its first use.
   * @throws HomebeatError `epoch-key.wrapped`, `journal.*`
   */
  async keyFor(dataClass: DataClass, day: string): Promise<EpochKey> {
    const { store, random } = this.#options
    const epoch = this.epochOf(dataClass, day)
    // The stored key counts: of two made at the same time the store keeps one.
    const wrapped = store.get(epoch) ?? store.put(epoch, await this.#wrap(epoch, random(32)))
    return { epoch, key: await this.#unwrap(epoch, wrapped) }
  }

  /** The key of an epoch, or null where nothing was ever sealed in it. */
  async existing(epoch: string): Promise<EpochKey | null> {
    const wrapped = this.#options.store.get(epoch)
    return wrapped === null ? null : { epoch, key: await this.#unwrap(epoch, wrapped) }
  }

  #wrap(epoch: string, key: Uint8Array): Promise<string> {
    return new CompactEncrypt(key)
      .setProtectedHeader({ alg: 'A256KW', enc: 'A256GCM', kid: epoch })
      .encrypt(this.#options.masterKey)
  }

  async #unwrap(epoch: string, wrapped: string): Promise<Uint8Array> {
    try {
      const { plaintext, protectedHeader } = await compactDecrypt(wrapped, this.#options.masterKey, {
        keyManagementAlgorithms: ['A256KW'],
        contentEncryptionAlgorithms: ['A256GCM'],
      })
      // The header is authenticated: a row that was copied to another epoch opens nothing.
      if (protectedHeader.kid === epoch && plaintext.length === 32) return plaintext
    } catch {
      // The error below says it; the library's message is left out.
    }
    throw new HomebeatError(
      'epoch-key.wrapped',
      `The stored key of epoch ${epoch} does not open with this master key: restore the master key's file that belongs to this journal.`,
    )
  }
}
