/** Voluntary application server identification (RFC 8292): who sends a push message, by a signature. */
import { generateKeyPairSync } from 'node:crypto'
import { importJWK, SignJWT } from 'jose'
import { z } from 'zod'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readOrCreateSecret } from '#gateway/platform/secrets/create-secret.js'

/** RFC 8292 allows 24 hours; push services refuse more, and clocks differ. */
const LIFE_SECONDS = 12 * 3600

const coordinate = z.string().regex(/^[A-Za-z0-9_-]{43}$/)
const jwkSchema = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
  d: coordinate,
})

export class VapidKey {
  /** As browsers want it (`applicationServerKey`): the uncompressed point, base64url. */
  readonly publicKey: string
  readonly #jwk: z.output<typeof jwkSchema>

  private constructor(jwk: z.output<typeof jwkSchema>) {
    this.#jwk = jwk
    const point = [Buffer.of(4), Buffer.from(jwk.x, 'base64url'), Buffer.from(jwk.y, 'base64url')]
    this.publicKey = Buffer.concat(point).toString('base64url')
  }

  /** Makes the key where there is none. @throws HomebeatError `vapid.format`, `secret.*` */
  static async loadOrCreate(path: string): Promise<VapidKey> {
    const text = await readOrCreateSecret(path, () =>
      JSON.stringify(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })),
    )
    const jwk = jwkSchema.safeParse(parsed(text))
    if (!jwk.success)
      throw new HomebeatError(
        'vapid.format',
        `${path} holds no P-256 key (JWK): restore it from its backup. With a new key, everybody must subscribe again.`,
      )
    return new VapidKey(jwk.data)
  }

  /** The value of `Authorization` for one push service. @param now epoch ms. @param subject mailto: or https: URL */
  async authorization(endpoint: URL, subject: string, now: number): Promise<string> {
    const token = await new SignJWT({ aud: endpoint.origin, sub: subject })
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
      .setExpirationTime(Math.floor(now / 1000) + LIFE_SECONDS)
      .sign(await importJWK(this.#jwk, 'ES256'))
    return `vapid t=${token}, k=${this.publicKey}`
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
