/** The name under which this browser acts; only the browser remembers it. */
import { useState } from 'preact/hooks'

const KEY = 'homebeat.actor'

export function useActingAs(): readonly [string, (who: string) => void] {
  const [who, setWho] = useState(remembered)
  return [
    who,
    (next) => {
      setWho(next)
      try {
        localStorage.setItem(KEY, next)
      } catch {
        // A browser that keeps nothing: it is asked again after a reload.
      }
    },
  ]
}

function remembered(): string {
  try {
    return localStorage.getItem(KEY) ?? ''
  } catch {
    return ''
  }
}
