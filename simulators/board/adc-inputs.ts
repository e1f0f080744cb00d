import { ADCMuxInputType } from 'avr8js'
import type { VirtualPatient } from '#simulators/patient/patient.js'
import type { AnalogueSensor, SensorFaults } from './faults/sensor-faults.js'
import type { Machine } from './machine.js'
import { countsToVolts, skinVolts, temperatureCounts } from './sensor-curves.js'

/** Which signal the shield's jumper puts on A0. */
export type Jumper = 'ecg' | 'emg'

/** What is on A0 to A3. */
const SENSORS: readonly AnalogueSensor[] = ['ecg', 'airflow', 'gsr', 'bodyTemperature']

/** The four analogue inputs A0–A3. Each conversion asks the body for the voltage at that instant. */
export class AdcInputs {
  jumper: Jumper = 'ecg'
  readonly #patient: VirtualPatient
  readonly #faults: SensorFaults
  readonly #now: () => number

  /** @param now the patient's time, milliseconds. */
  constructor(patient: VirtualPatient, faults: SensorFaults, now: () => number) {
    this.#patient = patient
    this.#faults = faults
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

  /** Volts at an input now, disturbed and all. */
  volts(channel: number): number {
    const sensor = SENSORS[channel]
    if (sensor === undefined) return 0
    const t = this.#now()
    return this.#faults.volts(sensor, t, () => this.#healthy(sensor, t))
  }

  #healthy(sensor: AnalogueSensor, t: number): number {
    switch (sensor) {
      case 'ecg':
        return this.jumper === 'ecg' ? this.#patient.ecg(t) : this.#patient.emg(t)
      case 'airflow':
        return this.#patient.airflow(t)
      case 'gsr':
        return skinVolts(this.#patient.vitals(t).skinConductance)
      case 'bodyTemperature':
        return countsToVolts(temperatureCounts(this.#patient.vitals(t).temperature))
    }
  }
}
