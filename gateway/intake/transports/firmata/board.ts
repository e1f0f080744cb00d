import type { Link } from '#gateway/intake/transports/serial/link.js'
import type { Clock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { GuardedPort } from './guarded-port.js'
import { type FirmataIo, type FiveBoard, libraries } from './libraries.js'

/** A board that has introduced itself. */
export interface Board {
  readonly five: FiveBoard
  readonly io: FirmataIo
  /** For people, e.g. `StandardFirmata.ino, protocol 2.5`. */
  readonly description: string
  /** `clock.monotonic()` when it last said anything. */
  heardAt(): number
  /** Resolves when the connection is gone, with the reason if there is one. Never rejects. */
  readonly closed: Promise<HomebeatError | null>
  /** Reads nothing from the wire until `resume`. */
  pause(): void
  resume(): void
  /** Closes the connection with a reason, so that it is opened again. */
  fail(error: HomebeatError): void
  close(): Promise<void>
}

export interface BoardOptions {
  readonly link: Link
  /** For people: the device path. */
  readonly where: string
  readonly clock: Clock
  readonly signal: AbortSignal
  /** A message that could not be understood. */
  readonly refused: () => void
}

/** An Uno introduces itself about 2 s after its reset; a board that opening does not reset must be asked. */
const ASK_EVERY_MS = 3000
const INTRODUCTION_MS = 15_000

/**
 * Waits until the board has told its version, pins and channels. Closes the link where it does not.
 * @throws HomebeatError `firmata.silent`, `firmata.version`, and what ended the connection
 */
export async function openBoard(options: BoardOptions): Promise<Board> {
  const { link, where, clock, signal, refused } = options
  const { Firmata, Board: FiveBoardClass } = libraries()
  const port = new GuardedPort(link.stream, refused)
  const io = new Firmata(port)
  // Its own timer keeps the process alive, and writes to a port that may be closed by then.
  clearTimeout(io.reportVersionTimeoutId)
  let heardAt = clock.monotonic()
  let five: FiveBoard | null = null
  let failure: HomebeatError | null = null

  const feed = (bytes: Buffer) => {
    heardAt = clock.monotonic()
    port.feed(bytes, io)
  }
  link.stream.on('data', feed)
  const closed = link.closed.then((reason) => {
    link.stream.off('data', feed)
    port.removeAllListeners()
    io.removeAllListeners()
    const { cache } = FiveBoardClass
    const at = five ? cache.indexOf(five) : -1
    if (at >= 0) cache.splice(at, 1)
    return failure ?? reason
  })
  const close = async () => {
    await link.close()
    await closed
  }

  try {
    await introduction(io, closed, { where, clock, signal })
    five = new FiveBoardClass({ io, repl: false, debug: false, sigint: false })
    // It logs by events, and one of them is called "error".
    five.on('error', () => {})
    const made = five
    await new Promise<void>((resolve) => made.once('ready', resolve))
  } catch (error) {
    await close()
    throw error
  }
  const { major, minor } = io.version
  return {
    five,
    io,
    description: `${io.firmware.name || 'a nameless sketch'}, protocol ${major}.${minor}`,
    heardAt: () => heardAt,
    closed,
    pause: () => link.stream.pause(),
    resume: () => link.stream.resume(),
    fail(error) {
      failure ??= error
      void link.close()
    },
    close,
  }
}

function introduction(
  io: FirmataIo,
  closed: Promise<HomebeatError | null>,
  { where, clock, signal }: { where: string; clock: Clock; signal: AbortSignal },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const nothing = () => {}
    const ask = () => {
      io.reportVersion(nothing)
      io.queryFirmware(nothing)
      cancelAsk = clock.after(ASK_EVERY_MS, ask)
    }
    let cancelAsk = clock.after(ASK_EVERY_MS, ask)
    const cancelTimeout = clock.after(INTRODUCTION_MS, () =>
      end(
        new HomebeatError(
          'firmata.silent',
          `what is on ${where} does not speak Firmata: upload StandardFirmata, and check baud in the URL`,
          { retry: 'transient' },
        ),
      ),
    )
    const end = (error?: HomebeatError) => {
      cancelAsk()
      cancelTimeout()
      signal.removeEventListener('abort', aborted)
      if (error) reject(error)
      else resolve()
    }
    const gone = (reason: HomebeatError | null) =>
      end(reason ?? new HomebeatError('serial.lost', `${where} was closed`, { retry: 'transient' }))
    const aborted = () => gone(null)
    signal.addEventListener('abort', aborted, { once: true })
    if (signal.aborted) aborted()
    void closed.then(gone)
    io.once('ready', () => {
      if (io.version.major === 2) end()
      else
        end(
          new HomebeatError(
            'firmata.version',
            `the board on ${where} speaks Firmata ${io.version.major}: upload StandardFirmata 2.5`,
            { retry: 'transient' },
          ),
        )
    })
  })
}
