/** What the journal's tests share: a journal in a temporary folder, and the smallest things to put into it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Measurement } from '#fhir/measurement.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { type JournalOptions, journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { type ClosedBatch, type Hash32, NO_ROOT } from '#gateway/model/batch.js'
import { alertRoute, anchorRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'

export const LANES = [
  ...fhirRoutes('clinic', 'clear'),
  ...fhirRoutes('archive', 'sealed'),
  alertRoute({ channel: 'terminal' }),
  alertRoute({ channel: 'doctor' }),
  anchorRoute('consortium'),
]

export class TemporaryFolder {
  readonly path = mkdtempSync(join(tmpdir(), 'homebeat-test-'))
  get journal(): string {
    return join(this.path, 'data', 'journal.sqlite')
  }
  remove(): void {
    rmSync(this.path, { recursive: true, force: true })
  }
}

export function journalAt(path: string, options: Partial<JournalOptions> = {}): Journal {
  return journalOf({
    path,
    lanes: LANES,
    clock: new TestClock(),
    logger: silentLogger,
    commit: { maxDelayMs: 0, maxCount: 100 },
    ...options,
  })
}

export function measurement(name: string, over: Partial<Measurement> = {}): Measurement {
  return {
    identifier: name,
    sensor: 'pulse',
    observable: 'pulseRate',
    deviceId: 'kit-1',
    at: 1_700_000_000_000,
    value: { type: 'quantity', value: 71.5 },
    quality: 'good',
    remarks: [],
    ...over,
  }
}

export function transition(over: Partial<AlertTransition> = {}): AlertTransition {
  const raisedAt = over.raisedAt ?? 1_700_000_000_000
  const condition = over.condition ?? 'low-oxygen-saturation'
  return {
    alertId: `${condition}-${raisedAt}`,
    condition,
    kind: 'physiological',
    priority: 'high',
    state: 'active',
    at: raisedAt,
    raisedAt,
    observable: 'oxygenSaturation',
    measurement: 'm-1',
    value: 84,
    limit: { comparator: '<', value: 88 },
    ...over,
  }
}

export function hash(seed: number): Hash32 {
  return `0x${seed.toString(16).padStart(64, '0')}`
}

/** A batch of what is not batched yet (at least one measurement), well-formed for the journal. */
export function nextBatch(journal: Journal, limit = 100): ClosedBatch {
  const last = journal.batches.last()
  const number = (last?.number ?? 0) + 1
  const leaves = journal.measurements.unbatched(limit).map(({ identifier }, index) => ({
    identifier,
    salt: (number * 1000 + index).toString(16).padStart(64, '0'),
    observation: JSON.stringify({ id: identifier, note: 'naïve µV\n' }),
  }))
  return {
    header: {
      gateway: '0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266',
      number,
      previousRoot: last?.root ?? NO_ROOT,
      root: hash(number),
      count: leaves.length,
      periodStart: 1_700_000_000_000,
      periodEnd: 1_700_000_060_000,
    },
    domain: { chainId: 31337, contract: '0x5FbDB2315678afecb367f032d93F642f64180aa3' },
    signature: `0x${'ab'.repeat(65)}`,
    leaves,
    closedAt: 1_700_000_061_000,
  }
}

/** The code of the HomebeatError that `action` rejects with or throws; undefined when it succeeds. */
export async function codeOf(action: () => unknown): Promise<string | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}
