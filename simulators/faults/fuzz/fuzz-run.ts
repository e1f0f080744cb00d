/**
 * Fuzzed inputs through what reads them: serial bytes through the line guard and the pipeline, MQTT
 * topics and payloads through the topic rule and the pipeline. In this process, one after the other, without waiting.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { deviceOfTopic } from '#gateway/intake/transports/mqtt/address.js'
import { crc16Hex } from '#gateway/intake/transports/serial/crc16.js'
import { LineGuard, MAX_LINE } from '#gateway/intake/transports/serial/line-guard.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { Frame } from '#gateway/model/transport.js'
import { Dice } from '../dice.js'
import { KitLines } from '../site/kit-lines.js'
import { mutate, noise } from './mutate.js'

export interface FuzzCounts {
  /** What reached a decision: lines with an end, and messages. */
  received: number
  accepted: number
  refused: number
}

export interface FuzzReport {
  readonly inputs: number
  readonly serial: FuzzCounts
  readonly mqtt: FuzzCounts
  /** Anything that was thrown; the first few, as text. */
  readonly thrown: readonly string[]
  /** Bytes of heap in use after a garbage collection: at a tenth of the inputs, and at their end. */
  readonly heap: { readonly atTenth: number; readonly atEnd: number }
}

const LF = 0x0a
const START = Date.UTC(2026, 0, 1, 12)
const nothingToSettle = () => {}

/** @param options.inputs serial chunks and MQTT messages together */
export function fuzz({ inputs, seed }: { readonly inputs: number; readonly seed: number }): FuzzReport {
  const dice = new Dice(seed)
  const thrown: string[] = []
  const line = new FuzzedLine(thrown)
  const messages = new FuzzedMessages(thrown)
  let atTenth = 0
  for (let i = 0; i < inputs; i++) {
    const now = START + i * 20
    if (i % 2 === 0) line.hear(now, dice)
    else messages.hear(now, dice)
    if (i % 50 === 0) line.tick(now)
    if (i === Math.floor(inputs / 10)) atTenth = heapUsed()
  }
  line.end()
  return { inputs, serial: line.counts, mqtt: messages.counts, thrown, heap: { atTenth, atEnd: heapUsed() } }
}

/** The serial transport's line guard, called by hand. */
class FuzzedLine {
  readonly counts: FuzzCounts = { received: 0, accepted: 0, refused: 0 }
  readonly #kit = new KitLines()
  readonly #thrown: string[]
  readonly #pipeline = newPipeline()
  readonly #guard: LineGuard
  #now = START
  #valid: Buffer[] = [Buffer.from(this.#kit.boot(), 'latin1')]
  /** Bytes since the last line feed. */
  #line: Buffer[] = []

