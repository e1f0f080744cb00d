import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { changed, howTos, instructionsOf } from '#test/support/how-to.js'

describe('The walk-throughs of docs/how-to', () => {
  it('are those that CONTRIBUTING names', () => {
    const text = readFileSync(join(packageRoot, 'CONTRIBUTING.md'), 'utf8')
    const named = [...text.matchAll(/docs\/how-to\/([a-z-]+)\.md/g)].map(([, name]) => name)
    expect(new Set(named)).to.deep.equal(new Set(howTos()))
  })

  for (const page of howTos())
    it(`${page}: names lines that stand in the files, and creates files that are not there yet`, () => {
      const instructions = instructionsOf(page)
      const told = readFileSync(join(packageRoot, 'docs/how-to', `${page}.md`), 'utf8').match(
        /^Run:|\bCreate\s+`[^`]+`:|\bIn\s+`[^`]+`,\s(?:after|before|replace)/gm,
      )
      expect(instructions, 'instructions in a form that can be followed').to.have.length(told?.length ?? 0)
      expect(instructions.filter((one) => one.do === 'create')).to.not.deep.equal([])
      expect(instructions.filter((one) => one.do === 'run')).to.not.deep.equal([])
      const files = new Map<string, string>()
      for (const instruction of instructions) {
        if (instruction.do === 'run') continue
        const { path, text } = instruction
        const there = existsSync(join(packageRoot, path))
        if (instruction.do === 'create') {
          expect(there || files.has(path), path).to.equal(false)
          files.set(path, text)
        } else files.set(path, changed(files.get(path) ?? readFileSync(join(packageRoot, path), 'utf8'), instruction))
      }
    })
})
