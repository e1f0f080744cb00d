import type { AlertTransition } from '#gateway/alerts/alert.js'

/** One line for people who may read it on a locked screen: what and since when (home's local time), no value, no name. */
export function previewOf(transition: AlertTransition): string {
  const words = conditionWords(transition.condition)
  const since = timeOfDay(transition.raisedAt)
  return transition.state === 'active'
    ? `${transition.priority.toUpperCase()}: ${words} (active since ${since})`
    : `CLEARED: ${words} (active from ${since} to ${timeOfDay(transition.at)})`
}

/** `low-oxygen-saturation` → "oxygen saturation low", `probe-off-spo2` → "probe off spo2". */
export function conditionWords(condition: string): string {
  const words = condition.split('-')
  const [first] = words
  return (first === 'low' || first === 'high' ? [...words.slice(1), first] : words).join(' ')
}

function timeOfDay(at: number): string {
  const date = new Date(at)
  return `${two(date.getHours())}:${two(date.getMinutes())}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
