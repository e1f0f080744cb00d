import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { PROOFS, type Proof } from '../../.ci/proofs.js'
import { hashOf, staleness } from '../../.ci/staleness.js'
import { writeProof } from '../../.ci/write-proof.js'

describe('a proof', () => {
  const root = mkdtempSync(join(tmpdir(), 'homebeat-proofs-'))
  const proof: Proof = {
    ...{ name: 'kills', command: `echo '{"kills":200,"gapsInBatches":0}'`, minutes: 1, shows: 'Nothing is lost.' },
    ...{ covers: ['journal', 'one.ts'], tools: { bash: 'bash --version' } },
  }
  const page = () => readFileSync(join(root, 'docs/proofs/kills.md'), 'utf8')
  const write = (file: string, text: string) => writeFileSync(join(root, file), text)

  beforeEach(() => {
    rmSync(root, { recursive: true, force: true })
    mkdirSync(join(root, 'journal'), { recursive: true })
    write('journal/a.ts', 'a')
    write('one.ts', 'one')
    write('other.ts', 'other')
    execFileSync('git', ['init', '--quiet'], { cwd: root })
  })
  after(() => rmSync(root, { recursive: true, force: true }))

  it('is stale while it was never made, and holds once it is', async () => {
    expect(staleness(proof, root)).to.equal('stale: docs/proofs/kills.md was never made: npm run proof -- kills')
    expect(await writeProof(proof, root, () => {})).to.equal(null)
    expect(staleness(proof, root)).to.equal(null)
  })

  it('says its totals, tools and what it covers', async () => {
    await writeProof(proof, root, () => {})
    expect(page()).to.contain('Nothing is lost.').and.contain('Totals: kills 200, gaps in batches 0')
    expect(page())
      .to.contain(`Node ${process.versions.node}`)
      .and.match(/bash \d+\.\d+/)
    expect(page()).to.contain('`journal`, `one.ts`').and.contain(hashOf(proof.covers, root))
  })

  it('is stale when a file that it covers was changed, added, renamed or removed, and for no other', async () => {
    await writeProof(proof, root, () => {})
    const holds = () => staleness(proof, root) === null
    write('other.ts', 'changed')
    expect(holds()).to.equal(true)
    write('journal/a.ts', 'b')
    expect(staleness(proof, root)).to.match(/^stale: docs\/proofs\/kills\.md is older than what it covers/)
    write('journal/a.ts', 'a')
    expect(holds()).to.equal(true)
    write('journal/b.ts', '')
    expect(holds()).to.equal(false)
    rmSync(join(root, 'journal/b.ts'))
    write('journal/c.ts', 'a')
    rmSync(join(root, 'journal/a.ts'))
    expect(holds()).to.equal(false)
  })

  it("counts mocha's report where mocha runs", async () => {
    const command = `echo '{"passed":63,"failed":0,"skipped":1}' > "$HOMEBEAT_TOTALS"`
    expect(await writeProof({ ...proof, command, mocha: true }, root, () => {})).to.equal(null)
    expect(page()).to.contain('Totals: passed 63, failed 0, skipped 1')
  })

  it('that fails, is late or gives no totals changes no page', async () => {
    for (const command of ['echo {}; exit 1', 'sleep 60', 'echo well', 'echo {}'])
      expect(await writeProof({ ...proof, command, minutes: 0.01 }, root, () => {}), command).to.match(/stays as it is/)
    expect(existsSync(join(root, 'docs/proofs/kills.md'))).to.equal(false)
  })

  it('covers files that are there', () => {
    expect(() => hashOf(['gone'], root)).to.throw('a proof covers gone, where there is no file')
    for (const { name, covers } of PROOFS) expect(hashOf(covers, packageRoot), name).to.match(/^[0-9a-f]{64}$/)
  })
})
