/** `proxy`: by which HTTP far ends are reached. */
import { z } from 'zod'
import { httpUrl, together } from '#gateway/platform/config-grammar.js'

export const proxyConfig = together(
  z.strictObject({
    url: httpUrl.refine((url) => !/\/\/[^/]*@/.test(url), {
      error: 'holds a login: give user and passwordFile beside it',
    }),
    user: z.string().min(1).max(254).optional(),
    passwordFile: z.string().optional(),
    /** PEM: authorities of the proxy's own certificate, where its URL is https:// */
    caFile: z.string().optional(),
    /** Hosts that are reached without it, with all below them, e.g. `lan`. This machine always is. */
    except: z.array(z.string().min(1).max(253)).max(100).default([]),
  }),
  ['user', 'passwordFile'],
).optional()

export type ProxyConfig = NonNullable<z.output<typeof proxyConfig>>
