/** A topic with named levels, `tele/{device}/SENSOR`: every level is literal or one name in braces. */

const LEVEL = /^(?:\{([a-z][a-z0-9-]{0,31})\}|[^{}+#]*)$/

export function isTopicPattern(text: string): boolean {
  const names = namesOf(text)
  return (
    text.length > 0 &&
    text.length <= 250 &&
    text.split('/').every((level) => LEVEL.test(level)) &&
    new Set(names).size === names.length
  )
}

export function namesOf(pattern: string): string[] {
  return pattern.split('/').flatMap((level) => LEVEL.exec(level)?.[1] ?? [])
}

/** The named levels of a topic, or null where it has another form. */
export function matchTopic(pattern: string, topic: string): ReadonlyMap<string, string> | null {
  const levels = topic.split('/')
  const wanted = pattern.split('/')
  if (levels.length !== wanted.length) return null
  const found = new Map<string, string>()
  for (const [i, level] of wanted.entries()) {
    const actual = levels[i] ?? ''
    const name = LEVEL.exec(level)?.[1]
    if (name === undefined ? actual !== level : actual === '') return null
    if (name !== undefined) found.set(name, actual)
  }
  return found
}

/** The MQTT filter that brings these topics: `tele/+/SENSOR`. */
export function filterOf(pattern: string): string {
  return pattern
    .split('/')
    .map((level) => (LEVEL.exec(level)?.[1] === undefined ? level : '+'))
    .join('/')
}
