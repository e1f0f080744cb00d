/**
 * MMA8452Q over Firmata's I²C messages (NXP datasheet, rev. 8.1; Firmata protocol 2.x, i2c). The messages are built here:
 * firmata-io's own I²C calls keep every board they were ever used on, and a gateway reconnects for years.
 */
import type { FirmataIo } from './libraries.js'

const I2C_REQUEST = 0x76
const I2C_CONFIG = 0x78
const WRITE = 0 << 3
/** Bit 6: a repeated START between register and data. After a STOP the sensor forgets which register was meant. */
const READ_CONTINUOUSLY = (2 << 3) | 0x40
const STOP_READING = 3 << 3

const ADDRESS = 0x1d
const OUT_X_MSB = 0x01
const XYZ_DATA_CFG = 0x0e
const CTRL_REG1 = 0x2a
/** ±8 g: 256 counts per g. At ±2 g a fall saturates. */
const RANGE_8G = 2
const STANDBY = 0
/** 100 Hz, active: always a fresh value, whatever the sampling interval. */
const ACTIVE_100_HZ = (3 << 3) | 1

export const ACCELERATION_EVENT = `I2C-reply-${ADDRESS}-${OUT_X_MSB}`

const split = (bytes: readonly number[]) => bytes.flatMap((byte) => [byte & 0x7f, byte >> 7])
const write = (register: number, value: number) => [I2C_REQUEST, ADDRESS, WRITE, ...split([register, value])]

/** Range and rate; registers change only in standby. Harmless when said again. */
export const ACCELEROMETER_SETUP: readonly (readonly number[])[] = [
  write(CTRL_REG1, STANDBY),
  write(XYZ_DATA_CFG, RANGE_8G),
  write(CTRL_REG1, ACTIVE_100_HZ),
]

/** Switches the bus on and reads X, Y and Z at every sampling interval. */
export const ACCELEROMETER_START: readonly (readonly number[])[] = [
  [I2C_CONFIG, 0, 0],
  ...ACCELEROMETER_SETUP,
  // A board that was not reset still reads from before: without this it would read twice.
  [I2C_REQUEST, ADDRESS, STOP_READING],
  [I2C_REQUEST, ADDRESS, READ_CONTINUOUSLY, ...split([OUT_X_MSB, 6])],
]

/** @returns counts (256 per g), or null where the sensor did not answer, or stands still in standby. */
export function accelerationOf(reply: readonly number[]): readonly [number, number, number] | null {
  if (reply.length !== 6 || reply.every((byte) => byte === 0)) return null
  const axis = (at: number) => ((((reply[at] ?? 0) << 8) | (reply[at + 1] ?? 0)) << 16) >> 20
  return [axis(0), axis(2), axis(4)]
}

export function onAcceleration(io: FirmataIo, take: (counts: ReturnType<typeof accelerationOf>) => void): void {
  io.on(ACCELERATION_EVENT, (reply: number[]) => take(accelerationOf(reply)))
}
