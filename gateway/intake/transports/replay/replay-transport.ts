/** Plays a PhysioNet WFDB record as if it were being measured now: real ECGs without a patient. */
import { resolve } from 'node:path'
import { nothingToSettle, Outlet } from '#gateway/intake/transports/outlet.js'
import type { Frame, Transport, TransportStatus, WaveformFrame } from '#gateway/model/transport.js'
import { type Clock, systemClock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { Logger } from '#gateway/platform/logger.js'
import { parseReplayAddress, type ReplayAddress } from './address.js'
import { chooseSignal, scaleOf } from './choose-signal.js'
import { SignalFile } from './record.js'

/** Samples in a frame at most. */
export const BLOCK_SAMPLES = 250
/** Frames read ahead of the consumer. */
const CAPACITY = 8

export interface ReplayTransportOptions {
  readonly name: string
  /** See `address.ts`. */
  readonly url: string
  /** Where relative paths start; the working directory where it is left out. */
  readonly baseDir?: string
  /** Device id of the frames. */
  readonly device: string
  readonly clock?: Clock
  readonly logger: Logger
}

/** What is being played, from `start()` to `stop()`. */
interface Run {
  readonly stopping: AbortController
  /** Resolves when opened and checked; rejects when it cannot be played. */
  readonly opened: Promise<SignalFile>
  /** Resolves when played to the end, or stopped. */
  played: Promise<void>
}

export class ReplayTransport implements Transport {
  readonly name: string
  readonly isDispensable = true
  readonly #url: string
  readonly #address: ReplayAddress
  readonly #device: string
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #outlet: Outlet
  #run: Run | null = null
  #state: TransportStatus['state'] = 'stopped'
  #sentence = 'not started'

  /** @throws HomebeatError `config.transport-url` */
  constructor(options: ReplayTransportOptions) {
    this.name = options.name
    this.#url = options.url
    const address = parseReplayAddress(options.url)
    this.#address =
      options.baseDir === undefined ? address : { ...address, path: resolve(options.baseDir, address.path) }
    this.#device = options.device
    this.#clock = options.clock ?? systemClock
    this.#logger = options.logger
    this.#outlet = new Outlet({ name: options.name, clock: this.#clock, capacity: CAPACITY })
  }

  /** Nothing is found here: no home relies on a recording. */
  async probe(): Promise<void> {}

  /**
   * Opens the record, checks all of it against its header, then plays.
   * @throws HomebeatError `replay.not-found`, `replay.unreadable`, `replay.format`, `replay.range`
   */
  async start(): Promise<void> {
    if (!this.#run) {
      const stopping = new AbortController()
      this.#outlet.open()
      this.#say('connecting', 'checking the recording')
      const run: Run = { stopping, opened: this.#open(stopping.signal), played: Promise.resolve() }
      run.played = run.opened.then(
        (file) => this.#play(file, stopping.signal),
        () => {}, // told by start()
      )
      this.#run = run
    }
    const run = this.#run
    try {
      await run.opened
    } catch (error) {
      if (this.#run === run) {
        this.#run = null
        const why = error instanceof HomebeatError ? error.message : 'the recording cannot be opened'
        this.#outlet.event('disconnected', why)
        this.#outlet.close()
        this.#say('stopped', why)
      }
      throw error
    }
  }

  async stop(): Promise<void> {
    const run = this.#run
    this.#run = null
    run?.stopping.abort()
    this.#outlet.close()
    await run?.played
    this.#say('stopped', 'stopped')
  }

  status(): TransportStatus {
    return { name: this.name, url: this.#url, state: this.#state, sentence: this.#sentence }
  }

  frames(): AsyncIterable<Frame> {
    return this.#outlet.frames()
  }

  async #open(stopping: AbortSignal): Promise<SignalFile> {
    const { path, signal, from } = this.#address
    let file: SignalFile | undefined
    try {
      file = await SignalFile.open(path, (header) => chooseSignal(header, signal))
      await file.verify(stopping)
      const { frequency } = file.header
      if (Math.floor(from * frequency) < file.length) return file
      const seconds = (file.length / frequency).toFixed(1)
      throw new HomebeatError('replay.range', `The recording ${path} lasts ${seconds} s: let "from" be less than that.`)
    } catch (error) {
      await file?.close()
      if (!(error instanceof HomebeatError) || error.code !== 'replay.format') throw error
      // Problems of format are said of this file.
      throw new HomebeatError(error.code, `The recording ${path} cannot be played: ${error.message}.`, { cause: error })
    }
  }

  async #play(file: SignalFile, stopping: AbortSignal): Promise<void> {
    const clock = this.#clock
    const { from, duration, speed } = this.#address
    const { frequency } = file.header
    const first = Math.floor(from * frequency)
    const end = duration === undefined ? file.length : Math.min(file.length, first + Math.ceil(duration * frequency))
    const periodMs = 1000 / frequency
    const wallStart = this.#address.at ?? clock.now()
    const monotonicStart = clock.monotonic()
    try {
      if (!stopping.aborted) {
        this.#say('connected', `playing ${file.signal.description || `signal ${file.signal.index}`} of the recording`)
        this.#outlet.event('connected', 'recording opened')
      }
      for (let i = first; i < end && !stopping.aborted; i += BLOCK_SAMPLES) {
        const count = Math.min(BLOCK_SAMPLES, end - i)
        const samples = await file.read(i, count)
        if (speed > 0) {
          // A block is there when its last sample has been measured.
          const due = monotonicStart + ((i + count - first) * periodMs) / speed
          await wait(clock, Math.max(0, due - clock.monotonic()), stopping)
        }
        if (stopping.aborted) return
        const roomLeft = this.#outlet.push(this.#frame(file, wallStart + (i - first) * periodMs, periodMs, samples))
        if (!roomLeft) await this.#outlet.whenRoom()
      }
      if (stopping.aborted) return
      this.#say('ended', 'the recording has been played to its end')
      this.#outlet.event('ended', 'the recording has been played to its end')
    } catch (error) {
      this.#logger.error(
        { transport: this.name, err: error },
        'the recording cannot be read on; check the disk it is on',
      )
      this.#say('ended', 'the recording could not be read on: check the disk it is on')
      this.#outlet.event('disconnected', 'the recording could not be read on')
    } finally {
      await file.close()
      // After stop() the outlet may already belong to the next start().
      if (!stopping.aborted) this.#outlet.close()
    }
  }

  #frame(file: SignalFile, at: number, periodMs: number, samples: readonly (number | null)[]): WaveformFrame {
    return {
      format: 'waveform-block',
      transport: this.name,
      receivedAt: this.#clock.now(),
      settle: nothingToSettle,
      deviceId: this.#device,
      sensor: 'ecg',
      at,
      ...(this.#address.at !== undefined && { timedBySource: true }),
      periodMs,
      ...scaleOf(file.signal),
      lowerLimit: file.signal.lowest,
      upperLimit: file.signal.highest,
      samples,
    }
  }

  #say(state: TransportStatus['state'], sentence: string): void {
    this.#state = state
    this.#sentence = sentence
  }
}
