import { nothingToSettle, Outlet } from '#gateway/intake/transports/outlet.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import type { AnalogSamplesFrame, Frame, Transport, TransportStatus } from '#gateway/model/transport.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { ACCELEROMETER_SETUP, ACCELEROMETER_START, onAcceleration } from './accelerometer.js'
import { type FirmataAddress, parseFirmataUrl } from './address.js'
import type { Board } from './board.js'
import { BoardConnection } from './board-connection.js'
import { type TickBlock, Ticks } from './ticks.js'

/** About half a minute of blocks. */
const QUEUE_CAPACITY = 100
const BLOCK_MS = 500
/** A board that says nothing for so long hangs (on a blocked I²C bus, say): opening its port resets it. */
const SILENCE_MS = 10_000
/** The shield's inputs, by analogue channel; what they become is the sensor definitions' business. */
const SENSORS: AnalogSamplesFrame['channels'][number]['sensor'][] = ['ecg', 'airflow', 'gsr', 'bodyTemperature']
/** The definitions' formulas are for the Uno's converter. */
const ADC_STEPS = 1023

export interface FirmataTransportOptions {
  readonly name: string
  /** `firmata:///dev/ttyACM0?baud=57600&interval=20&accelerometer=on` */
  readonly url: string
  readonly clock?: Clock
  readonly logger: Logger
  /** Default: the machine's own serial ports. */
  readonly binding?: SerialBinding | undefined
  /** Blocks held for a slow consumer. */
  readonly capacity?: number
}

/**
 * An Uno with stock Firmata under the shield: ECG, airflow, skin conductance, temperature and acceleration, sampled at
 * Firmata's interval. Firmata says neither times nor numbers: positions are counted in intervals (see `ticks.ts`).
 */
export class FirmataTransport implements Transport {
  readonly name: string
  readonly #url: string
  readonly #address: FirmataAddress
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #outlet: Outlet
  readonly #connection: BoardConnection
  readonly #ticks: Ticks
  readonly #startedAt: number
  #cancelWatch: () => void = () => {}
  #held = false

  constructor(options: FirmataTransportOptions) {
    this.name = options.name
    this.#url = options.url
    this.#address = parseFirmataUrl(options.url)
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger.child({ transport: options.name })
    this.#outlet = new Outlet({
      name: options.name,
      clock: this.#clock,
      capacity: options.capacity ?? QUEUE_CAPACITY,
    })
    this.#startedAt = this.#clock.monotonic()
    const { intervalMs } = this.#address
    this.#ticks = new Ticks(
      {
        channels: SENSORS.length,
        intervalMs,
        length: Math.round(BLOCK_MS / intervalMs),
        now: () => this.#clock.monotonic() - this.#startedAt,
      },
      (block) => this.#take(block),
    )
    this.#connection = new BoardConnection({
      address: this.#address,
      clock: this.#clock,
      binding: options.binding,
      up: (board) => this.#up(board),
      down: (failure, wasUp) => this.#down(failure, wasUp),
      refused: () => this.#outlet.refuse('messages that break the Firmata protocol'),
      logger: this.#logger,
    })
  }

  /** @throws HomebeatError `serial.permission`, `serial.busy`, `serial.unusable` */
  async probe(): Promise<void> {
    await this.#connection.probe()
  }

  /** Resolves at once: a cable that is not plugged in yet is not an error here. */
  async start(): Promise<void> {
    this.#outlet.open()
    await this.#connection.start()
  }

  async stop(): Promise<void> {
    this.#cancelWatch()
    // Before the connection is closed: a full queue must not hold back what still comes out of it.
    if (this.#connection.status().state !== 'stopped') this.#outlet.close()
    await this.#connection.stop()
  }

  status(): TransportStatus {
    return { name: this.name, url: this.#url, ...this.#connection.status() }
  }

  frames(): AsyncIterable<Frame> {
    return this.#outlet.frames()
  }

  #up(board: Board): void {
    const { path } = this.#address
    const { io } = board
    if (io.RESOLUTION.ADC !== ADC_STEPS || io.analogPins.length < SENSORS.length) {
      throw new HomebeatError(
        'firmata.board',
        `the board on ${path} is not like an Uno (10 bits, 6 analogue inputs): the shield's formulas do not hold for it`,
        { retry: 'transient' },
      )
    }
    this.#held = false
    this.#logger.info({ where: path, firmware: board.description }, 'connected')
    this.#outlet.event('connected', `connected to ${path}`)
    io.on('analog-read', ({ pin, value }: { pin: number; value: number }) => this.#ticks.analog(pin, value))
    if (this.#address.accelerometer) onAcceleration(io, (counts) => this.#ticks.acceleration(counts))
    // A board that loses its supply starts without what it was told.
    io.on('queryfirmware', () => this.#configure(board))
    this.#configure(board)
    this.#watch(board)
  }

  #configure({ five, io }: Board): void {
    this.#ticks.restart()
    five.samplingInterval(this.#address.intervalMs)
    for (const channel of SENSORS.keys()) io.reportAnalogPin(channel, 1)
    if (this.#address.accelerometer) for (const message of ACCELEROMETER_START) five.sysexCommand(message)
  }

  #down(failure: HomebeatError | null, wasUp: boolean): void {
    this.#cancelWatch()
    this.#ticks.restart()
    if (wasUp) this.#outlet.event('disconnected', failure?.message ?? `${this.#address.path} was closed`)
  }

  /** One timer whatever the data rate. */
  #watch(board: Board): void {
    const left = board.heardAt() + SILENCE_MS - this.#clock.monotonic()
    if (left <= 0 && !this.#held) {
      board.fail(
        new HomebeatError(
          'firmata.silent',
          `the board on ${this.#address.path} sent nothing for 10 s: check its wiring`,
          {
            retry: 'transient',
          },
        ),
      )
      return
    }
    this.#cancelWatch = this.#clock.after(left > 0 ? left : SILENCE_MS, () => this.#watch(board))
  }

  #take(block: TickBlock): void {
    const board = this.#connection.board()
    this.#connection.well()
    const { intervalMs: periodMs, accelerometer } = this.#address
    const standing = block.acceleration.every((counts) => counts === null)
    // Plugged in late, or woken in standby: it is told again what to do.
    if (accelerometer && standing && board) for (const message of ACCELEROMETER_SETUP) board.five.sysexCommand(message)
    const room = this.#outlet.push({
      format: 'analog-samples',
      transport: this.name,
      receivedAt: this.#clock.now(),
      clockMs: block.clockMs,
      periodMs,
      channels: SENSORS.map((sensor, channel) => ({ sensor, samples: block.analog[channel] ?? [] })),
      ...(accelerometer && { acceleration: block.acceleration }),
      settle: nothingToSettle,
    })
    if (!room && board) this.#hold(board)
  }

  /** Nothing is read from the wire until the consumer has taken something. */
  #hold(board: Board): void {
    if (this.#held) return
    this.#held = true
    board.pause()
    void this.#outlet.whenRoom().then(() => {
      this.#held = false
      board.resume()
    })
  }
}
