import type { Frame, TransportEventFrame } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import { BoundedQueue } from './bounded-queue.js'

const REPORT_EVERY_MS = 1000
/** Of what nobody waits for: a line of a wire without a way back, an event. */
export const nothingToSettle = () => {}

/** What every live transport puts its frames into: the queue, its events in order, and refusals added up. */
export class Outlet {
  readonly #name: string
  readonly #clock: Clock
  readonly #capacity: number
  #queue: BoundedQueue<Frame>
  #refused = new Map<string, number>()
  #cancelReport: (() => void) | null = null

  constructor(options: { name: string; clock: Clock; capacity: number }) {
    this.#name = options.name
    this.#clock = options.clock
    this.#capacity = options.capacity
    this.#queue = new BoundedQueue(options.capacity)
  }

  /** For `start()`: makes a new queue when the last one was closed. */
  open(): void {
    if (this.#queue.closed) this.#queue = new BoundedQueue(this.#capacity)
  }

  /** For `stop()`: reports what was refused so far; the consumer gets what is queued, then its iteration ends. */
  close(): void {
    this.#report()
    this.#queue.close()
  }

  frames(): AsyncIterable<Frame> {
    return this.#queue
  }

  /** @returns false when the producer must wait for `whenRoom()`. */
  push(frame: Frame): boolean {
    return this.#queue.push(frame)
  }

  whenRoom(): Promise<void> {
    return this.#queue.whenRoom()
  }

  /**
   * Puts an event between the data before and after it. Refusals so far come first.
   * @param deviceId of several on this transport, the one that came or went.
   */
  event(event: TransportEventFrame['event'], detail: string, deviceId?: string): void {
    this.#report()
    this.#put(event, detail, 1, deviceId)
  }

  /**
   * Counts what was not taken. One `refused` event for each reason at most every second: a wrong baud rate makes
   * thousands. @param reason one of a few fixed phrases; never a part of what was received.
   */
  refuse(reason: string, count = 1): void {
    this.#refused.set(reason, (this.#refused.get(reason) ?? 0) + count)
    this.#cancelReport ??= this.#clock.after(REPORT_EVERY_MS, () => this.#report())
  }

  #report(): void {
    this.#cancelReport?.()
    this.#cancelReport = null
    for (const [reason, count] of this.#refused) this.#put('refused', reason, count)
    this.#refused.clear()
  }

  #put(event: TransportEventFrame['event'], detail: string, count: number, deviceId?: string): void {
    // Events cannot be held back, so with a consumer that never returns they need a bound of their own.
    if (this.#queue.size >= 2 * this.#capacity) return
    this.#queue.push({
      format: 'transport-event',
      transport: this.#name,
      receivedAt: this.#clock.now(),
      event,
      detail,
      count,
      ...(deviceId === undefined ? {} : { deviceId }),
      settle: nothingToSettle,
    })
  }
}
