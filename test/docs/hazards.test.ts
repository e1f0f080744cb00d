import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { EXPLANATIONS, FAMILIES } from '#gateway/wording/explanations.js'

const COLUMNS = ['id', 'hazard', 'risk', 'rule', 'shownBy', 'state'] as const
type Row = Record<(typeof COLUMNS)[number], string>

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8')

const rows = read('docs/hazards.md')
  .split('\n')
  .filter((line) => /^\| [A-Z]\d+ \|/.test(line))
  .map((line): Row => {
    const cells = line.split('|').slice(1, -1)
    expect(cells, line).to.have.length(COLUMNS.length)
    return Object.fromEntries(COLUMNS.map((name, index) => [name, cells[index]?.trim()])) as Row
  })

/** Files that a row names as proof, each with the titles of the tests in it (none for a scenario). */
function proofsOf({ shownBy }: Row): { path: string; titles: string[] }[] {
  return [...shownBy.matchAll(/`([^`]+)`((?:[^`"]|"(?:\\"|[^"])*")*)/g)].map(([, path = '', rest = '']) => ({
    path,
    titles: [...rest.matchAll(/"((?:\\"|[^"])*)"/g)].map(([, title = '']) => title.replaceAll('\\"', '"')),
  }))
}

/** Titles in the source of a test file, as patterns: what a template puts in may be anything. */
function titlesOf(path: string): RegExp[] {
  return [...read(path).matchAll(/\b(?:it|describe)\(\s*(?:'((?:\\'|[^'])*)'|"([^"]*)"|`([^`]*)`)/g)].map((match) => {
    const title = (match[1] ?? match[2] ?? match[3] ?? '').replaceAll("\\'", "'")
    const literal = title.split(/\$\{[^}]*\}/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
    return new RegExp(`^${literal.join('.+')}$`)
  })
}

describe('docs/hazards.md', () => {
  it('has a row for every condition that the gateway and the clinic can raise', () => {
    const named = new Set(
      rows.flatMap(({ rule }) => [...rule.matchAll(/`([a-z0-9-]+(?:-…)?)`/g)].map(([, name]) => name)),
    )
    const conditions = [...Object.keys(EXPLANATIONS), ...Object.keys(FAMILIES).map((family) => `${family}-…`)]
    expect(conditions.filter((condition) => !named.has(condition))).to.deep.equal([])
  })

  it('numbers each hazard once, and says harm, severity, probability, rule and state', () => {
    expect(rows.length).to.be.greaterThan(80)
    expect(new Set(rows.map(({ id }) => id)).size).to.equal(rows.length)
    for (const { id, hazard, risk, rule, state } of rows) {
      expect(hazard, id).to.include(' → ')
      expect(risk, id).to.match(/^(death|grave|serious|minor), (often|sometimes|seldom|rarely)$/)
      expect(rule, id).not.to.equal('')
      expect(state, id).to.match(/^(held|open)$/)
    }
  })

  it('names for each hazard that is held at least one proof, which exists by file and title', () => {
    const missing = rows.flatMap((row) => {
      const proofs = proofsOf(row)
      if (row.state === 'held' && proofs.length === 0) return [`${row.id} names no test`]
      return proofs.flatMap(({ path, titles }) => {
        if (!existsSync(join(packageRoot, path))) return [`${row.id}: ${path}`]
        if (/\.ts$/.test(path) && titles.length === 0) return [`${row.id}: no title in ${path}`]
        const known = /\.ts$/.test(path) ? titlesOf(path) : []
        return titles
          .filter((title) => !known.some((pattern) => pattern.test(title)))
          .map((title) => `${row.id}: ${path}: ${title}`)
      })
    })
    expect(missing).to.deep.equal([])
  })
})
