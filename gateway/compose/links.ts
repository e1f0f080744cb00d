import { join } from 'node:path'
import type { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { LinkServer } from '#gateway/alarms/links/link-server.js'
import { LinkTokens, loadOrCreateLinkKey } from '#gateway/alarms/links/link-tokens.js'
import type { Site } from './site.js'

/** Links in messages that acknowledge an alert; null where the site has none. */
export async function linksOf({ config, baseDir, dataDir, clock, logger }: Site) {
  const { links, contacts } = config.alerts
  if (!links) return null
  const { validMinutes, publicUrl } = links
  const tokens = new LinkTokens({
    key: await loadOrCreateLinkKey(join(dataDir, 'keys', 'link.key')),
    validMinutes,
    clock,
  })
  const ids = contacts.map(({ id }) => id)
  return {
    /** Only for a contact: a link says who follows it. */
    acknowledgeUrl: (alertId: string, contact: string | undefined) =>
      contact === undefined ? undefined : new URL(`/a/${tokens.make({ alertId, contact })}`, publicUrl).href,
    server: (actions: AlarmActions) =>
      new LinkServer({ config: links, tokens, contacts: ids, actions, baseDir, dataDir, clock, logger }),
  }
}
