/**
 * What light and sound say, in the manner of IEC 60601-1-8:2006+A1:2012 (tables 2 to 4). Not a conforming alarm system:
 * a home annunciator is not tested for loudness, colour or distance.
 */
import { PRIORITIES, type Priority } from '#gateway/model/alert.js'

/** Milliseconds on, then off, then on …; repeated for ever. */
export type Rhythm = readonly number[]

/** High: 1.4 to 2.8 Hz, on for 20 to 60 %. Medium: 0.4 to 0.8 Hz, the same share. Low: steady. */
export const LIGHT: Readonly<Record<Priority, Rhythm>> = { high: [250, 250], medium: [800, 1200], low: [1000] }

/** Ten pulses of 150 ms in the high priority's rhythm, three of 200 ms for medium, one for low; then a pause. */
export const SOUND: Readonly<Record<Priority, Rhythm>> = {
  high: [...fivePulses(700), ...fivePulses(8000)],
  medium: [200, 200, 200, 200, 200, 15_000],
  low: [200, 30_000],
}

/** 3 + 2 pulses. @param pause after the last, milliseconds. */
function fivePulses(pause: number): number[] {
  const [pulse, gap] = [150, 100]
  return [pulse, gap, pulse, gap, pulse, 2 * gap + pulse, pulse, gap, pulse, pause]
}

export const highest = (priorities: Iterable<Priority>): Priority | null => {
  const present = new Set(priorities)
  return PRIORITIES.find((priority) => present.has(priority)) ?? null
}
