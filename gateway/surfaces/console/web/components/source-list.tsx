import { countWords } from '../../../../wording/words.js'
import type { GatewayStatus } from '../../../status/feed.js'
import { asOf, Card } from './card.js'

const STATE_WORDS: Readonly<Record<string, string>> = {
  stopped: 'Stopped',
  connecting: 'Connecting',
  connected: 'Connected',
  waiting: 'Waiting',
  ended: 'Ended',
}

/** Under a gateway that does not answer no source is called connected: what it was is said as what it was. */
export function SourceList({ status, connected }: { status: GatewayStatus | null; connected: boolean }) {
  const frames = status?.frames
  return (
    <Card title="Sources" aside={asOf(status, connected) ?? undefined}>
      <ul class="sources">
        {(status?.transports ?? []).map((transport) => (
          <li key={transport.name} data-transport={transport.name}>
            <p class="source-top">
              <strong>{transport.name}</strong>
              <span class={`source-state source-${connected ? transport.state : 'unknown'}`}>
                {connected ? STATE_WORDS[transport.state] : 'Not known'}
              </span>
            </p>
            <p class="fine">{connected ? transport.sentence : `Last known: ${transport.sentence}`}</p>
          </li>
        ))}
      </ul>
      {frames && (
        <p class="fine">
          Frames: {countWords(frames.received)} received,{' '}
          <span class={frames.lost > 0 ? 'warn' : ''}>{countWords(frames.lost)} lost</span>,{' '}
          <span class={frames.refused > 0 ? 'warn' : ''}>{countWords(frames.refused)} refused</span>.
        </p>
      )}
    </Card>
  )
}
