import { join } from 'node:path'
import type { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { noticeOf } from '#gateway/alarms/channels/channel.js'
import { LinkServer } from '#gateway/alarms/links/link-server.js'
import { LinkTokens, loadOrCreateLinkKey } from '#gateway/alarms/links/link-tokens.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { saidBeside } from './said-beside.js'
import type { Site } from './site.js'

/** Links in messages that acknowledge an alert; null where the site has none. */
export async function linksOf(site: Site) {
  const { config, home, journal, baseDir, dataDir, clock, logger } = site
  const { links, contacts, preview, message } = config.alerts
  if (!links) return null
  const { validMinutes, publicUrl } = links
  const tokens = new LinkTokens({
    key: await loadOrCreateLinkKey(join(dataDir, 'keys', 'link.key')),
    validMinutes,
    clock,
  })
  const beside = saidBeside(site)
  const say = (alert: AlertTransition) => {
    const around = { ...beside(), open: journal.alerts.active() }
    // Of now: a page that was opened late must not look as fresh as the message.
    const reason = alert.state === 'active' ? ('raised' as const) : alert.state
    const telling = { key: alert.alertId, reason, at: clock.now() }
    const { subject, details = '' } = noticeOf(alert, home, telling, preview, around)
    return { alarm: subject, lines: details.split('\n') }
  }
  const ids = contacts.map(({ id }) => id)
  return {
    /** Only for a contact: a link says who follows it. */
    acknowledgeUrl: (alertId: string, contact: string | undefined) =>
      contact === undefined ? undefined : new URL(`/a/${tokens.make({ alertId, contact })}`, publicUrl).href,
    server: (actions: AlarmActions) =>
      new LinkServer({
        config: links,
        tokens,
        contacts: ids,
        call: message.call,
        actions,
        say,
        baseDir,
        dataDir,
        clock,
        logger,
      }),
  }
}
