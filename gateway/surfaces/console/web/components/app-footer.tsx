import { durationWords } from '../../../../wording/words.js'
import type { GatewayStatus } from '../../../status/feed.js'

export function AppFooter({ status }: { status: GatewayStatus | null }) {
  const facts = []
  if (status) {
    facts.push(`Gateway ${status.version}`)
    if (status.startedAt !== null) facts.push(`running for ${durationWords(status.now - status.startedAt)}`)
    if (status.process) facts.push(`${Math.round(status.process.rssMb)} MB`)
  }
  return (
    <footer class="app-footer">
      <p>
        <strong>Not a certified medical device.</strong> In an emergency call your local emergency number.
      </p>
      <p>{facts.join(' · ')}</p>
    </footer>
  )
}
