import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'

/**
 * 16 MiB and about 40 ms of a desktop's core. A credential has 256 random bits, so that nobody finds it by trying,
 * whatever the hash costs; the cost is for codes and for secrets that people chose.
 */
const COST = { N: 2 ** 14, r: 8, p: 1 } as const
const BYTES = 32
/** Behind the one that is being computed. A flood of logins is turned away, not queued. */
const MAX_WAITING = 16

const base64 = z.string().regex(/^[A-Za-z0-9+/]{16,88}={0,2}$/)
/** scrypt (RFC 7914) with the parameters it was made with, so that they may change. */
export const secretHash = z.strictObject({
  N: z
    .number()
    .int()
    .min(2 ** 10)
    .max(2 ** 17)
    .refine((n) => Number.isInteger(Math.log2(n))),
  r: z.number().int().min(1).max(16),
  p: z.number().int().min(1).max(8),
  salt: base64,
  hash: base64,
})
export type SecretHash = z.output<typeof secretHash>

/** Hashes one secret after the other, away from the event loop: at most one core is ever busy with it. */
export class SecretHasher {
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #nobody: Promise<SecretHash> | null = null

  async hash(secret: string | Uint8Array): Promise<SecretHash> {
    const salt = randomBytes(16)
    const hash = await this.#queue(() => derive(secret, salt, COST))
    return { ...COST, salt: salt.toString('base64'), hash: hash.toString('base64') }
  }

  /** @returns `busy` when too many wait already: nothing was compared. */
  async verify(secret: string | Uint8Array, stored: SecretHash): Promise<boolean | 'busy'> {
    if (this.#waiting >= MAX_WAITING) return 'busy'
    const expected = Buffer.from(stored.hash, 'base64')
    const { N, r, p } = stored
    const found = await this.#queue(() => derive(secret, Buffer.from(stored.salt, 'base64'), { N, r, p }))
    return found.length === expected.length && timingSafeEqual(found, expected)
  }

  /** Takes as long as a comparison, for who is not known: the time of an answer does not tell which devices are. */
  async pretend(): Promise<'busy' | false> {
    this.#nobody ??= this.hash(randomBytes(BYTES))
    return (await this.verify('nobody', await this.#nobody)) === 'busy' ? 'busy' : false
  }

  #queue<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#waiting++
    const result = this.#last.then(work).finally(() => {
      this.#waiting--
    })
    this.#last = result.catch(() => {})
    return result
  }
}

function derive(secret: string | Uint8Array, salt: Buffer, cost: { N: number; r: number; p: number }): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(secret, salt, BYTES, { ...cost, maxmem: 256 * cost.N * cost.r }, (error, key) =>
      error ? reject(error) : resolve(key),
    )
  })
}
