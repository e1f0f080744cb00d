import { clockTime } from '../../../../wording/times.js'
import type { GatewayStatus } from '../../../status/feed.js'

export function LostBanner({ status }: { status: GatewayStatus | null }) {
  return (
    <div class="banner lost" role="alert">
      <strong>The gateway cannot be reached.</strong>{' '}
      {status
        ? `What you see is from ${clockTime(status.now)} and not live. Trying again.`
        : 'Is Homebeat running on this machine? Trying again.'}
    </div>
  )
}
