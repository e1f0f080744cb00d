import { clockTime } from '../../../../wording/times.js'
import { useNow } from '../lib/hooks.js'
import type { Connection, LiveStore, Snapshot } from '../lib/live-store.js'
import { BeatMark } from './icons.js'

const WORDS: Readonly<Record<Connection, string>> = {
  connecting: 'Connecting…',
  live: 'Live',
  lost: 'Not live',
}

export function AppHeader({ store, snapshot }: { store: LiveStore; snapshot: Snapshot }) {
  const now = useNow(store)
  const { connection, status } = snapshot
  return (
    <header class="app-header">
      <BeatMark />
      <h1>
        Homebeat
        <span class="home">{status?.home ?? 'home not known yet'}</span>
      </h1>
      <div class="app-state">
        <span class={`pill pill-${connection}`} data-connection={connection}>
          {WORDS[connection]}
        </span>
        <time dateTime={new Date(now).toISOString()}>{clockTime(now)}</time>
      </div>
    </header>
  )
}
