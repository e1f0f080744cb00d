import type { Database } from './database.js'
import { TOTALS } from './queries.js'

export const BATCHES_CLOSED = 'batches.closed'
export const BATCHES_ANCHORED = 'batches.anchored'

/** Adds to a running count; call it in the transaction that makes it true. */
export function addTotal(database: Database, name: string, count: number): void {
  database.run(TOTALS.add, name, count)
}

export function readTotals(database: Database): Map<string, number> {
  return new Map(database.all<{ name: string; count: number }>(TOTALS.all).map(({ name, count }) => [name, count]))
}
