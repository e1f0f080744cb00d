import type { VirtualPatient, Vitals } from '#simulators/patient/patient.js'

export const STEADY: Vitals = {
  pulse: 72,
  spo2: 97,
  respiratoryRate: 15,
  temperature: 36.6,
  systolic: 131,
  diastolic: 82,
  glucose: 104,
  skinConductance: 5,
  position: 'upright',
}

/** A body of plain formulas: every value at the pins can be computed in a test. */
export class FakePatient implements VirtualPatient {
  state: Vitals
  constructor(state: Partial<Vitals> = {}) {
    this.state = { ...STEADY, ...state }
  }
  vitals(): Vitals {
    return this.state
  }
  ecg(t: number): number {
    return 2.5 + 1.5 * Math.sin((2 * Math.PI * t) / 800)
  }
  emg(t: number): number {
    return 2.5 + 0.5 * Math.sin((2 * Math.PI * t) / 60)
  }
  airflow(t: number): number {
    return 0.6 + 0.5 * Math.sin((2 * Math.PI * t) / 4000)
  }
  acceleration(t: number): readonly [number, number, number] {
    return [-0.5 + 0.25 * Math.sin((2 * Math.PI * t) / 3000), 1, 4 * Math.sin((2 * Math.PI * t) / 5000)]
  }
}
