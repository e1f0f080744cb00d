/** `alerts.links`: the server of acknowledge links. */
import { z } from 'zod'
import { across, httpUrl, listenPort } from '#gateway/platform/config-grammar.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'

/** Links of single use in messages, by which a contact acknowledges. */
const links = z.strictObject({
  /** How the contacts reach the link server: it stands in their messages. */
  publicUrl: httpUrl.refine(
    (url) => !URL.canParse(url) || /^\/*$/.test(new URL(url).pathname),
    'give a URL without a path',
  ),
  /** Where it listens. Another machine reaches it only with `tls`, unless `allowUnencrypted`. */
  host: z.string().min(1).max(253).default('127.0.0.1'),
  port: listenPort.default(8443),
  tls: z.strictObject({ certFile: z.string().min(1), keyFile: z.string().min(1) }).optional(),
  validMinutes: z.number().min(1).max(1440).default(120),
  allowUnencrypted: z.boolean().default(false),
})

export const linksConfig = across(links, function* ({ host, tls, allowUnencrypted }) {
  if (!tls && !isLoopback(host) && !allowUnencrypted)
    yield {
      path: ['tls'],
      message: `is missing: ${host} would answer the network without encryption; give certFile and keyFile, or say allowUnencrypted: true`,
    }
})

export type LinksConfig = z.output<typeof linksConfig>
