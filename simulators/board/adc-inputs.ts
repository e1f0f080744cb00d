import { ADCMuxInputType } from 'avr8js'
import type { VirtualPatient } from '#simulators/patient/patient.js'
import type { Machine } from './machine.js'
import { countsToVolts, skinVolts, temperatureCounts } from './sensor-curves.js'

/** Which signal the shield's jumper puts on A0. */
export type Jumper = 'ecg' | 'emg'

/** The four analogue inputs A0–A3. Each conversion asks the body for the voltage at that instant. */
export class AdcInputs {
  jumper: Jumper = 'ecg'
  /** Volts of inputs whose sensor is off the body, in place of the patient's. */
  readonly detached = new Map<number, number>()
  readonly #patient: VirtualPatient
  readonly #now: () => number

  /** @param now the patient's time, milliseconds. */
  constructor(patient: VirtualPatient, now: () => number) {
    this.#patient = patient
    this.#now = now
  }

  attach(machine: Machine): void {
    const { adc, cpu } = machine
    adc.onADCRead = (input) => {
      const volts = input.type === ADCMuxInputType.SingleEnded ? this.volts(input.channel) : 0
      // Successive approximation rounds down: code = floor(V · 1024 / Vref).
      const counts = Math.min(1023, Math.max(0, Math.floor((volts / 5) * 1024)))
      cpu.addClockEvent(() => adc.completeADCRead(counts), adc.sampleCycles)
    }
  }

  /** Volts at an input now. */
  volts(channel: number): number {
    const off = this.detached.get(channel)
    if (off !== undefined) return off
    const t = this.#now()
    switch (channel) {
      case 0:
        return this.jumper === 'ecg' ? this.#patient.ecg(t) : this.#patient.emg(t)
      case 1:
        return this.#patient.airflow(t)
      case 2:
        return skinVolts(this.#patient.vitals(t).skinConductance)
      case 3:
        return countsToVolts(temperatureCounts(this.#patient.vitals(t).temperature))
      default:
        return 0
    }
  }
}
