import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { ERROR_CODES } from '#gateway/platform/error-codes.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { allCodes, ERRORS_PAGE, errorsPage, UNSAID } from '#test/support/errors-page.js'

const sources = ['gateway', 'fhir', 'firmware', 'simulators', 'bench'].flatMap((folder) =>
  readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && entry.name !== 'error-codes.ts')
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')),
)
const page = () => readFileSync(join(packageRoot, ERRORS_PAGE), 'utf8')

/** The compiler sees to it that no HomebeatError has a code that is not listed. */
describe('error codes', () => {
  it('stand in docs/errors.md, each with its meaning and what to do (npm run docs:errors)', () => {
    expect(page()).to.equal(errorsPage(page()))
    for (const code of allCodes())
      expect(page(), code).to.match(new RegExp(`^\\| \`${code}\` \\| .{12,} \\| .{6,} \\|$`, 'm'))
    expect(page()).to.not.contain(`| ${UNSAID} |`)
  })

  it('are all used: none is left of what is gone', () => {
    const text = sources.join('\n')
    // These come from a template: journal.<action>-failed.
    const made = ['journal.open-failed', 'journal.read-failed', 'journal.write-failed']
    expect(allCodes().filter((code) => !text.includes(`'${code}'`) && !made.includes(code))).to.deep.equal([])
  })

  it('are the ones that docstrings promise', () => {
    const known = new Set<string>([...allCodes(), ...Object.keys(ERROR_CODES).map((family) => `${family}.*`)])
    const promised = sources.flatMap((text) =>
      [...text.matchAll(/@throws HomebeatError((?:[^@/]|\/(?!\*))*?)\*\//g)].flatMap(([, words = '']) =>
        [...words.matchAll(/`([a-z-]+\.(?:[a-z-]+|\*))`/g)].map(([, code]) => code as string),
      ),
    )
    expect(promised.length).to.be.above(100)
    expect([...new Set(promised)].filter((code) => !known.has(code))).to.deep.equal([])
  })
})
