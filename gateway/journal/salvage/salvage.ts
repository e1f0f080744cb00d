/**
 * Saves into a new journal what a damaged one still holds: all rows of all pages that can be read, tree or no tree,
 * each checked (`salvage-checks.ts`), then what belongs together put in order again.
 */

import type { SalvageReport } from '#gateway/journal/api/damages.js'
import { type BatchHead, isSigned } from '#gateway/journal/sqlite/batch-heads.js'
import { createRowCipher, keyCheckOf, type RowCipher } from '#gateway/journal/sqlite/cipher.js'
import type { Database, SqlValue } from '#gateway/journal/sqlite/database.js'
import { keyWrong } from '#gateway/journal/sqlite/journal-key.js'
import { nameLanes } from '#gateway/journal/sqlite/outbox.js'
import { openLeaf } from '#gateway/journal/sqlite/sealed-rows.js'
import type { BatchHeader } from '#gateway/model/batch.js'
import { judge, type RowCheck, rowChecks } from './salvage-checks.js'
import { SALVAGE } from './salvage-queries.js'
import { PAGE, type RawRow, SqlitePages, type TreePage } from './sqlite-pages.js'

const ROWS_AT_ONCE = 1000
const FEW = 8
/** Made anew from the others, or of the new journal alone. */
const NOT_SALVAGED = new Set(['alert_episode', 'journal_key', 'sqlite_sequence', 'unopened_row'])

export class Salvage {
  readonly #target: Database
  readonly #cipher: RowCipher
  readonly #check: Buffer
  readonly #checks: readonly RowCheck[]
  readonly #inserts = new Map<string, { readonly columns: readonly string[]; readonly rowid: string | null }>()
  readonly #rows: Record<string, number> = {}
  #refused = 0
  #opened = 0
  #unopened = 0
  #keyFits: boolean | null = null
  #pending: (() => void)[] = []

  /** @param target a new journal, with its tables and nothing in them; references are not checked before the end */
  constructor(target: Database, key: Uint8Array) {
    this.#target = target
    this.#cipher = createRowCipher(key)
    this.#check = keyCheckOf(key)
    this.#checks = rowChecks(this.#cipher)
  }

