import {
  AVRADC,
  AVRClock,
  AVREEPROM,
  AVRIOPort,
  AVRTimer,
  AVRTWI,
  AVRUSART,
  AVRWatchdog,
  adcConfig,
  avrInstruction,
  CPU,
  clockConfig,
  type EEPROMBackend,
  portBConfig,
  portCConfig,
  portDConfig,
  timer0Config,
  timer1Config,
  timer2Config,
  twiConfig,
  usart0Config,
  watchdogConfig,
} from 'avr8js'
import { repairUsart } from './usart-repair.js'

export const CPU_HZ = 16_000_000
const CYCLES_PER_MS = CPU_HZ / 1000
const SRAM_BYTES = 2048
const SLEEP_OPCODE = 0x9588
/** `rjmp .-2`: an instruction that jumps to itself. */
const HANG_OPCODE = 0xcfff
const SMCR = 0x53
const MCUSR = 0x54

/** MCUSR bits. */
export const RESET_CAUSES = { powerOn: 1, external: 2, brownOut: 4, watchdog: 8 } as const
export type ResetCause = keyof typeof RESET_CAUSES

/** avr8js keeps its event list to itself; the sleeping processor needs to know when the next event is. */
interface EventList {
  nextClockEvent: { readonly cycles: number } | null
}

/**
 * One power cycle of an ATmega328P at 16 MHz: a reset makes a new Machine that goes on counting cycles.
 * While the firmware sleeps, the emulator jumps from event to event: an idle kit costs next to nothing.
 */
export class Machine {
  readonly cpu: CPU
  readonly adc: AVRADC
  readonly usart: AVRUSART
  readonly twi: AVRTWI
  readonly portB: AVRIOPort
  readonly portC: AVRIOPort
  readonly portD: AVRIOPort
  readonly #program: Uint16Array
  #asleep = false
  #stopped: ResetCause | undefined

  /** @param options.cycles the cycle count at which the processor starts. `eeprom` outlives it. */
  constructor(image: Uint16Array, options: { cycles: number; cause: ResetCause; eeprom?: EEPROMBackend }) {
    const program = image.slice()
    this.#program = program
    const cpu = new CPU(program, SRAM_BYTES)
    this.cpu = cpu
    cpu.cycles = options.cycles
    cpu.data[MCUSR] = RESET_CAUSES[options.cause]
    this.portB = new AVRIOPort(cpu, portBConfig)
    this.portC = new AVRIOPort(cpu, portCConfig)
    this.portD = new AVRIOPort(cpu, portDConfig)
    for (const config of [timer0Config, timer1Config, timer2Config]) new AVRTimer(cpu, config)
    this.adc = new AVRADC(cpu, adcConfig)
    this.usart = new AVRUSART(cpu, usart0Config, CPU_HZ)
    repairUsart(cpu)
    this.twi = new AVRTWI(cpu, twiConfig, CPU_HZ)
    if (options.eeprom) new AVREEPROM(cpu, options.eeprom)
    new AVRWatchdog(cpu, watchdogConfig, new AVRClock(cpu, CPU_HZ, clockConfig))
    // The watchdog would restart the processor but not its peripherals: stop here, and let the board make a new Machine.
    cpu.reset = () => {
      this.#stopped = 'watchdog'
    }
  }

  get ms(): number {
    return this.cpu.cycles / CYCLES_PER_MS
  }
  /** Set when the processor has reset itself: it must be replaced. */
  get stopped(): ResetCause | undefined {
    return this.#stopped
  }

  /** The firmware comes back from where it is now no more: it hangs, until a reset makes a new machine. */
  hang(): void {
    this.#program[this.cpu.pc] = HANG_OPCODE
  }

  /** Calls `action` after so many virtual milliseconds, unless a reset comes first. Not before the next instruction. */
  after(ms: number, action: () => void): void {
    this.cpu.addClockEvent(action, Math.round(ms * CYCLES_PER_MS))
  }

  /** Executes until the given cycle (or the instruction's end just after it), or until it stops itself. */
  runUntil(until: number): void {
    const { cpu } = this
    const program = this.#program
    while (cpu.cycles < until && !this.#stopped) {
      if (this.#asleep && !this.#sleep(until)) return
      const sleeps = program[cpu.pc] === SLEEP_OPCODE && ((cpu.data[SMCR] as number) & 1) !== 0
      avrInstruction(cpu)
      if (sleeps) this.#asleep = true
      else cpu.tick()
    }
  }

  /** Jumps from event to event until an interrupt is taken. False when the time is up before that. */
  #sleep(until: number): boolean {
    const { cpu } = this
    const events = cpu as unknown as EventList
    const pc = cpu.pc
    for (;;) {
      const pending = cpu.nextInterrupt >= 0 && cpu.interruptsEnabled
      const next = events.nextClockEvent
      if (!pending) {
        if (!next || next.cycles >= until) {
          cpu.cycles = until
          return false
        }
        if (next.cycles > cpu.cycles) cpu.cycles = next.cycles
      }
      cpu.tick()
      if (this.#stopped) return false
      if (cpu.pc !== pc) {
        this.#asleep = false
        return true
      }
    }
  }
}
