/**
 * Electrical disturbances of an analogue input, one small function each: volts and time (ms) in, volts out. Pure and
 * seeded, so the same instant is disturbed alike however often it is asked for.
 */
import { hash, smoothNoise, uniform } from '#simulators/patient/noise.js'
import type { SensorFault } from './sensor-fault.js'

export type Disturbance = (volts: number, t: number) => number

export const FULL_SCALE_VOLTS = 5
const MIDDLE_VOLTS = FULL_SCALE_VOLTS / 2
/** A baseline wanders with breath and movement, below 0.5 Hz. */
const WANDER_MS = 2500
const LOOSE_MS = 500

/** Nearly Gaussian, mean 0, variance 1: four uniform numbers added (Irwin-Hall). One value per 50 µs. */
export function gauss(seed: number, t: number): number {
  const index = Math.floor(t * 20) * 4
  let sum = -2
  for (let i = 0; i < 4; i++) sum += uniform(seed, index + i)
  return sum * Math.sqrt(3)
}

export const noise =
  (seed: number, rms: number): Disturbance =>
  (volts, t) =>
    volts + rms * gauss(seed, t)

export const hum =
  (amplitude: number, hz = 50): Disturbance =>
  (volts, t) =>
    volts + amplitude * Math.sin((2 * Math.PI * hz * t) / 1000)

export const wander =
  (seed: number, amplitude: number): Disturbance =>
  (volts, t) =>
    volts + amplitude * smoothNoise(seed, t / WANDER_MS)

export const amplified =
  (gain: number): Disturbance =>
  (volts) =>
    MIDDLE_VOLTS + gain * (volts - MIDDLE_VOLTS)

/** What an amplifier gives at most: the rails. */
export const saturated: Disturbance = (volts) => Math.min(FULL_SCALE_VOLTS, Math.max(0, volts))

/** Whether a loose contact is open at `t`. */
export function looseOpen(seed: number, t: number, openShare = 0.3): boolean {
  return uniform(seed, Math.floor(t / LOOSE_MS)) < openShare
}

/** All that disturbs one input, in the order of the signal's way: picked up on the wire, then amplified, then clipped. */
export function disturbances(seed: number, fault: SensorFault): Disturbance[] {
  const parts: Disturbance[] = []
  if (fault.noise) parts.push(noise(hash(seed, 1), fault.noise))
  if (fault.hum) parts.push(hum(fault.hum, fault.humHz))
  if (fault.wander) parts.push(wander(hash(seed, 2), fault.wander))
  if (fault.gain !== undefined) parts.push(amplified(fault.gain))
  return parts.length === 0 ? [] : [...parts, saturated]
}
