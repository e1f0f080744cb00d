/** The running demo in the terminal: values, ECG, alerts, lanes, batches, drawn from the console's live stream. */
import type { WriteStream } from 'node:tty'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { type Clock, wait } from '#gateway/platform/clock.js'
import { ENTER, LEAVE, overdraw } from './view/ansi.js'
import { liveEvents } from './view/live-stream.js'
import { renderLine, renderView } from './view/render.js'
import { emptyView, take, type ViewState } from './view/view-state.js'

const DRAW_MS = 250
const PLAIN_MS = 5000
const RETRY_MS = 1000

/** What the view needs of `process.stdout`. */
export type ViewStream = Pick<WriteStream, 'write'> & Partial<Pick<WriteStream, 'isTTY' | 'columns' | 'rows'>>

export interface TerminalViewOptions {
  /** The console's URL, which is also the page's. */
  readonly url: string
  readonly stream: ViewStream
  readonly clock: Clock
  readonly fetch?: typeof fetch
  /** NO_COLOR and TERM=dumb ask for plain lines. */
  readonly env?: Readonly<Record<string, string | undefined>>
}

export class TerminalView implements Lifecycle {
  readonly #options: TerminalViewOptions
  readonly #live: boolean
  #state: ViewState
  #abort: AbortController | null = null
  #reading: Promise<void> | null = null
  #cancelDraw: (() => void) | null = null
  readonly #restore = () => void this.#options.stream.write(LEAVE)

  constructor(options: TerminalViewOptions) {
    const env = options.env ?? process.env
    this.#options = options
    this.#live = options.stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb'
    this.#state = emptyView(options.url, options.clock.now())
  }

  async start(): Promise<void> {
    if (this.#abort) return
    this.#abort = new AbortController()
    if (this.#live) {
      this.#options.stream.write(ENTER)
      // Should the process end without stop(), the cursor must come back all the same.
      process.once('exit', this.#restore)
      this.#draw()
    }
    this.#schedule()
    this.#reading = this.#read(this.#abort.signal)
  }

  async stop(): Promise<void> {
    if (!this.#abort) return
    this.#abort.abort()
    this.#abort = null
    this.#cancelDraw?.()
    if (this.#live) {
      process.off('exit', this.#restore)
      this.#restore()
    }
    await this.#reading
  }

  #schedule(): void {
    this.#cancelDraw = this.#options.clock.after(this.#live ? DRAW_MS : PLAIN_MS, () => {
      this.#draw()
      this.#schedule()
    })
  }

  #draw(): void {
    const { stream, clock } = this.#options
    this.#state = { ...this.#state, now: clock.now() }
    if (!this.#live) stream.write(`${renderLine(this.#state)}\n`)
    else stream.write(overdraw(renderView(this.#state, stream.columns ?? 80, stream.rows ?? 24)))
  }

  async #read(signal: AbortSignal): Promise<void> {
    const ask = this.#options.fetch ?? fetch
    while (!signal.aborted) {
      try {
        const response = await ask(new URL('/api/live', this.#options.url), { signal })
        if (response.ok && response.body)
          for await (const event of liveEvents(response.body)) this.#state = take(this.#state, event)
        else await response.body?.cancel()
      } catch {
        // Whatever broke it, the answer is the same: say that it is not live, and try again.
      }
      if (signal.aborted) return
      this.#state = { ...this.#state, connection: 'lost' }
      await wait(this.#options.clock, RETRY_MS, signal)
    }
  }
}
