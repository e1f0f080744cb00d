/** `; did you mean x?` for the known name that a mistyped one is nearest to; else `; choose …` with all of them. */
export function didYouMean(given: string, known: readonly string[]): string {
  const [name, nearest] = [plain(given), known.map((one) => ({ one, distance: distance(plain(given), plain(one)) }))]
  const [best] = nearest.sort((a, b) => a.distance - b.distance)
  if (best && best.distance <= Math.max(1, Math.floor(name.length / 3))) return `; did you mean ${best.one}?`
  // A short form of one name, e.g. `spo2` of `news2.spo2-scale`.
  const longer = known.filter((one) => name.length >= 3 && plain(one).includes(name))
  if (longer.length === 1) return `; did you mean ${longer[0]}?`
  return known.length === 0 ? '' : `; choose ${orList(known)}`
}

/** `a, b or c` */
export const orList = (items: readonly string[]): string =>
  [items.slice(0, -1).join(', '), ...items.slice(-1)].filter(Boolean).join(' or ')

const plain = (text: string) => text.toLowerCase().replaceAll(/[-_. ]/g, '')

/** Letters added, left out, changed or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let [before, last] = [[] as number[], Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(
        (last[j] ?? 0) + 1,
        (row[j - 1] ?? 0) + 1,
        (last[j - 1] ?? 0) + same,
        swapped ? (before[j - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      )
    }
    ;[before, last] = [last, row]
  }
  return last[b.length] ?? 0
}
