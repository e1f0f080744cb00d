/** The part of johnny-five and firmata-io that is used here: neither brings types, and nobody maintains the first. */
import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'

/** firmata-io: the protocol on a port that is given to it. */
export interface FirmataIo extends EventEmitter {
  readonly isReady: boolean
  readonly versionReceived: boolean
  readonly version: { readonly major?: number; readonly minor?: number }
  readonly firmware: { readonly name?: string }
  readonly RESOLUTION: { readonly ADC: number | null }
  readonly MODES: { readonly OUTPUT: number; readonly PULLUP: number; readonly I2C: number }
  readonly pins: { readonly supportedModes: readonly number[]; mode?: number; readonly state?: number }[]
  readonly analogPins: readonly number[]
  /** Received bytes that are no whole message yet. */
  readonly buffer: number[]
  readonly reportVersionTimeoutId: NodeJS.Timeout
  reportVersion(then: () => void): void
  queryFirmware(then: () => void): void
  reportAnalogPin(channel: number, on: 0 | 1): void
  sendString(text: string): void
}

/** johnny-five's Board, on an io of ours: without its REPL, its log on the terminal and its way with SIGINT. */
export interface FiveBoard extends EventEmitter {
  pinMode(pin: number, mode: number): void
  digitalWrite(pin: number, level: 0 | 1): void
  digitalRead(pin: number, changed: (level: number) => void): void
  queryPinState(pin: number, then: () => void): void
  samplingInterval(ms: number): void
  sysexCommand(message: readonly number[]): void
}

interface Libraries {
  readonly Firmata: new (port: EventEmitter) => FirmataIo
  readonly Board: {
    new (options: { io: FirmataIo; repl: false; debug: false; sigint: false }): FiveBoard
    /** Every board ever made; nothing takes one out again. */
    readonly cache: FiveBoard[]
  }
}

let loaded: Libraries | null = null

/** Loaded when first needed: most gateways have no such board. */
export function libraries(): Libraries {
  if (!loaded) {
    const require = createRequire(import.meta.url)
    const { Firmata } = require('firmata-io') as Pick<Libraries, 'Firmata'>
    const { Board } = require('johnny-five') as Pick<Libraries, 'Board'>
    loaded = { Firmata, Board }
  }
  return loaded
}
