import type { VirtualPatient } from '#simulators/patient/patient.js'
import type { Machine } from './machine.js'

/** on: shows values; acquiring: shows dashes; blank: strobes without a digit; off: dark, no strobe. */
export type OximeterState = 'on' | 'acquiring' | 'blank' | 'off'

const SEGMENTS = [0x77, 0x24, 0x6b, 0x6d, 0x3c, 0x5d, 0x5f, 0x64, 0x7f, 0x7d] as const
const DASH = 0x08
const BLANK = 0
/** A: each digit for the same time. B: as its users sample it every 300 µs, see `STARTS`. */
export type OximeterModel = 'A' | 'B'

/** A frame takes 12–17 ms; the strobe's own length is not documented. */
const TIMING = { frameMs: 15, strobeMs: 1 } as const
/** Model A: 2.35–2.8 ms a digit. */
const DIGIT_MS = 2.55
const SAMPLE_MS = 0.3
/** Model B: read at samples 0, 2, 19, 20 and 25, so each digit starts at most one sample before; half of one here [?]. */
const MODEL_B_STARTS = [0, 1.5, 18.5, 19.5, 24.5].map((sample) => sample * SAMPLE_MS)
const MODEL_B_END_MS = 36 * SAMPLE_MS
const STROBE_BIT = 6
const SEGMENT_G_BIT = 7

/** The clip oximeter's multiplexed display as the shield's connector sees it: segments low when lit, one strobe a frame. */
export class OximeterDisplay {
  state: OximeterState = 'on'
  model: OximeterModel = 'A'
  /** Model A's time for each digit, milliseconds: 2.35–2.8. */
  digitMs = DIGIT_MS
  readonly #patient: VirtualPatient
  readonly #now: () => number
  #machine: Machine | undefined
  #shown = -1
  #second = -1
  #digits: readonly number[] = []

  constructor(patient: VirtualPatient, now: () => number) {
    this.#patient = patient
    this.#now = now
  }

  attach(machine: Machine): void {
    this.#machine = machine
    this.#shown = -1
    machine.portD.setPin(STROBE_BIT, false)
    this.#show(machine, BLANK)
    this.#frame(machine)
  }

  #frame(machine: Machine): void {
    machine.after(TIMING.frameMs, () => this.#frame(machine))
    if (this.state === 'off') return
    const digits = this.#patterns()
    machine.portD.setPin(STROBE_BIT, true)
    machine.after(TIMING.strobeMs, () => machine.portD.setPin(STROBE_BIT, false))
    this.#digit(machine, digits, 0)
  }

  #digit(machine: Machine, digits: readonly number[], index: number): void {
    if (machine !== this.#machine) return
    this.#show(machine, digits[index] ?? BLANK)
    if (index >= digits.length) return
    const start = (i: number) => (this.model === 'A' ? i * this.digitMs : (MODEL_B_STARTS[i] ?? MODEL_B_END_MS))
    machine.after(start(index + 1) - start(index), () => this.#digit(machine, digits, index + 1))
  }

  /** Pulse ones, tens, hundreds, SpO2 ones, tens; the numbers change once a second. */
  #patterns(): readonly number[] {
    if (this.state !== 'on') {
      this.#second = -1
      return Array.from({ length: 5 }, () => (this.state === 'acquiring' ? DASH : BLANK))
    }
    const second = Math.floor(this.#now() / 1000)
    if (second === this.#second) return this.#digits
    this.#second = second
    const { pulse, spo2 } = this.#patient.vitals(this.#now())
    const [p, s] = shownValues(pulse, spo2)
    const pattern = (value: number) => SEGMENTS[value % 10] as number
    const hundreds = p >= 100 ? pattern(Math.floor(p / 100)) : BLANK
    this.#digits = [pattern(p), pattern(Math.floor(p / 10)), hundreds, pattern(s), pattern(Math.floor(s / 10))]
    return this.#digits
  }

  #show(machine: Machine, pattern: number): void {
    const changed = this.#shown < 0 ? 0x7f : this.#shown ^ pattern
    this.#shown = pattern
    if (changed & 1) machine.portD.setPin(SEGMENT_G_BIT, (pattern & 1) === 0)
    for (let bit = 1; bit < 7; bit++) {
      if ((changed >> bit) & 1) machine.portB.setPin(bit - 1, ((pattern >> bit) & 1) === 0)
    }
  }
}

/** What the display can show: whole numbers, three digits of pulse, two of SpO2 (so 100 % is shown as 99). */
export function shownValues(pulse: number, spo2: number): readonly [pulse: number, spo2: number] {
  const limit = (value: number, most: number) => Math.max(1, Math.min(most, Math.round(value)))
  return [limit(pulse, 250), limit(spo2, 99)]
}
