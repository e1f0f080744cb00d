/**
 * The heads of the latest batches, in a file beside the journal: the chain goes on where it was even if the journal is
 * lost. A line is written once its batch is durable and before any lane hears of it: what was pushed or anchored is in
 * the file, and what is in the file was closed.
 */
import { statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { LinesFile } from '#gateway/journal/salvage/lines-file.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import { batchSigner } from '#gateway/proofs/batch-signature.js'
import { anchorDomainSchema, batchHeaderSchema, signatureSchema } from '#gateway/proofs/record.js'

export type BatchHead = Pick<ClosedBatch, 'header' | 'domain' | 'signature' | 'closedAt'>

const schema = z.strictObject({
  header: batchHeaderSchema,
  domain: anchorDomainSchema,
  signature: signatureSchema,
  closedAt: z.number(),
})

/** Three weeks of a batch each quarter of an hour: what a chain that is out of reach may still have to hear. */
export const KEPT = 2048
/** Lines at the end that may all be changed before no head is known. A signature costs milliseconds. */
const LOOKED_AT = 32
const LONGEST_BYTES = 2 * 1024 * 1024

export class BatchHeads {
  readonly #file: LinesFile

  /** @param journal path of the journal's SQLite file */
  constructor(journal: string) {
    this.#file = new LinesFile(join(dirname(journal), 'batch-heads.jsonl'))
  }

  /** By number; a number that was closed twice (its first closing was lost with the power) counts as last closed. */
  all(): BatchHead[] {
    const heads = new Map<number, BatchHead>()
    for (const line of this.#file.read()) {
      const parsed = schema.safeParse(line)
      if (parsed.success) heads.set(parsed.data.header.number, parsed.data as BatchHead)
    }
    return [...heads.values()].sort((a, b) => a.header.number - b.header.number)
  }

  /** The last one whose signature is its gateway's; a line that a bad card changed is none. */
  last(): BatchHead | null {
    return this.all().slice(-LOOKED_AT).findLast(isSigned) ?? null
  }

  append(...heads: readonly BatchHead[]): void {
    this.#file.append(...heads.map(lineOf))
  }

  /** Forgets all others. */
  replace(heads: readonly BatchHead[]): void {
    this.#file.replace(heads.map(lineOf))
  }

  /** Once in a while: the file is read whole. */
  trim(): void {
    const size = statSync(this.#file.path, { throwIfNoEntry: false })?.size ?? 0
    if (size > LONGEST_BYTES) this.replace(this.all().slice(-KEPT))
  }
}

function lineOf({ header, domain, signature, closedAt }: BatchHead): BatchHead {
  return { header, domain, signature, closedAt }
}

export function isSigned({ header, domain, signature }: BatchHead): boolean {
  return batchSigner(header, domain, signature) === header.gateway
}
