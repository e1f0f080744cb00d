/**
 * Checks the whole line from its far ends, as a stranger with the epoch keys would: fetches every sealed document from
 * the FHIR server, opens it, and verifies what is inside against the chain.
 */
import { join } from 'node:path'
import type { Binary, Bundle, DocumentReference, Resource } from '@medplum/fhirtypes'
import { IDENTIFIERS } from '#fhir/systems.js'
import type { LoadedConfig } from '#gateway/config/load.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import type { VerifiableRecord } from '#gateway/model/batch.js'
import { verifyRecord } from '#gateway/outbound/batches/verify.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import type { LedgerReader } from '#gateway/outbound/chain/ledger.js'
import { openEnvelope } from '#gateway/outbound/sealing/envelope.js'
import { EpochKeys } from '#gateway/outbound/sealing/epoch-keys.js'
import { loadOrCreateMasterKey } from '#gateway/outbound/sealing/master-key.js'

export interface Verification {
  /** Closed batches all of whose leaves came back, opened and verified. */
  readonly verified: number
  /** One sentence for each batch that did not. */
  readonly problems: readonly string[]
  /** Everything that came back, by batch number. */
  readonly records: ReadonlyMap<number, readonly VerifiableRecord[]>
}

export function chainOf({ chain }: LoadedConfig['config']): NonNullable<LoadedConfig['config']['chain']> {
  if (!chain) throw new Error('This gateway has no chain to ask.')
  return chain
}

export async function verifyBatches({ config, dataDir }: LoadedConfig, fhirUrl: string): Promise<Verification> {
  const journal = openJournalReader(join(dataDir, 'journal.db'))
  const ledger = new EthersLedger(chainOf(config))
  const reader = remembering(ledger)
  try {
    const keys = new EpochKeys({
      store: { ...journal.epochKeys, put: () => nothing('stores no keys') },
      masterKey: await loadOrCreateMasterKey(join(dataDir, 'keys', 'master.key')),
      patient: config.home.patient,
      random: () => nothing('makes no keys'),
    })
    const records = new Map<number, VerifiableRecord[]>()
    for (const envelope of await sealedDocuments(fhirUrl)) {
      const key = await keys.existing(epochOf(envelope))
      if (!key) continue
      for (const record of await openEnvelope(envelope, key)) {
        const { number } = record.header
        records.set(number, [...(records.get(number) ?? []), record])
      }
    }
    const problems: string[] = []
    const numbers = journal.batches.numbers()
    for (const number of numbers) {
      const problem = await problemOf(
        number,
        records.get(number) ?? [],
        journal.batches.byNumber(number)?.header.count ?? 0,
        reader,
      )
      if (problem) problems.push(problem)
    }
    return { verified: numbers.length - problems.length, problems, records }
  } finally {
    ledger.close()
    journal.close()
  }
}

async function problemOf(
  number: number,
  records: readonly VerifiableRecord[],
  count: number,
  ledger: LedgerReader,
): Promise<string | null> {
  const indexes = new Set(records.map((record) => record.proof.index))
  if (indexes.size !== count)
    return `batch ${number}: ${indexes.size} of ${count} Observations came back from the FHIR server`
  for (const record of records) {
    const report = await verifyRecord(record, ledger)
    if (!report.ok) return `batch ${number}, leaf ${record.proof.index}: ${report.reason}`
  }
  return null
}

/** Asks the node each question once: hundreds of leaves ask the same few, and nothing changes meanwhile. */
function remembering(ledger: LedgerReader): LedgerReader {
  const answers = new Map<string, Promise<unknown>>()
  const once = <T>(question: string, ask: () => Promise<T>): Promise<T> => {
    const answer = (answers.get(question) as Promise<T> | undefined) ?? ask()
    answers.set(question, answer)
    return answer
  }
  return {
    domain: ledger.domain,
    head: (gateway) => once(`head ${gateway}`, () => ledger.head(gateway)),
    anchored: (gateway, number) => once(`anchored ${gateway} ${number}`, () => ledger.anchored(gateway, number)),
    history: (gateway) => once(`history ${gateway}`, () => ledger.history(gateway)),
    block: (number) => once(`block ${number}`, () => ledger.block(number)),
    latestBlock: () => once('latest', () => ledger.latestBlock()),
  }
}

function nothing(what: string): never {
  throw new Error(`verifying ${what}`)
}

/** The compact JWE of every sealed document. */
async function sealedDocuments(fhirUrl: string): Promise<string[]> {
  const envelopes: string[] = []
  for await (const document of searched<DocumentReference>(fhirUrl, 'DocumentReference?_count=50&_sort=date')) {
    if (document.identifier?.[0]?.system !== IDENTIFIERS.envelope) continue
    const binary: Binary = await fetchJson(`${fhirUrl}/${document.content[0]?.attachment.url ?? ''}`)
    envelopes.push(Buffer.from(binary.data ?? '', 'base64').toString('utf8'))
  }
  return envelopes
}

/** What a search finds, over all its pages. */
export async function* searched<T extends Resource>(fhirUrl: string, query: string): AsyncGenerator<T> {
  let next: string | undefined = `${fhirUrl}/${query}`
  while (next) {
    const page: Bundle<T> = await fetchJson(next)
    for (const { resource } of page.entry ?? []) if (resource) yield resource
    const link: string | undefined = page.link?.find(({ relation }) => relation === 'next')?.url
    next = link && new URL(link, fhirUrl).href
  }
}

async function fetchJson<T>(url: string): Promise<T> {
  const response = await fetch(url, { headers: { accept: 'application/fhir+json' } })
  if (!response.ok) throw new Error(`the FHIR server answered ${response.status} for ${new URL(url).pathname}`)
  return (await response.json()) as T
}

/** The epoch is in the JWE's protected header, in clear. */
function epochOf(jwe: string): string {
  const header = JSON.parse(Buffer.from(jwe.split('.')[0] ?? '', 'base64url').toString('utf8')) as { kid?: string }
  return header.kid ?? ''
}
