import type { GatewayStatus } from '../../../status/feed.js'
import { Card } from './card.js'

const STATE_WORDS: Readonly<Record<string, string>> = {
  stopped: 'Stopped',
  connecting: 'Connecting',
  connected: 'Connected',
  waiting: 'Waiting',
  ended: 'Ended',
}

export function SourceList({ status }: { status: GatewayStatus | null }) {
  const frames = status?.frames
  return (
    <Card title="Sources">
      <ul class="sources">
        {(status?.transports ?? []).map((transport) => (
          <li key={transport.name} data-transport={transport.name}>
            <p class="source-top">
              <strong>{transport.name}</strong>
              <span class={`source-state source-${transport.state}`}>{STATE_WORDS[transport.state]}</span>
            </p>
            <p class="fine">{transport.sentence}</p>
          </li>
        ))}
      </ul>
      {frames && (
        <p class="fine">
          Frames: {frames.received.toLocaleString()} received,{' '}
          <span class={frames.lost > 0 ? 'warn' : ''}>{frames.lost.toLocaleString()} lost</span>,{' '}
          <span class={frames.refused > 0 ? 'warn' : ''}>{frames.refused.toLocaleString()} refused</span>.
        </p>
      )}
    </Card>
  )
}
