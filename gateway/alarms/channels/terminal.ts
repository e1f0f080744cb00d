import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { dateAndTime, zoneWords } from '#gateway/wording/times.js'
import type { AlertChannel, AlertNotice, ChannelDependencies, LineStream } from './channel.js'
import type { ChannelConfig } from './config.js'

/** One line per transition on the gateway's terminal; a bell for a high alert that begins. */
export function terminalChannel(
  config: Extract<ChannelConfig, { type: 'terminal' }>,
  { stream, home }: Pick<ChannelDependencies, 'stream' | 'home'>,
): AlertChannel {
  return {
    name: config.name,
    about: 'writes lines to the terminal',
    notify: (notice, signal) => writeLine(stream, lineOf(notice, home), signal),
  }
}

const LOUD: ReadonlySet<string> = new Set(['raised', 'escalated', 'reminder'])

function lineOf(notice: AlertNotice, home: string): string {
  const bell = notice.priority === 'high' && LOUD.has(notice.reason) ? '\u0007' : ''
  return `${bell}${dateAndTime(notice.at)} ${zoneWords(notice.at)} ${home} ${notice.preview}\n`
}

function writeLine(stream: LineStream, line: string, signal: AbortSignal): Promise<DeliveryOutcome> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve({ class: 'transient', reason: 'stopped before writing' })
    // A terminal that is held (Ctrl-S) never calls back.
    const onAbort = () => resolve({ class: 'ambiguous', reason: 'stopped while writing' })
    signal.addEventListener('abort', onAbort, { once: true })
    const done = (error?: Error | null) => {
      signal.removeEventListener('abort', onAbort)
      resolve(error ? { class: 'transient', reason: 'the terminal cannot be written to' } : { class: 'delivered' })
    }
    try {
      stream.write(line, done)
    } catch (error) {
      done(error as Error)
    }
  })
}
