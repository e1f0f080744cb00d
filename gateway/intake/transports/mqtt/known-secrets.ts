import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'

/** Secrets that are known to be right, in memory only and as digests under a key of this process. */
export class KnownSecrets {
  readonly #key = randomBytes(32)
  readonly #digests = new Map<string, Buffer>()

  get ids(): readonly string[] {
    return [...this.#digests.keys()]
  }

  has(id: string): boolean {
    return this.#digests.has(id)
  }

  set(id: string, secret: string): void {
    this.#digests.set(id, this.#digest(secret))
  }

  delete(id: string): void {
    this.#digests.delete(id)
  }

  matches(id: string, secret: string): boolean {
    const known = this.#digests.get(id)
    return known !== undefined && timingSafeEqual(known, this.#digest(secret))
  }

  #digest(secret: string): Buffer {
    return createHmac('sha256', this.#key).update(secret).digest()
  }
}
