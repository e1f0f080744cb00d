import type { AVRIOPort } from 'avr8js'
import type { Machine } from '../machine.js'
import type { OximeterDisplay, OximeterState } from '../oximeter-display.js'
import type { SensorFaults } from './sensor-faults.js'

/** The strobe, D6: without it the display is dark to the shield. */
const STROBE_BIT = 6
/** An oximeter without a pulse goes on showing its last numbers for so long. */
const PULSE_LOST_MS = 4000
const LOOK_EVERY_MS = 100

/**
 * The clip and its cable: a clip that is off or loose is dark, wires that touch swallow the strobe, a bad plug misses
 * edges of the segments; and an oximeter that finds no pulse shows dashes. Sets the display's state only when what it
 * sees changes, so that somebody else may set it too.
 */
export class DisplayFaults {
  readonly #display: OximeterDisplay
  readonly #faults: SensorFaults
  readonly #pulse: (t: number) => number
  readonly #now: () => number
  #state: OximeterState = 'on'
  #pulseAt = Number.NEGATIVE_INFINITY
  #lookAt = Number.NEGATIVE_INFINITY
  #edges = 0

  /** @param pulse the body's, /min, at a time. @param now that time, milliseconds */
  constructor(display: OximeterDisplay, faults: SensorFaults, pulse: (t: number) => number, now: () => number) {
    this.#display = display
    this.#faults = faults
    this.#pulse = pulse
    this.#now = now
  }

  /** Before the display is attached: its edges come to this processor through the bad plug. */
  attach(machine: Machine): void {
    this.#between(machine.portB, () => false)
    this.#between(machine.portD, (bit) => bit === STROBE_BIT)
  }

  /** Called often while time goes on. */
  look(): void {
    const t = this.#now()
    if (t < this.#lookAt) return
    this.#lookAt = t + LOOK_EVERY_MS
    if (this.#pulse(t) >= 1) this.#pulseAt = t
    const open = this.#faults.contact('oximeter', t) === 'off'
    const state = open ? 'off' : t - this.#pulseAt > PULSE_LOST_MS ? 'acquiring' : 'on'
    if (state === this.#state) return
    this.#state = state
    this.#display.state = state
  }

  #between(port: AVRIOPort, strobe: (bit: number) => boolean): void {
    const setPin = port.setPin.bind(port)
    port.setPin = (bit, high) => {
      if (strobe(bit)) {
        // Wires that touch hold it low.
        setPin(bit, high && this.#faults.contact('oximeter', this.#now()) !== 'shorted')
      } else if (!this.#faults.missed('oximeter', this.#edges++)) setPin(bit, high)
    }
  }
}
