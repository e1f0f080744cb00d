import { hash, stream, uniform } from '#simulators/patient/noise.js'
import { type Disturbance, disturbances, gauss, looseOpen } from './disturbance.js'
import type { FaultySensor, SensorFault } from './sensor-fault.js'

/** Volts of an analogue input whose sensor is off, or whose wires touch. */
const VOLTS = {
  // No contact is a rail; electrodes that touch are the amplifier's middle.
  ecg: { off: 0, shorted: 2.5 },
  // An open thermocouple floats up; a shorted one has no voltage.
  airflow: { off: 5, shorted: 0 },
  // Dry skin is the offset; no resistance at all is more than the input can show.
  gsr: { off: 0.5, shorted: 5 },
  // A missing thermistor is the bridge's upper rail, no resistance its lower.
  bodyTemperature: { off: 5, shorted: 0 },
} as const
export type AnalogueSensor = keyof typeof VOLTS

interface InForce {
  readonly fault: SensorFault
  readonly seed: number
  readonly disturbances: readonly Disturbance[]
}

/** What is wrong with each sensor of one board. Set and ended at any time; everything is a function of (seed, time). */
export class SensorFaults {
  readonly #seed: number
  readonly #inForce = new Map<FaultySensor, InForce>()

  constructor(seed = 1) {
    this.#seed = seed
  }

  /** Replaces what was wrong with this sensor before. An empty fault is a sound sensor. */
  set(sensor: FaultySensor, fault: SensorFault): void {
    const seed = stream(this.#seed, sensor)
    this.#inForce.set(sensor, { fault, seed, disturbances: disturbances(seed, fault) })
  }

  /** The sensor is sound again. */
  clear(sensor: FaultySensor): void {
    this.#inForce.delete(sensor)
  }

  get(sensor: FaultySensor): SensorFault {
    return this.#inForce.get(sensor)?.fault ?? {}
  }

  /** What the contact is at this instant; a loose one is good or off. @param t milliseconds */
  contact(sensor: FaultySensor, t: number): 'good' | 'off' | 'shorted' {
    const inForce = this.#inForce.get(sensor)
    if (!inForce) return 'good'
    const { contact = 'good', openShare } = inForce.fault
    if (contact !== 'loose') return contact
    return looseOpen(inForce.seed, t, openShare) ? 'off' : 'good'
  }

  /** The volts at an analogue pin. @param healthy what it would be with nothing wrong */
  volts(sensor: AnalogueSensor, t: number, healthy: () => number): number {
    const inForce = this.#inForce.get(sensor)
    if (!inForce) return healthy()
    const contact = this.contact(sensor, t)
    let volts = contact === 'good' ? healthy() : VOLTS[sensor][contact]
    for (const disturb of inForce.disturbances) volts = disturb(volts, t)
    return volts
  }

  /** g on the accelerometer's axes. */
  acceleration(t: number, healthy: readonly [number, number, number]): readonly [number, number, number] {
    const inForce = this.#inForce.get('accelerometer')
    const rms = inForce?.fault.noise ?? 0
    if (!inForce || rms === 0) return healthy
    const axis = (i: number) => (healthy[i] as number) + rms * gauss(hash(inForce.seed, i), t)
    return [axis(0), axis(1), axis(2)]
  }

  /** Whether the edge of a digital sensor's line at this place is missed. @param index addresses the randomness */
  missed(sensor: FaultySensor, index: number): boolean {
    const inForce = this.#inForce.get(sensor)
    const rate = inForce?.fault.errorRate ?? 0
    return inForce !== undefined && rate > 0 && uniform(inForce.seed, index) < rate
  }
}
