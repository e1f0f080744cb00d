import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'

/** Top folders of the project; a path in code type that begins with one must exist. */
const ROOTS = ['gateway', 'fhir', 'contracts', 'firmware', 'simulators', 'test', 'bench', 'docs', '.ci', '.github']

/** Walk-throughs name files that are yet to be written; how-to.test.ts checks them. */
const pages = ['', ...ROOTS.filter((root) => !root.startsWith('.'))].flatMap((root) =>
  readdirSync(join(packageRoot, root), { recursive: root !== '', encoding: 'utf8' })
    .filter((name) => name.endsWith('.md') && !name.includes('node_modules') && !name.startsWith('how-to/'))
    .map((name) => join(root, name)),
)

/** Paths that a page names: relative links, and paths from the project's root in code type. Patterns are left out. */
function pathsOf(page: string): string[] {
  const text = readFileSync(join(packageRoot, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)/g)].map(([, path = '']) =>
    join(dirname(page), path),
  )
  const code = [...text.matchAll(/`([A-Za-z0-9_.@/-]+)`/g)]
    .map(([, path = '']) => path)
    .filter((path) => path.includes('/') && ROOTS.includes(path.split('/')[0] ?? ''))
    // Written by `npm run proof`, and absent before its first run.
    .filter((path) => !path.startsWith('docs/proofs/'))
  return [...links, ...code]
}

const sources = ROOTS.filter((root) => !root.startsWith('.')).flatMap((root) =>
  readdirSync(join(packageRoot, root), { recursive: true, encoding: 'utf8' }).map((name) => `/${join(root, name)}`),
)

describe('The pages', () => {
  it('name only files and folders that exist', () => {
    expect(pages).to.include.members(['README.md', 'docs/architecture.md', 'gateway/journal/README.md'])
    const missing = pages.flatMap((page) =>
      pathsOf(page)
        .filter((path) => !existsSync(join(packageRoot, path)))
        .map((path) => `${page}: ${path}`),
    )
    expect(missing).to.deep.equal([])
  })

  it('name no source file that is gone, also where they name it without its folder', () => {
    const missing = pages.flatMap((page) =>
      [...readFileSync(join(packageRoot, page), 'utf8').matchAll(/`(?:\.\.?\/)*([A-Za-z0-9_/-]+\.tsx?)`/g)]
        .map(([, name = '']) => name)
        .filter((name) => !sources.some((source) => source.endsWith(`/${name}`)))
        .map((name) => `${page}: ${name}`),
    )
    expect(missing).to.deep.equal([])
  })
})
