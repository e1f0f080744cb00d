/**
 * What came of it, asked at the far ends as a stranger would: every Observation of the FHIR server, every event of the
 * contract, every batch opened and verified.
 */
import type { Identifier } from '@medplum/fhirtypes'
import { IDENTIFIERS } from '#fhir/systems.js'
import type { LoadedConfig } from '#gateway/config/load.js'
import type { Address } from '#gateway/model/batch.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import { storedStatus } from '#gateway/surfaces/status/status.js'
import { chainOf, searched, verifyBatches } from '#simulators/demo/verify-batches.js'

export interface Audit {
  /** Measurements that a sender was told are safe. */
  readonly acknowledged: number
  /** How many acknowledged measurements the FHIR server does not have. */
  readonly lost: number
  /** Resources of the FHIR server above one for each identifier, acknowledged or not. */
  readonly duplicates: number
  /** Anchored events above one for each batch number. */
  readonly doubleAnchors: number
  /** Closed batches of the journal whose number is not on the chain. */
  readonly gapsInBatches: number
  /** Batches of the journal. */
  readonly batches: number
  /** One sentence for each batch that does not verify, and for each that is not closed or anchored. */
  readonly problems: readonly string[]
}

export interface AuditSubject {
  readonly loaded: LoadedConfig
  readonly fhirUrl: string
  readonly gateway: Address
  /** Identifiers of measurements. */
  readonly acknowledged: readonly string[]
  /** Default: every batch is fetched, opened and verified. False: only counted. */
  readonly verify?: boolean
}

/** What else must be there once, whatever was repeated. */
const OTHERS = ['DocumentReference', 'DetectedIssue', 'Communication', 'Patient', 'Device'] as const

/** Audits a gateway that is stopped. */
export async function audit({ loaded, fhirUrl, gateway, acknowledged, verify = true }: AuditSubject): Promise<Audit> {
  const observations = await identifiers(fhirUrl, 'Observation')
  const others: Map<string, number>[] = []
  for (const type of OTHERS) others.push(await identifiers(fhirUrl, type))
  const ledger = new EthersLedger(chainOf(loaded.config))
  const anchored = await ledger.history(gateway).finally(() => ledger.close())
  const numbers = new Map<number, number>()
  for (const { number } of anchored) numbers.set(number, (numbers.get(number) ?? 0) + 1)
  const { batches } = storedStatus(loaded)
  const unverified = verify ? (await verifyBatches(loaded, fhirUrl)).problems : []
  const open = batches.open > 0 ? [`${batches.open} measurements are in no batch`] : []
  const last = batches.last?.number ?? 0
  return {
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((identifier) => !observations.has(`${IDENTIFIERS.measurement}|${identifier}`)).length,
    duplicates: [observations, ...others].reduce((sum, found) => sum + above(found), 0),
    doubleAnchors: above(numbers),
    gapsInBatches: Array.from({ length: Math.max(last, ...numbers.keys()) }, (_, i) => i + 1).filter(
      (n) => !numbers.has(n),
    ).length,
    batches: last,
    problems: [...unverified, ...open],
  }
}

function above(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((sum, count) => sum + count - 1, 0)
}

/** How often each identifier (`system|value`) is on the server, over all pages. */
async function identifiers(fhirUrl: string, type: string): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  for await (const resource of searched(fhirUrl, `${type}?_count=1000`)) {
    const { identifier } = resource as { identifier?: Identifier | Identifier[] }
    for (const { system, value } of [identifier ?? []].flat()) {
      const key = `${system}|${value}`
      counts.set(key, (counts.get(key) ?? 0) + 1)
    }
  }
  return counts
}
