/**
 * Seeded randomness addressed by index instead of drawn in order, so that any instant of a body can be computed without
 * the instants before it, and every process computes the same.
 */

/** A well-mixed 32-bit word for (seed, index): the finaliser of MurmurHash3 over both. Whole 32-bit indices. */
export function hash(seed: number, index: number): number {
  let h = Math.imul(index ^ 0x9e3779b9, 0x85ebca6b) ^ seed
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** Uniform in [0, 1). */
export function uniform(seed: number, index: number): number {
  return hash(seed, index) / 0x1_0000_0000
}

/** Uniform in [−1, 1). */
export function signed(seed: number, index: number): number {
  return hash(seed, index) / 0x8000_0000 - 1
}

/** Smooth noise in (−1.3, 1.3), mean 0: Catmull-Rom through one random point per whole `x`. */
export function smoothNoise(seed: number, x: number): number {
  const i = Math.floor(x)
  const f = x - i
  const a = signed(seed, i - 1)
  const b = signed(seed, i)
  const c = signed(seed, i + 1)
  const d = signed(seed, i + 2)
  return b + 0.5 * f * (c - a + f * (2 * a - 5 * b + 4 * c - d + f * (3 * (b - c) + d - a)))
}

/** An independent stream of the same patient. */
export function stream(seed: number, name: string): number {
  let h = hash(seed, 0)
  for (let i = 0; i < name.length; i++) h = hash(h, name.charCodeAt(i) + i * 256)
  return h
}