  /**
   * @param damaged the file that was set aside; it is only read
   * @param heads of the latest batches, from outside the journal
   * @throws HomebeatError `journal.key-wrong` where not one sealed row opens: then all would be thrown away
   */
  run(damaged: string, heads: readonly BatchHead[]): SalvageReport {
    const pages = new SqlitePages(damaged)
    let unreadable = 0
    try {
      unreadable = this.#readAll(pages)
      this.#flush()
    } finally {
      pages.close()
    }
    // Without the file's own word on its key, a row or two that do not open may be what is damaged.
    const wrong = this.#keyFits === null ? this.#unopened > FEW : !this.#keyFits && this.#unopened > 0
    if (this.#opened === 0 && wrong) throw keyWrong(damaged)
    return this.#target.transaction(() => {
      const headsOnly = this.#restoreHeads(heads)
      this.#dropForgeries()
      this.#reunite()
      return {
        rows: this.#rows,
        refusedRows: this.#refused,
        unreadablePages: unreadable,
        batchesWithoutRecords: this.#target.all<{ number: number }>(SALVAGE.incomplete).map(({ number }) => number),
        batchesFromHeads: headsOnly,
        batchesMissing: this.#missing(),
      }
    })
  }

  /** Whole trees first, in the order of worth, then the pages that no tree leads to. Returns how many were unreadable. */
  #readAll(pages: SqlitePages): number {
    const seen = new Set<number>()
    let unreadable = 0
    const ofIndex = ({ type }: TreePage) => type === PAGE.indexInterior || type === PAGE.indexLeaf
    const walk = (root: number, take: (row: RawRow) => void, belongs: (page: TreePage) => boolean = () => true) => {
      const next = [root]
      for (let number = next.pop(); number !== undefined; number = next.pop()) {
        if (seen.has(number)) continue
        const page = pages.tree(number)
        if (!page || page.broken > 0) unreadable++
        if (!page || !belongs(page)) continue
        seen.add(number)
        for (const row of page.rows) take(row)
        next.push(...[...page.children].reverse())
      }
    }
    const roots = new Map<string, number>()
    const indexes: number[] = []
    walk(1, ({ values: [type, name, , root] }) => {
      if (type === 'table' && typeof root === 'number') roots.set(String(name), root)
      if (type === 'index' && typeof root === 'number') indexes.push(root)
    })
    // Their rows belong to tables that are read anyway; seen, they are not taken for lost pages.
    for (const root of indexes) walk(root, () => {}, ofIndex)
    const known = this.#checks.map(({ table }) => table)
    const others = [...roots.keys()].filter((table) => !known.includes(table) && !NOT_SALVAGED.has(table))
    for (const table of [...known, ...others]) {
      const root = roots.get(table)
      if (root !== undefined) walk(root, (row) => this.#place(row, table))
    }
    for (const table of NOT_SALVAGED) {
      const root = roots.get(table)
      if (root !== undefined) walk(root, (row) => this.#compareKey(row))
    }
    for (let number = 2; number <= pages.count; number++) {
      if (seen.has(number)) continue
      const page = pages.tree(number)
      if (!page) continue
      for (const row of page.rows) {
        this.#compareKey(row)
        this.#place(row, null)
      }
    }
    return unreadable
  }

  /** A row of 16 bytes between two numbers is the one by which the key is known. */
  #compareKey({ values: [id, check, flag, ...none] }: RawRow): void {
    if (id !== null || !(check instanceof Uint8Array) || check.length !== 16 || typeof flag !== 'number') return
    if (none.length === 0) this.#keyFits = this.#check.equals(check)
  }

  /** @param table to which the tree says it belongs, null where there was none */
  #place(row: RawRow, table: string | null): void {
    const claimed = this.#checks.find((check) => check.table === table)
    if (table !== null && !claimed) {
      this.#insert(table, row)
      return
    }
    const candidates = claimed ? [claimed, ...this.#checks.filter((check) => check !== claimed)] : this.#checks
    let sealed = false
    for (const check of candidates) {
      const judgement = judge(check, row)
      sealed ||= judgement === 'sealed'
      if (judgement !== 'believable') continue
      // A batch has blobs too, but hashes.
      const isSealed = row.values.some((value) => value instanceof Uint8Array && value.length > 32)
      if (isSealed && check.table !== 'batch') this.#opened++
      this.#insert(check.table, row)
      return
    }
    if (sealed) this.#unopened++
    // Entries of an index that lost its tree are many and no loss.
    if (claimed || sealed) this.#refused++
  }

  #insert(table: string, row: RawRow): void {
    this.#pending.push(() => {
      const shape = this.#shapeOf(table)
      if (!shape || row.values.length > shape.columns.length) return
      const columns = shape.columns.slice(0, row.values.length)
      const values = row.values.map((value, index) => (columns[index] === shape.rowid ? row.rowid : value))
      const names = columns.map((column) => `"${column}"`).join(', ')
      const marks = columns.map(() => '?').join(', ')
      try {
        const { changes } = this.#target.run(
          `INSERT OR IGNORE INTO "${table}" (${names}) VALUES (${marks})`,
          ...(values as SqlValue[]),
        )
        this.#rows[table] = (this.#rows[table] ?? 0) + changes
      } catch {
        this.#refused++
      }
    })
    if (this.#pending.length >= ROWS_AT_ONCE) this.#flush()
  }

  #flush(): void {
    const pending = this.#pending
    this.#pending = []
    this.#target.transaction(() => {
      for (const insert of pending) insert()
    })
  }

  #shapeOf(table: string): { readonly columns: readonly string[]; readonly rowid: string | null } | null {
    const known = this.#inserts.get(table)
    if (known) return known
    const columns = this.#target.all<{ name: string; type: string; pk: number }>(SALVAGE.columns, table)
    if (columns.length === 0) return null
    const rowid = columns.find(({ type, pk }) => pk === 1 && type === 'INTEGER')?.name ?? null
    const shape = { columns: columns.map(({ name }) => name), rowid }
    this.#inserts.set(table, shape)
    return shape
  }

  /** @returns numbers of the batches of which only the head is known. */
  #restoreHeads(heads: readonly BatchHead[]): number[] {
    const restored: number[] = []
    for (const head of heads) {
      const { gateway, number, previousRoot, root, count, periodStart, periodEnd } = head.header
      const stored = this.#target.get<{ signature: string }>(SALVAGE.signatureOf, number)
      if (stored?.signature === head.signature || !isSigned(head)) continue
      if (stored) this.#target.run(SALVAGE.dropBatch, number)
      const { chainId, contract } = head.domain
      this.#target.run(
        SALVAGE.insertBatch,
        ...[number, gateway, previousRoot, root, count, periodStart, periodEnd, chainId, contract],
        ...[head.signature, head.closedAt],
      )
      if (!stored) restored.push(number)
    }
    return restored
  }

  /** A batch that does not continue the one before, and is not signed, is no batch; the last one is always looked at. */
  #dropForgeries(): void {
    const batches = this.#target.all<BatchHeader & { chainId: number; contract: string; signature: string }>(
      SALVAGE.batches,
    )
    for (const [index, batch] of batches.entries()) {
      const { chainId, contract, signature, ...header } = batch
      const before = batches[index - 1]
      const continues = before?.number === header.number - 1 && before.root === header.previousRoot
      if (continues && index < batches.length - 1) continue
      const domain = { chainId, contract: contract as BatchHead['domain']['contract'] }
      if (!isSigned({ header, domain, signature, closedAt: 0 })) this.#target.run(SALVAGE.dropBatch, header.number)
    }
  }

  #reunite(): void {
    for (const sql of SALVAGE.leavesFirst) this.#target.run(sql)
    const strays = this.#target.all<{ batch: number; position: number; measurement: number; observation: unknown }>(
      SALVAGE.strayLeaves,
    )
    for (const { batch, position, measurement, observation } of strays) {
      // A leaf knows its measurement's name; of what the sensor was only the Observation tells, and nobody asks.
      const name = observation instanceof Uint8Array ? this.#nameOf(batch, position, observation) : null
      if (name !== null) this.#target.run(SALVAGE.insertMeasurement, measurement, name, batch, batch)
    }
    for (const sql of SALVAGE.reunite) this.#target.run(sql)
    nameLanes(this.#target)
  }

  #nameOf(batch: number, position: number, observation: Uint8Array): string | null {
    try {
      return openLeaf(this.#cipher, batch, position, observation).identifier
    } catch {
      return null
    }
  }

  #missing(): number[] {
    const numbers = new Set(this.#target.all<{ number: number }>(SALVAGE.numbers).map(({ number }) => number))
    const last = Math.max(0, ...numbers)
    const missing: number[] = []
    for (let number = 1; number <= last; number++) if (!numbers.has(number)) missing.push(number)
    return missing
  }
}
