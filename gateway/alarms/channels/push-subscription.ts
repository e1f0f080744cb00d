import { resolve } from 'node:path'
import { z } from 'zod'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { PushKeys } from './push-encryption.js'

const base64 = (bytes: number, what: string) =>
  z
    .string()
    .max(200)
    .transform((text) => Buffer.from(text.replace(/-/g, '+').replace(/_/g, '/'), 'base64'))
    .refine((buffer) => buffer.length === bytes, `${what} must be ${bytes} bytes`)

/** What a browser's `PushSubscription.toJSON()` gives. */
const schema = z.object({
  endpoint: z.url({ protocol: /^https$/, error: 'the endpoint must be an https:// URL' }).max(2000),
  keys: z.object({
    p256dh: base64(65, 'p256dh').refine((key) => key[0] === 4, 'p256dh must be an uncompressed point'),
    auth: base64(16, 'auth'),
  }),
})

export interface PushSubscription {
  readonly endpoint: URL
  readonly keys: PushKeys
}

/** @param address the subscription as JSON, or `file:` and the path of a file of mode 0600 that holds it. @returns a sentence where it is none */
export function parseSubscription(address: string | undefined, baseDir: string): PushSubscription | string {
  if (address === undefined) return 'no push subscription: give the contact one as its address'
  try {
    const text = address.startsWith('file:') ? readSecret(resolve(baseDir, address.slice('file:'.length))) : address
    const { endpoint, keys } = schema.parse(JSON.parse(text))
    return { endpoint: new URL(endpoint), keys }
  } catch (error) {
    // The words of JSON.parse are not passed on: they quote the text, and everybody who has the text can send.
    if (error instanceof SyntaxError) return 'the address is no push subscription (JSON with endpoint and keys)'
    if (error instanceof z.ZodError) return `the push subscription cannot be used: ${error.issues[0]?.message}`
    return error instanceof Error ? error.message : String(error)
  }
}
