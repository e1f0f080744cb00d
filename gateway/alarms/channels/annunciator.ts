import { parseFirmataUrl } from '#gateway/intake/transports/firmata/address.js'
import type { Board } from '#gateway/intake/transports/firmata/board.js'
import { BoardConnection } from '#gateway/intake/transports/firmata/board-connection.js'
import { PRIORITIES, type Priority } from '#gateway/model/alert.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { REHEARSAL } from '#gateway/model/rehearsal.js'
import { type Clock, systemClock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { highest, LIGHT, SOUND } from './annunciator-patterns.js'
import type { Acknowledgement, AlertChannel, AlertNotice, ChannelDependencies } from './channel.js'
import type { ChannelConfig } from './config.js'
import { PushButton } from './push-button.js'
import { RhythmPlayer } from './rhythm-player.js'

type AnnunciatorConfig = Extract<ChannelConfig, { type: 'annunciator' }>

/** A board answers within a few milliseconds. */
const ANSWER_MS = 3000
/** Bytes of text in one string message: Firmata boards have room for 64 bytes, and each byte of text takes two. */
const TEXT_PART = 28
/** How long a test message shows every lamp and sounds: the first burst of the high priority. */
const TEST_MS = 4000

export function annunciatorChannel(
  config: AnnunciatorConfig,
  { home, clock, serialBinding }: Pick<ChannelDependencies, 'home' | 'clock' | 'serialBinding'>,
): AlertChannel {
  return new Annunciator(config, { home, clock: clock ?? systemClock, binding: serialBinding })
}

interface AnnunciatorDependencies {
  readonly home: string
  readonly clock: Clock
  readonly binding: ChannelDependencies['serialBinding']
}

/**
 * A lamp for each priority, a buzzer and a button, on any board with Firmata. Lamps show which priorities are active;
 * the buzzer sounds for the highest that was not acknowledged. The button acknowledges the alerts active now, for
 * everybody: a new alert sounds again. An exercise lights every lamp and sounds as a medium alert, and only while there
 * is nothing else to show or to sound; the button answers what sounds.
 */
export class Annunciator implements AlertChannel {
  readonly name: string
  readonly about: string
  readonly testMs = TEST_MS
  readonly #pins: AnnunciatorConfig['pins']
  readonly #dependencies: AnnunciatorDependencies
  readonly #connection: BoardConnection
  readonly #players: Readonly<Record<Priority | 'buzzer', RhythmPlayer>>
  readonly #button: PushButton
  readonly #active = new Map<string, Priority | 'exercise'>()
  /** Alerts that are acknowledged or silenced: their lamps are on, the buzzer passes over them. */
  readonly #quiet = new Set<string>()
  #acknowledged: (acknowledgement: Acknowledgement) => void = () => {}
  #endTest: () => void = () => {}
  #testing = false
  #attempted: (() => void)[] = []

  /** @throws HomebeatError `config.transport-url` */
  constructor(config: AnnunciatorConfig, dependencies: AnnunciatorDependencies) {
    this.name = config.name
    this.about = `lamps, buzzer and button on the board at ${config.url.split('?')[0]}`
    this.#pins = config.pins
    this.#dependencies = dependencies
    const { clock, binding } = dependencies
    const player = (output: Priority | 'buzzer') =>
      new RhythmPlayer(clock, (on) => this.#connection.board()?.five.digitalWrite(this.#pins[output], on ? 1 : 0))
    this.#players = {
      high: player('high'),
      medium: player('medium'),
      low: player('low'),
      buzzer: player('buzzer'),
    }
    this.#button = new PushButton(clock, () => this.#acknowledge())
    this.#connection = new BoardConnection({
      address: parseFirmataUrl(config.url),
      clock,
      binding,
      up: (board) => this.#up(board),
      down: () => this.#down(),
      refused: () => {},
    })
  }

  /** @throws HomebeatError `serial.permission`, `serial.busy`, `serial.unusable` */
  probe(): Promise<void> {
    return this.#connection.probe()
  }

  /** Shows what was active before the gateway started: nobody will tell it again. */
  async start(active: readonly AlertNotice[] = []): Promise<void> {
    for (const notice of active) this.#take(notice)
    await this.#connection.start()
  }

  /** Leaves the board dark and silent: a gateway that is off watches over nobody. */
  async stop(): Promise<void> {
    for (const player of Object.values(this.#players)) player.play(null)
    this.#endTest()
    this.#testing = false
    this.#active.clear()
    this.#quiet.clear()
    this.#button.forget()
    const board = this.#connection.board()
    // The port drops what is still being written when it closes.
    if (board) await this.#answers(board, new AbortController().signal)
    await this.#connection.stop()
  }

  onAcknowledged(listener: (acknowledgement: Acknowledgement) => void): void {
    this.#acknowledged = listener
  }

  async notify(notice: AlertNotice, signal: AbortSignal): Promise<DeliveryOutcome> {
    if (signal.aborted) return { class: 'transient', reason: 'stopped before showing' }
    this.#take(notice)
    const board = await this.#connected(signal)
    if (!board) return { class: 'transient', reason: 'the annunciator’s board is not connected' }
    this.#show()
    if (!(await this.#answers(board, signal))) {
      return { class: 'ambiguous', reason: 'the annunciator’s board does not answer' }
    }
    // The board may have a display; StandardFirmata takes no notice.
    say(board, `${this.#dependencies.home} ${notice.preview.replaceAll('\n', ' ')}\n`)
    return { class: 'delivered' }
  }

  #take({ alertId, condition, priority, state, reason }: AlertNotice): void {
    if (reason === 'digest') return
    if (reason === 'test') {
      this.#test()
      return
    }
    if (state === 'cleared') {
      this.#active.delete(alertId)
      this.#quiet.delete(alertId)
      return
    }
    this.#active.set(alertId, condition === REHEARSAL ? 'exercise' : priority)
    // A reminder and an escalation sound again; the lamp stays on until the alert is over.
    if (reason === 'silenced' || state === 'acknowledged') this.#quiet.add(alertId)
    else this.#quiet.delete(alertId)
  }

  #test(): void {
    this.#endTest()
    this.#testing = true
    this.#endTest = this.#dependencies.clock.after(TEST_MS, () => {
      this.#testing = false
      this.#show()
    })
  }

  /** The board, after the first attempt at least. */
  async #connected(signal: AbortSignal): Promise<Board | null> {
    await this.#connection.start()
    if (this.#connection.status().state === 'connecting') {
      await new Promise<void>((resolve) => {
        const done = () => {
          signal.removeEventListener('abort', done)
          resolve()
        }
        this.#attempted.push(done)
        signal.addEventListener('abort', done, { once: true })
      })
    }
    return this.#connection.board()
  }

  /** Whether the board has worked off what was written: it says the state of a pin after having set it. */
  async #answers(board: Board, signal: AbortSignal): Promise<boolean> {
    const ended = new AbortController()
    const answered = new Promise<true>((resolve) => board.five.queryPinState(this.#pins.high, () => resolve(true)))
    const late = wait(this.#dependencies.clock, ANSWER_MS, AbortSignal.any([signal, ended.signal])).then(() => false)
    const answer = await Promise.race([answered, late, board.closed.then(() => false)])
    ended.abort()
    // The port is opened again, which resets the board.
    if (!answer && !signal.aborted) {
      board.fail(new HomebeatError('firmata.silent', 'the board does not answer', { retry: 'transient' }))
    }
    return answer
  }

  #up(board: Board): void {
    const { five, io } = board
    for (const output of ['high', 'medium', 'low', 'buzzer'] as const) {
      const pin = this.#pins[output]
      if (!io.pins[pin]?.supportedModes.includes(io.MODES.OUTPUT)) throw this.#unusable(pin)
      five.pinMode(pin, io.MODES.OUTPUT)
      five.digitalWrite(pin, 0)
    }
    const { button } = this.#pins
    if (!io.pins[button]?.supportedModes.includes(io.MODES.PULLUP)) throw this.#unusable(button)
    five.pinMode(button, io.MODES.PULLUP)
    five.digitalRead(button, (level) => this.#button.level(level))
    this.#connection.well()
    this.#show()
    this.#release()
  }

  #unusable(pin: number): HomebeatError {
    return new HomebeatError('firmata.pin', `pin ${pin} of the annunciator’s board cannot be used so: choose another`, {
      retry: 'transient',
    })
  }

  #down(): void {
    for (const player of Object.values(this.#players)) player.forget()
    this.#button.forget()
    this.#release()
  }

  #release(): void {
    for (const attempted of this.#attempted.splice(0)) attempted()
  }

  #show(): void {
    const shown = [...this.#active.values()].filter((priority) => priority !== 'exercise')
    const every = this.#testing || (shown.length === 0 && this.#active.size > 0)
    const priorities = new Set(every ? PRIORITIES : shown)
    for (const priority of PRIORITIES) {
      this.#players[priority].play(priorities.has(priority) ? LIGHT[priority] : null)
    }
    const loud = this.#loud().map(([, priority]) => (priority === 'exercise' ? 'medium' : priority))
    const loudest = this.#testing ? 'high' : highest(loud)
    this.#players.buzzer.play(loudest && SOUND[loudest])
  }

  /** What sounds: exercises only where nothing else does. */
  #loud(): [alertId: string, priority: Priority | 'exercise'][] {
    const loud = [...this.#active].filter(([alertId]) => !this.#quiet.has(alertId))
    const real = loud.filter(([, priority]) => priority !== 'exercise')
    return real.length > 0 ? real : loud
  }

  #acknowledge(): void {
    const fresh = this.#loud().map(([alertId]) => alertId)
    if (fresh.length === 0) return
    for (const alertId of fresh) this.#quiet.add(alertId)
    this.#show()
    this.#acknowledged({ channel: this.name, at: this.#dependencies.clock.now(), alertIds: fresh })
  }
}

function say(board: Board, text: string): void {
  const bytes = Buffer.from(text)
  // A part is cut between bytes; the board puts them together, so that no character is lost.
  for (let at = 0; at < bytes.length; at += TEXT_PART) {
    const part = bytes.subarray(at, at + TEXT_PART)
    board.five.sysexCommand([0x71, ...[...part].flatMap((byte) => [byte & 0x7f, byte >> 7])])
  }
}
