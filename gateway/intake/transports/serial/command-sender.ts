import type { KitCommand } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { commandLine, type KitAnswer } from './command-line.js'

/** firmware/PROTOCOL.md: an unanswered command is repeated after 5 s, twice. */
const REPEAT_MS = 5000
const ATTEMPTS = 3
/** More waiting commands than this is a fault of the caller. */
const MAX_WAITING = 32

interface Job {
  readonly command: KitCommand
  readonly resolve: () => void
  readonly reject: (error: HomebeatError) => void
}

/** Sends one command at a time and waits for its answer. */
export class CommandSender {
  readonly #clock: Clock
  readonly #write: (line: string) => void
  #cseq: number
  #waiting: Job[] = []
  #current: { job: Job; cseq: number; cancel: () => void } | null = null

  /** @param write puts a line on the wire, or drops it while there is none: it is repeated anyway. */
  constructor(clock: Clock, write: (line: string) => void) {
    this.#clock = clock
    this.#write = write
    // Not from 0 after each start: an answer to the process before this one must not match.
    this.#cseq = Math.floor(clock.now() / 1000) & 0xffff
  }

  /** @throws HomebeatError `serial.no-answer`, `serial.refused-command`, `serial.too-many-commands`, `transport.stopped` */
  send(command: KitCommand): Promise<void> {
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(
        new HomebeatError(
          'serial.too-many-commands',
          'the kit has not answered earlier commands: wait for them first',
          {
            retry: 'transient',
          },
        ),
      )
    return new Promise((resolve, reject) => {
      this.#waiting.push({ command, resolve, reject })
      if (!this.#current) this.#next()
    })
  }

  /** Called with every answer the kit sends. */
  answered(answer: KitAnswer): void {
    const current = this.#current
    if (!current || current.cseq !== answer.cseq) return
    current.cancel()
    this.#current = null
    if (answer.ok) current.job.resolve()
    else
      current.job.reject(
        new HomebeatError(
          'serial.refused-command',
          `the kit refused the command ${current.job.command.command}: ${answer.detail || 'no reason given'}`,
          { retry: answer.detail === 'busy' || answer.detail === 'crc' ? 'transient' : 'permanent' },
        ),
      )
    this.#next()
  }

  /** Gives up everything that waits. */
  stop(): void {
    const jobs = [...(this.#current ? [this.#current.job] : []), ...this.#waiting.splice(0)]
    this.#current?.cancel()
    this.#current = null
    for (const job of jobs)
      job.reject(
        new HomebeatError('transport.stopped', 'the transport was stopped before the kit answered', {
          retry: 'ambiguous',
        }),
      )
  }

  #next(): void {
    const job = this.#waiting.shift()
    if (!job) return
    this.#cseq = (this.#cseq + 1) & 0xffff
    const current = { job, cseq: this.#cseq, cancel: () => {} }
    this.#current = current
    const line = commandLine(job.command, current.cseq)
    const attempt = (left: number) => {
      if (left === 0) {
        this.#current = null
        job.reject(
          new HomebeatError(
            'serial.no-answer',
            `the kit did not answer the command ${job.command.command} within ${(ATTEMPTS * REPEAT_MS) / 1000} s: is it connected and switched on?`,
            { retry: 'transient' },
          ),
        )
        this.#next()
        return
      }
      current.cancel = this.#clock.after(REPEAT_MS, () => attempt(left - 1))
      this.#write(line)
    }
    attempt(ATTEMPTS)
  }
}
