import { notMonitoredWords } from '../../../../wording/monitoring-words.js'
import type { GatewayStatus } from '../../../status/feed.js'

/** Before everything else: nobody is watched, by whose word, why and until when. */
export function NotMonitoredBanner({ status }: { status: GatewayStatus | null }) {
  return status?.notMonitored ? (
    <div class="banner not-monitored" role="status">
      <strong>{notMonitoredWords(status.notMonitored)}</strong> It ends by itself when signals return.
    </div>
  ) : null
}
