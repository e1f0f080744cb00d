import { useEffect, useState } from 'preact/hooks'
import type { LiveStore, Snapshot } from './live-store.js'

export function useSnapshot(store: LiveStore): Snapshot {
  const [snapshot, setSnapshot] = useState(store.snapshot)
  useEffect(() => store.subscribe(() => setSnapshot(store.snapshot)), [store])
  return snapshot
}

/** The gateway's time, renewed every second: ages grow although nothing arrives. */
export function useNow(store: LiveStore): number {
  const [now, setNow] = useState(store.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(store.now()), 1000)
    return () => clearInterval(timer)
  }, [store])
  // A value may be younger than the last tick.
  return Math.max(now, store.now())
}

/** Calls `change` when the system's colours or the preferred motion change. */
export function onAppearanceChange(change: () => void): () => void {
  const queries = ['(prefers-color-scheme: dark)', '(prefers-reduced-motion: reduce)'].map((q) => matchMedia(q))
  for (const query of queries) query.addEventListener('change', change)
  return () => {
    for (const query of queries) query.removeEventListener('change', change)
  }
}
