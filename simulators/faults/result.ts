/** The end of a run: one line for programs, a table for people. */
import type { FaultReport } from './check.js'
import type { FuzzReport } from './fuzz/fuzz-run.js'
import type { KillReport } from './kill-run.js'

/** Of an audit, summed over all runs. */
const COUNTS = ['acknowledged', 'lost', 'duplicates', 'doubleAnchors', 'gapsInBatches'] as const
type FaultsResult = { readonly kills: number } & Readonly<Record<(typeof COUNTS)[number], number>>

export interface Reports {
  readonly kills: KillReport | null
  readonly faults: readonly FaultReport[]
  readonly fuzz: FuzzReport | null
}

/** A heap that grows by more than this between a tenth of the inputs and their end is no longer bounded. */
const HEAP_GROWTH_BYTES = 32 * 1024 * 1024

export function resultOf({ kills, faults }: Reports): FaultsResult {
  const audits = [...(kills ? [kills.audit] : []), ...faults.flatMap((report) => report.audits)]
  const sums = COUNTS.map((count) => [count, audits.reduce((total, audit) => total + audit[count], 0)])
  return { kills: kills?.kills ?? 0, ...Object.fromEntries(sums) }
}

/** What must not be: a sentence each; empty when all is well. */
export function shortcomings(reports: Reports): string[] {
  const { lost, duplicates, doubleAnchors, gapsInBatches } = resultOf(reports)
  const counts = { lost, duplicates, 'anchored twice': doubleAnchors, 'gaps in batches': gapsInBatches }
  return [
    ...Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${what}: ${count}`])),
    ...(reports.kills?.audit.problems ?? []),
    ...reports.faults.flatMap(({ name, checks }) =>
      checks.filter(({ ok }) => !ok).map(({ what, found }) => `${name}: not so: ${what} (${found})`),
    ),
    ...(reports.fuzz ? fuzzShortcomings(reports.fuzz) : []),
  ]
}

function fuzzShortcomings({ serial, mqtt, thrown, heap }: FuzzReport): string[] {
  const miscounted = Object.entries({ serial, mqtt }).flatMap(([name, { received, accepted, refused }]) =>
    received === accepted + refused
      ? []
      : [`fuzz, ${name}: ${received} received, but ${accepted} accepted and ${refused} refused`],
  )
  const growth = heap.atEnd - heap.atTenth
  return [
    ...thrown.map((text) => `fuzz: thrown: ${text}`),
    ...miscounted,
    ...(growth > HEAP_GROWTH_BYTES ? [`fuzz: the heap grew by ${Math.round(growth / 1024)} KB`] : []),
  ]
}

export function describeResult(reports: Reports): string {
  const { kills, faults, fuzz } = reports
  const lines: string[] = []
  if (kills) {
    const moments = Object.entries(kills.moments).map(([moment, count]) => `${moment} ${count}`)
    lines.push(`kills  ${kills.kills} (${moments.join(', ')})`)
  }
  for (const { name, checks } of faults)
    for (const { what, ok, found } of checks)
      lines.push(`${ok ? 'ok  ' : 'FAIL'}   ${name}: ${what}${found ? ` (${found})` : ''}`)
  if (fuzz)
    for (const [name, { received, accepted, refused }] of Object.entries({ serial: fuzz.serial, mqtt: fuzz.mqtt }))
      lines.push(`fuzz   ${name}: ${received} received = ${accepted} accepted + ${refused} refused`)
  if (fuzz)
    lines.push(
      `fuzz   heap ${megabytes(fuzz.heap.atTenth)} MB after a tenth, ${megabytes(fuzz.heap.atEnd)} MB at the end`,
    )
  const { acknowledged, lost, duplicates, doubleAnchors, gapsInBatches } = resultOf(reports)
  lines.push(
    `${acknowledged} measurements acknowledged: ${lost} lost, ${duplicates} duplicates, ${doubleAnchors} double anchors, ${gapsInBatches} gaps in batches`,
  )
  return lines.join('\n')
}

const megabytes = (bytes: number) => (bytes / 1024 / 1024).toFixed(1)
