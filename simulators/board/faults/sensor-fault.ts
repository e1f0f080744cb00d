/** What can be wrong between a body and the board's pins, as data. */

export const FAULTY_SENSORS = [
  'ecg',
  'airflow',
  'gsr',
  'bodyTemperature',
  'oximeter',
  'accelerometer',
  'bloodPressure',
  'glucose',
] as const
/** `ecg` is whatever the jumper puts on A0, so the EMG as well. */
export type FaultySensor = (typeof FAULTY_SENSORS)[number]

export const CONTACTS = ['good', 'off', 'loose', 'shorted'] as const
export type Contact = (typeof CONTACTS)[number]

/** Every part may be combined with every other; what a sensor does not have (a hum on a digital line) does nothing. */
export interface SensorFault {
  /**
   * off: not on the body, or not on the board. loose: off now and then, for half a second at a time. shorted: its wires
   * touch; a digital sensor is then not heard at all. Default good.
   */
  readonly contact?: Contact
  /** Share of the time that a loose contact is open, 0 to 1. Default 0.3. */
  readonly openShare?: number
  /** Gaussian noise, root mean square: volts at an analogue input, g on each axis of the accelerometer. */
  readonly noise?: number
  /** Mains hum, volts of amplitude at an analogue input. */
  readonly hum?: number
  /** Hz. Default 50. */
  readonly humHz?: number
  /** Slow baseline wander, volts to either side at an analogue input. */
  readonly wander?: number
  /** Amplification about mid-scale: with more than 1 the signal runs into the rails. Analogue inputs. */
  readonly gain?: number
  /**
   * Of a digital sensor's line, 0 to 1: the share of the display's edges that are missed (oximeter), or of the bits of the
   * cuff's or the glucometer's answer that are wrong.
   */
  readonly errorRate?: number
}
