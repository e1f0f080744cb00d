import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Proof } from './proofs.js'

export const pageOf = ({ name }: Pick<Proof, 'name'>): string => `docs/proofs/${name}.md`

/** A line that says that the proof is missing or older than what it covers; null when it holds. */
export function staleness(proof: Proof, root: string): string | null {
  const page = join(root, pageOf(proof))
  const again = `npm run proof -- ${proof.name}`
  if (!existsSync(page)) return `stale: ${pageOf(proof)} was never made: ${again}`
  if (readFileSync(page, 'utf8').includes(hashOf(proof.covers, root))) return null
  return `stale: ${pageOf(proof)} is older than what it covers (${proof.covers.join(', ')}): ${again}`
}

/**
 * SHA-256 over names and content of the files that git knows or would add there, in the order of their names.
 * @throws Error for a path without a file: a folder that was moved away would else be covered for ever
 */
export function hashOf(covers: readonly string[], root: string): string {
  const hash = createHash('sha256')
  for (const path of [...covers].sort()) {
    const list = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--', path]
    const files = execFileSync('git', list, { cwd: root, encoding: 'utf8' })
      .split('\0')
      .filter((file) => file !== '' && existsSync(join(root, file)))
    if (files.length === 0) throw new Error(`a proof covers ${path}, where there is no file`)
    for (const file of files.sort())
      hash
        .update(`${file}\0`)
        .update(readFileSync(join(root, file)))
        .update('\0')
  }
  return hash.digest('hex')
}
