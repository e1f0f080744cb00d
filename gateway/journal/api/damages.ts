/** The rows that came out of a damaged file, and those that did not. */
export interface SalvageReport {
  /** Rows saved, by table. */
  readonly rows: Readonly<Record<string, number>>
  /** Rows that were there and not believable: altered, or torn. */
  readonly refusedRows: number
  readonly unreadablePages: number
  /** Numbers of batches of which records are lost and that a FHIR server may not have got. */
  readonly batchesWithoutRecords: readonly number[]
  /** Those of which only the head is known, from outside the journal; it can still be anchored. */
  readonly batchesFromHeads: readonly number[]
  /** Numbers of which nothing is known at all. */
  readonly batchesMissing: readonly number[]
  /** Why nothing but the heads could be saved, where that is so. */
  readonly failure?: string
}

/** A damage that no person has taken note of yet. */
export interface JournalDamage {
  /** Epoch ms. */
  readonly foundAt: number
  readonly reason: string
  /** Path of the damaged file; it is kept. Null: it goes on being used. */
  readonly setAside: string | null
  readonly report: SalvageReport
}

/** The last time that every row was read. */
export interface JournalCheckDone {
  /** Epoch ms of its end. */
  readonly at: number
  readonly rows: number
  /** Sealed rows that do not open, accepted ones too. */
  readonly unopened: number
}

export interface DamageStore {
  /** Damages that nobody has taken note of yet, oldest first. */
  open(): JournalDamage[]
  /** A person has taken note of what was lost. @returns how many damages that were open */
  accept(): number
  /** Null: never yet. */
  lastCheck(): JournalCheckDone | null
}
