import { useEffect } from 'preact/hooks'
import { REHEARSAL } from '../../../../model/rehearsal.js'
import { conditionWords, priorityWords } from '../../../../wording/words.js'
import { AppFooter } from '../components/app-footer.js'
import { AppHeader } from '../components/app-header.js'
import { useSnapshot } from '../lib/hooks.js'
import type { LiveStore } from '../lib/live-store.js'
import { LiveRoom } from './live-room.js'

/** The shell that every room of the console shares: header, announcements, footer. */
export function App({ store }: { store: LiveStore }) {
  const snapshot = useSnapshot(store)
  const high = snapshot.status?.alerts.filter((alert) => alert.state === 'active' && alert.priority === 'high')
  const worst = high?.find(({ condition }) => condition !== REHEARSAL) ?? high?.[0]
  useEffect(() => {
    document.title =
      snapshot.connection === 'lost'
        ? 'Not live · Homebeat'
        : worst
          ? `${priorityWords(worst)}: ${conditionWords(worst.condition)} · Homebeat`
          : 'Homebeat'
  }, [snapshot.connection, worst?.alertId])
  return (
    <>
      <a class="skip" href="#main">
        Skip to the values
      </a>
      <AppHeader store={store} snapshot={snapshot} />
      <div class="visually-hidden" role="status" aria-live="assertive">
        {snapshot.announcement}
      </div>
      <LiveRoom store={store} snapshot={snapshot} />
      <AppFooter status={snapshot.status} />
    </>
  )
}
