import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'

type Locked = { version: string; resolved?: string; optional?: boolean; engines?: { node?: string } }

/** What was written into the lockfile by hand, and what `npm install` must not take out or add (docs/dependencies.md). */
describe('package-lock.json', () => {
  const { packages } = JSON.parse(readFileSync(join(packageRoot, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, Locked>
  }

  it('compiles better-sqlite3 12 only where 13 does not run: its entry names those Nodes, as npm has no other way', () => {
    expect(packages['node_modules/better-sqlite3-12']).to.deep.include({
      optional: true,
      engines: { node: '<22.14 || 23.0 - 23.5' },
    })
    expect(packages['node_modules/better-sqlite3']).to.deep.include({ optional: true, engines: { node: '>=22' } })
  })

  it("holds anvil's binary of every platform that it exists for", () => {
    const platforms = Object.keys(packages).flatMap(
      (path) => /^node_modules\/@foundry-rs\/anvil-(.+)$/.exec(path)?.[1] ?? [],
    )
    expect(platforms).to.have.members(['darwin-amd64', 'darwin-arm64', 'linux-amd64', 'linux-arm64', 'win32-amd64'])
  })

  it('names no host: each clone installs from the registry that its npm is set to', () => {
    const named = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
    expect(named).to.deep.equal([])
  })
})
