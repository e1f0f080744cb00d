/** A journal with a bit of everything, as a power cut leaves it: the files, and what was in them. */
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { Wallet } from 'ethers'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import { signBatch } from '#gateway/proofs/batch-signature.js'
import { leafHash, merkleRoot } from '#gateway/proofs/merkle.js'
import { hash, journalAt, measurement, nextBatch, TemporaryFolder, transition } from './journal-fixture.js'

const WALLET = new Wallet(`0x${'42'.repeat(32)}`)

/** As `nextBatch`, with a root and a signature that hold. */
export function signedBatch(journal: Journal, limit = 100): ClosedBatch {
  const batch = nextBatch(journal, limit)
  const header = {
    ...batch.header,
    gateway: WALLET.address as `0x${string}`,
    root: merkleRoot(batch.leaves.map(({ salt, observation }) => leafHash(salt, observation))),
  }
  return { ...batch, header, signature: signBatch(header, batch.domain, WALLET.signingKey) }
}

export const BATCHES = 6
export const LEAVES_EACH = 30
export const UNBATCHED = 25

export class DamagedHome {
  readonly #origin = new TemporaryFolder()
  readonly batches: ClosedBatch[] = []

  /** @param checkpointed how many of the batches are in the file already, the rest is in its log only; or everything. */
  async make(checkpointed: number | 'all'): Promise<void> {
    const path = this.#origin.journal
    let journal = journalAt(path)
    await journal.start()
    for (let number = 1; number <= BATCHES; number++) {
      const names = Array.from({ length: LEAVES_EACH }, (_, index) => `m-${number}-${index}`)
      await journal.commit({ measurements: names.map((name) => measurement(name)), transitions: [] })
      await journal.commit({ measurements: [], transitions: [transition({ raisedAt: number * 1000 })] })
      journal.batches.close(signedBatch(journal))
      this.batches.push(journal.batches.byNumber(number) as ClosedBatch)
      if (number <= 2) {
        const receipt = { batchNumber: number, transactionHash: hash(5), blockNumber: number, gasUsed: 51_000 }
        journal.anchors.saveReceipt({ ...receipt, blockHash: hash(6), blockTime: 1_700_000_070_000 })
      }
      if (number === checkpointed) {
        await journal.stop()
        journal = journalAt(path)
        await journal.start()
      }
    }
    journal.epochKeys.put('p/vital-signs/2026-01-01', 'a.b.c.d.e')
    const rest = Array.from({ length: UNBATCHED }, (_, index) => measurement(`open-${index}`))
    await journal.commit({ measurements: rest, transitions: [] })
    if (checkpointed === 'all') await journal.stop()
    cpSync(dirname(path), join(this.#origin.path, 'image'), { recursive: true })
    writeFileSync(join(this.#origin.path, 'image', `${basename(path)}.pid`), '1\n')
    await journal.stop()
  }

  /** A copy that may be spoilt. */
  copy(): TemporaryFolder {
    const folder = new TemporaryFolder()
    mkdirSync(dirname(folder.journal), { recursive: true, mode: 0o700 })
    cpSync(join(this.#origin.path, 'image'), dirname(folder.journal), { recursive: true })
    return folder
  }

  remove(): void {
    this.#origin.remove()
  }
}

/** Puts these bytes over those of a file. */
export function overwrite(file: string, offset: number, bytes: Uint8Array): void {
  const content = readFileSync(file)
  content.set(bytes.subarray(0, Math.max(0, content.length - offset)), offset)
  writeFileSync(file, content)
}
