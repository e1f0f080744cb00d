/** Reads the console's Server-Sent Events. */
import type { LiveEvent } from '#gateway/surfaces/status/feed.js'

/** Characters of one event; a status is a few thousand. */
const MAX_EVENT = 1_000_000
// biome-ignore lint/suspicious/noControlCharactersInRegex: taken out, so that no text can steer the terminal
const CONTROL = /[\x00-\x1f\x7f-\x9f]/g

/** Yields until the stream ends; throws where it breaks, or where an event is longer than a megabyte. */
export async function* liveEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<LiveEvent> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const chunk of body) {
    text += decoder.decode(chunk, { stream: true })
    const blocks = text.split('\n\n')
    text = blocks.pop() ?? ''
    for (const block of blocks) {
      const data = block
        .split('\n')
        .filter((field) => field.startsWith('data:'))
        .map((field) => field.slice(5).trimStart())
        .join('\n')
      if (data !== '') yield JSON.parse(data, withoutControls) as LiveEvent
    }
    if (text.length > MAX_EVENT) throw new Error('the console sent an event that is too long')
  }
}

function withoutControls(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replace(CONTROL, ' ') : value
}