  constructor(thrown: string[]) {
    this.#thrown = thrown
    this.#guard = new LineGuard((reason) => {
      this.counts.refused++
      this.#take({ format: 'transport-event', event: 'refused', detail: reason, count: 1 })
    })
    // Called directly instead of piped: what came in has gone through when `hear` returns.
    this.#guard.on('data', (text: string) => {
      const step = this.#take({ format: 'kit-line', line: text })
      if (step?.refused) this.counts.refused++
      else if (step) this.counts.accepted++
    })
  }

  hear(now: number, dice: Dice): void {
    this.#now = now
    if (this.#valid.length < 2) this.#valid.push(...this.#kit.tenth().map((text) => Buffer.from(text, 'latin1')))
    const [first, other] = [this.#valid.shift() as Buffer, this.#valid[0] as Buffer]
    let bytes = mutate(first, other, dice)
    // Behind the checksum, too.
    if (dice.below(3) === 0) bytes = resealed(bytes)
    this.#count(bytes)
    noting(this.#thrown, () => this.#guard.write(bytes))
  }

  tick(now: number): void {
    noting(this.#thrown, () => this.#pipeline.tick(now))
  }

  end(): void {
    const rest = Buffer.from('\n')
    this.#count(rest)
    this.#guard.write(rest)
  }

  /** Counts what the protocol says must be decided on, without the guard's own state: see `decisions`. */
  #count(bytes: Buffer): void {
    let from = 0
    for (let at = bytes.indexOf(LF); at >= 0; at = bytes.indexOf(LF, from)) {
      this.counts.received += decisions(Buffer.concat([...this.#line, bytes.subarray(from, at)]).toString('latin1'))
      this.#line = []
      from = at + 1
    }
    this.#line.push(Buffer.from(bytes.subarray(from)))
  }

  #take(frame: object): PipelineStep | null {
    const whole = { transport: 'kit', receivedAt: this.#now, settle: nothingToSettle, ...frame } as unknown as Frame
    return noting(this.#thrown, () => this.#pipeline.accept(whole, this.#now))
  }
}

/**
 * A line counts once. The UART is shared, so what follows its last `!` is a line by itself where it is short enough, also
 * behind something overlong, which is then refused besides.
 */
function decisions(line: string): number {
  if (line === '') return 0
  const pieces = line.split('!').map((piece, i) => (i === 0 ? piece : `!${piece}`))
  const last = pieces.at(-1) as string
  const passes = pieces.length > 1 && last.length <= MAX_LINE
  return passes && pieces.some((piece) => piece.length > MAX_LINE) ? 2 : 1
}

const TOPICS = [
  ['cuff-1', 'bloodPressure'],
  ['meter-1', 'glucose'],
  ['oximeter-1', 'spo2'],
  ['oximeter-1', 'pulse'],
  ['bed-1', 'position'],
  ['patch-1', 'bodyTemperature'],
] as const

class FuzzedMessages {
  readonly counts: FuzzCounts = { received: 0, accepted: 0, refused: 0 }
  readonly #pipeline = newPipeline()
  readonly #thrown: string[]
  #n = 0

  constructor(thrown: string[]) {
    this.#thrown = thrown
  }

  hear(now: number, dice: Dice): void {
    this.counts.received++
    const [device, sensor] = dice.pick(TOPICS)
    const valid = Buffer.from(`homebeat/v1/${device}/${sensor}`)
    const topic = dice.below(4) === 0 ? mutate(valid, noise(20, dice), dice).toString('utf8') : valid.toString('utf8')
    const payload = payloadOf(sensor, ++this.#n, dice)
    const bytes = dice.below(3) === 0 ? payload : mutate(payload, payloadOf('pulse', this.#n, dice), dice)
    // As the client transport does; the broker knows its device from the login.
    const deviceId = dice.below(2) === 0 ? deviceOfTopic(topic) : device
    if (deviceId === null) {
      this.counts.refused++
      return
    }
    const about = { format: 'mqtt-publish', transport: 'broker', receivedAt: now, settle: nothingToSettle } as const
    const step = noting(this.#thrown, () => this.#pipeline.accept({ ...about, topic, payload: bytes, deviceId }, now))
    if (step?.refused) this.counts.refused++
    else if (step) this.counts.accepted++
  }
}

/** Numbers of every size, among values a device would send. */
function payloadOf(sensor: string, n: number, dice: Dice): Buffer {
  const odd = [0, -0, -1, 1e308, -1e308, 1e-320, 2 ** 53, 0.1 + 0.2]
  const value = () => (dice.below(4) === 0 ? dice.pick(odd) : dice.below(300))
  const id = { id: dice.below(10) === 0 ? dice.pick(['', 'x'.repeat(41), '__proto__', 'a\u0000b']) : `f${n}` }
  const members: Record<string, object> = {
    bloodPressure: { systolic: value(), diastolic: value(), pulse: value(), unit: dice.pick(['mm[Hg]', 'kPa', 'bar']) },
    glucose: { value: value(), unit: dice.pick(['mg/dL', 'mmol/L', 'constructor']) },
    spo2: { value: value(), unit: '%' },
    pulse: { value: value(), unit: '/min' },
    position: { position: dice.pick(['supine', 'prone', 'standing', '']) },
    bodyTemperature: { value: value(), unit: dice.pick(['Cel', '[degF]', 'K']) },
  }
  const at =
    dice.below(3) === 0
      ? { at: dice.pick(['2026-01-01T12:00:00Z', '0000-01-01T00:00:00Z', '9999-12-31T23:59:59.999Z', 'now']) }
      : {}
  return Buffer.from(JSON.stringify({ ...id, ...at, ...members[sensor] }))
}

/** The line with a checksum that fits, so that what is wrong in it is met behind the first check. */
function resealed(bytes: Buffer): Buffer {
  const text = bytes.toString('latin1')
  const [from, to] = [text.lastIndexOf('!'), text.lastIndexOf('*')]
  if (from < 0 || to < from) return bytes
  return Buffer.from(`${text.slice(0, to)}*${crc16Hex(text.slice(from + 1, to))}\n`, 'latin1')
}

function newPipeline(): Pipeline {
  return new Pipeline({ patient: 'fuzz', limits: limitsInForce(), active: [], zoneOffsetMinutes: () => 0 })
}

/** @returns null where it throws, which is noted */
function noting<T>(thrown: string[], action: () => T): T | null {
  try {
    return action()
  } catch (error) {
    if (thrown.length < 5) thrown.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
    return null
  }
}

/** What is still reachable: garbage would be measured else. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  return process.memoryUsage().heapUsed
}
