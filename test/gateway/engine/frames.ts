/** Frames for tests of the pipeline. */
import { crc16 } from '#gateway/intake/transports/serial/crc16.js'
import type { KitLineFrame, MqttFrame, TransportEventFrame, WaveformFrame } from '#gateway/model/transport.js'

export const T0 = Date.UTC(2026, 0, 1, 12)
const settle = () => {}

/** A kit line from what stands between `!` and `*`. */
export function kitLine(text: string): string {
  return `!${text}*${crc16(text).toString(16).toUpperCase().padStart(4, '0')}`
}

export function kitFrame(line: string, receivedAt = T0, transport = 'kit-1'): KitLineFrame {
  return { format: 'kit-line', transport, receivedAt, line, settle }
}

export function mqttFrame(topic: string, payload: string | Uint8Array, receivedAt = T0): MqttFrame {
  return {
    format: 'mqtt-publish',
    transport: 'mqtt',
    receivedAt,
    topic,
    payload: typeof payload === 'string' ? new TextEncoder().encode(payload) : payload,
    deviceId: topic.split('/')[2] ?? '',
    settle,
  }
}

export function eventFrame(
  event: TransportEventFrame['event'],
  receivedAt = T0,
  transport = 'kit-1',
): TransportEventFrame {
  return {
    format: 'transport-event',
    transport,
    receivedAt,
    event,
    detail: '',
    count: event === 'refused' ? 3 : 0,
    settle,
  }
}

export function waveformFrame(block: Partial<WaveformFrame> = {}): WaveformFrame {
  return {
    format: 'waveform-block',
    transport: 'replay',
    receivedAt: T0,
    deviceId: 'mitdb-100',
    sensor: 'ecg',
    at: T0,
    periodMs: 1000 / 360,
    origin: -5.12,
    factor: 0.005,
    lowerLimit: 0,
    upperLimit: 2047,
    unit: 'mV',
    samples: [],
    settle,
    ...block,
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'

/** 12-bit numbers as the kit packs them. */
export function pack(values: readonly number[]): string {
  return values.map((v) => `${ALPHABET[v >> 6]}${ALPHABET[v & 63]}`).join('')
}

/** A kit that counts its own lines. */
export class TestKit {
  #seq = 0
  readonly #bootAt: number

  constructor(bootAt = T0) {
    this.#bootAt = bootAt
  }

  /** @param ms kit time of the first sample. @param lateMs how much later than that the line arrives. */
  frame(type: string, ms: number, body: string, lateMs = 0): KitLineFrame {
    const seq = this.#seq.toString(16).toUpperCase().padStart(4, '0')
    this.#seq = (this.#seq + 1) % 65_536
    const time = (ms % 2 ** 32).toString(16).toUpperCase().padStart(8, '0')
    return kitFrame(kitLine(`${type},${seq},${time},${body}`), this.#bootAt + ms + lateMs)
  }

  boot(): KitLineFrame {
    this.#seq = 0
    return this.frame('B', 0, '1,0.1.0,P')
  }

  skip(lines: number): void {
    this.#seq = (this.#seq + lines) % 65_536
  }
}
