import { ConnectionLoop } from '#gateway/intake/transports/connection-loop.js'
import { nothingToSettle, Outlet } from '#gateway/intake/transports/outlet.js'
import type { Frame, KitCommand, Transport, TransportStatus } from '#gateway/model/transport.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import type { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { describeAddress, parseSerialUrl, type SerialAddress } from './address.js'
import type { SerialBinding } from './binding.js'
import { parseAnswer } from './command-line.js'
import { CommandSender } from './command-sender.js'
import { LineGuard, MAX_LINE } from './line-guard.js'
import { type Link, openLink } from './link.js'
import { explainPortError } from './port-errors.js'
import { probePort } from './probe-port.js'

/** About half a minute of the kit's lines. */
const QUEUE_CAPACITY = 1000

const REFUSALS = {
  overlong: `lines of more than ${MAX_LINE} bytes`,
  unframed: 'lines without a beginning',
} as const

export interface SerialTransportOptions {
  readonly name: string
  /** `serial:///dev/ttyACM0?baud=115200`, `serial+usb://2341:0043` or `serial+tcp://host:port` (raw, as ser2net offers). */
  readonly url: string
  readonly clock?: Clock
  readonly logger: Logger
  /** Default: the machine's own serial ports. */
  readonly binding?: SerialBinding | undefined
  /** Frames held for a slow consumer. */
  readonly capacity?: number
}

/**
 * The kit over a serial port, or over raw TCP. Opens it again for ever, with growing delays.
 * A consumer that does not pull holds the wire back: the operating system's buffer, and for TCP the sender.
 */
export class SerialTransport implements Transport {
  readonly name: string
  readonly #url: string
  readonly #address: SerialAddress
  readonly #where: string
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #binding: SerialBinding | undefined
  readonly #outlet: Outlet
  readonly #commands: CommandSender
  readonly #loop: ConnectionLoop
  #link: Link | null = null

  constructor(options: SerialTransportOptions) {
    this.name = options.name
    this.#url = options.url
    this.#address = parseSerialUrl(options.url)
    this.#where = describeAddress(this.#address)
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ transport: options.name })
    this.#binding = options.binding
    this.#outlet = new Outlet({
      name: options.name,
      clock: this.#clock,
      capacity: options.capacity ?? QUEUE_CAPACITY,
    })
    this.#loop = new ConnectionLoop({
      attempt: `opening ${this.#where}`,
      closed: { code: 'serial.closed', why: 'the connection was closed' },
      ...{ clock: this.#clock, logger: this.#logger },
    })
    this.#commands = new CommandSender(this.#clock, (line) => this.#write(line))
  }

  /** Resolves at once: a cable that is not plugged in yet is not an error here. See `probe()`. */
  async start(): Promise<void> {
    if (this.#loop.isRunning) return
    this.#outlet.open()
    this.#loop.start((signal) =>
      this.#open(signal).then(
        (link) => this.#serve(link, signal),
        (error: unknown) => explainPortError(error, this.#where),
      ),
    )
  }

  async stop(): Promise<void> {
    await this.#loop.stop(() => {
      this.#commands.stop()
      // Before the link is closed: a full queue must not hold back what still comes out of it.
      this.#outlet.close()
      return this.#link?.close()
    })
  }

  /** @throws HomebeatError `serial.permission`, `serial.busy`, `serial.unusable` */
  async probe(): Promise<void> {
    if (!this.#loop.isRunning) await probePort(this.#address, { clock: this.#clock, binding: this.#binding })
  }

  status(): TransportStatus {
    return { name: this.name, url: this.#url, ...this.#loop.status() }
  }

  frames(): AsyncIterable<Frame> {
    return this.#outlet.frames()
  }

  /** Resolves when the kit has answered `ok`; for a read-out, before its records arrive. */
  send(command: KitCommand): Promise<void> {
    return this.#commands.send(command)
  }

  #open(signal?: AbortSignal): Promise<Link> {
    return openLink(this.#address, { clock: this.#clock, binding: this.#binding }, signal)
  }

  /** From open to closed. Resolves with the reason of the end, if there is one. */
  async #serve(link: Link, signal: AbortSignal): Promise<HomebeatError | null> {
    if (signal.aborted) {
      await link.close()
      return null
    }
    this.#link = link
    this.#loop.say('connected', `connected to ${link.where}`)
    this.#loop.loud()
    this.#logger.info({ where: link.where }, 'connected')
    this.#outlet.event('connected', `connected to ${link.where}`)

    const guard = new LineGuard((reason) => this.#outlet.refuse(REFUSALS[reason]))
    guard.on('data', (line: string) => this.#take(line, guard))
    const drained = new Promise<void>((resolve) => guard.once('end', resolve))
    link.stream.pipe(guard)

    const failure = await link.closed
    this.#link = null
    link.stream.unpipe(guard)
    guard.end()
    await drained
    if (!signal.aborted) this.#outlet.event('disconnected', failure?.message ?? `${link.where} was closed`)
    return failure
  }

  #take(line: string, guard: LineGuard): void {
    // Only what looks like a line of the kit shows that this is the right port: an open alone may be followed by a close.
    this.#loop.well()
    const answer = parseAnswer(line)
    if (answer) this.#commands.answered(answer)
    const room = this.#outlet.push({
      format: 'kit-line',
      transport: this.name,
      receivedAt: this.#clock.now(),
      line,
      settle: nothingToSettle,
    })
    if (room) return
    guard.pause()
    void this.#outlet.whenRoom().then(() => guard.resume())
  }

  #write(line: string): void {
    const stream = this.#link?.stream
    if (stream?.writable) stream.write(line, 'latin1')
  }
}
