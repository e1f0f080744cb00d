/** Keeps `/api/live` open. EventSource itself reconnects after a break; this also does so after a refusal or a silence. */
import type { LiveEvent } from '../../../status/feed.js'
import type { LiveStore } from './live-store.js'

/** The status comes every second: this much silence means that nobody is there. */
const SILENCE_MS = 5000
const RETRY_MS = 3000

export function connect(store: LiveStore, url = '/api/live'): () => void {
  let source: EventSource | null = null
  let heardAt = performance.now()
  let openedAt = performance.now()

  const open = () => {
    source?.close()
    openedAt = performance.now()
    source = new EventSource(url)
    source.onmessage = (message: MessageEvent<string>) => {
      const event = JSON.parse(message.data) as LiveEvent
      // Values alone are not enough: without its status nobody knows what alarms there are.
      if (event.type === 'status') {
        heardAt = performance.now()
        store.setConnection('live')
      }
      store.take(event)
    }
    source.onerror = () => store.setConnection('lost')
  }

  const watch = setInterval(() => {
    const now = performance.now()
    if (now - heardAt > SILENCE_MS) store.setConnection('lost')
    const waiting = source?.readyState === EventSource.CONNECTING
    const dead = source?.readyState === EventSource.CLOSED || (!waiting && now - heardAt > SILENCE_MS)
    if (dead && now - openedAt > RETRY_MS) open()
  }, 1000)

  open()
  return () => {
    clearInterval(watch)
    source?.close()
  }
}
