/**
 * The gateway's line in virtual time: the parts that the real one has between its port and COMMIT (LineGuard, commands,
 * Pipeline), called by hand instead of by sockets and timers. Nothing here decides anything.
 */

import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { parseAnswer } from '#gateway/intake/transports/serial/command-line.js'
import { CommandSender } from '#gateway/intake/transports/serial/command-sender.js'
import { LineGuard } from '#gateway/intake/transports/serial/line-guard.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { KitCommand, TransportEventFrame } from '#gateway/model/transport.js'
import type { VirtualClock } from './virtual-clock.js'

export const TRANSPORT = 'kit'
const nothingToSettle = () => {}

export interface LineCounts {
  /** Lines that came, the damaged ones among them. */
  received: number
  /** Lines the kit sent that never came. */
  lost: number
  /** Lines that came damaged, or were none. */
  refused: number
  measurements: number
}

export class VirtualGateway {
  readonly transitions: AlertTransition[] = []
  readonly counts: LineCounts = { received: 0, lost: 0, refused: 0, measurements: 0 }
  readonly #clock: VirtualClock
  readonly #pipeline: Pipeline
  readonly #commands: CommandSender
  #guard = this.#newGuard()

  /** @param write puts bytes on the kit's line. */
  constructor(clock: VirtualClock, write: (bytes: Uint8Array) => void) {
    this.#clock = clock
    this.#pipeline = new Pipeline({
      patient: 'scenario',
      limits: limitsInForce(),
      active: [],
      // The kit's cuff and glucometer go by this machine's local time, as the gateway's zone does.
      zoneOffsetMinutes: -new Date(clock.now()).getTimezoneOffset(),
    })
    this.#commands = new CommandSender(clock, (line) => write(Buffer.from(line, 'latin1')))
  }

  /** Bytes from the port. */
  hear(bytes: Uint8Array): void {
    this.#guard.write(Buffer.from(bytes))
    for (let line = this.#guard.read(); line !== null; line = this.#guard.read()) this.#line(line as string)
  }

  /** The port was opened, or is gone. */
  port(event: 'connected' | 'disconnected'): void {
    this.#guard = this.#newGuard()
    this.#event(event, 1)
  }

  /** Sends a command as the gateway's schedule would; it is repeated when no answer comes, and given up in the end. */
  ask(command: KitCommand): void {
    // A question without an answer shows in the alerts, or in their absence.
    this.#commands.send(command).catch(() => {})
  }

  tick(): void {
    this.#keep(this.#pipeline.tick(this.#clock.now()))
  }

  end(): void {
    this.#keep(this.#pipeline.flush(this.#clock.now()))
    this.#commands.stop()
  }

  #line(line: string): void {
    const answer = parseAnswer(line)
    if (answer) this.#commands.answered(answer)
    const now = this.#clock.now()
    this.#keep(
      this.#pipeline.accept(
        { format: 'kit-line', transport: TRANSPORT, receivedAt: now, line, settle: nothingToSettle },
        now,
      ),
    )
  }

  #event(event: TransportEventFrame['event'], count: number): void {
    const now = this.#clock.now()
    const frame = {
      format: 'transport-event',
      transport: TRANSPORT,
      receivedAt: now,
      event,
      detail: '',
      count,
    } as const
    this.#keep(this.#pipeline.accept({ ...frame, settle: nothingToSettle }, now))
  }

  #keep({ transitions, measurements, lost, refused, received }: PipelineStep): void {
    this.transitions.push(...transitions)
    this.counts.received += received
    this.counts.lost += lost
    this.counts.refused += refused?.count ?? 0
    this.counts.measurements += measurements.length
  }

  #newGuard(): LineGuard {
    return new LineGuard(() => this.#event('refused', 1))
  }
}
