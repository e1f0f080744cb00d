/** A waveform drawn with braille characters: two by four dots each. */

/** Dot bits of U+2800 by [row][column]. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const

/** @param leastSpan of the scale. @returns `rows` lines of `columns` characters; the newest sample at the right, gaps empty. */
export function strip(samples: readonly (number | null)[], columns: number, rows: number, leastSpan = 0): string[] {
  if (columns <= 0 || rows <= 0) return []
  const across = columns * 2
  const down = rows * 4
  const cells = Array.from({ length: rows }, () => new Uint8Array(columns))
  const known = samples.filter((s): s is number => s !== null)
  if (known.length > 0) {
    const lowest = known.reduce((a, b) => Math.min(a, b))
    const seen = known.reduce((a, b) => Math.max(a, b)) - lowest
    const span = Math.max(seen, leastSpan, 1e-6)
    const min = lowest - (span - seen) / 2
    const dotOf = (v: number) => Math.round((1 - (v - min) / span) * (down - 1))
    for (let x = 0; x < across; x++) {
      // One sample more on the left, so that neighbouring columns touch.
      const from = Math.max(0, Math.floor((x * samples.length) / across) - 1)
      const to = Math.floor(((x + 1) * samples.length) / across)
      const here = samples.slice(from, to).filter((s): s is number => s !== null)
      if (here.length === 0) continue
      const top = dotOf(here.reduce((a, b) => Math.max(a, b)))
      const bottom = dotOf(here.reduce((a, b) => Math.min(a, b)))
      for (let y = top; y <= bottom; y++) {
        const row = cells[y >> 2] as Uint8Array
        row[x >> 1] = (row[x >> 1] as number) | ((DOTS[y & 3] as readonly [number, number])[x & 1] as number)
      }
    }
  }
  return cells.map((row) => String.fromCodePoint(...[...row].map((bits) => 0x2800 + bits)))
}
