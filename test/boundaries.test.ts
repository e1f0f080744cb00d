import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { floorOf, floorsTable, KEPT_WORDS, MUTUAL, OLD_WORDS, PURE, PURE_EXCEPTIONS, roomOf } from './support/floors.js'

/** Folders beside the gateway and what each may not import. `from` and `to` are path prefixes; builtins are `node:…`. */
const FORBIDDEN: { from: string; to: string[]; except?: string[]; why: string }[] = [
  { from: 'fhir/', to: ['gateway/', 'simulators/', 'contracts/', 'firmware/', 'test/'], why: 'fhir is pure mapping' },
  { from: 'fhir/', to: ['node:'], except: ['node:crypto'], why: 'fhir does no I/O' },
  { from: 'gateway/', to: ['simulators/', 'test/', 'bench/'], why: 'the gateway runs without simulators' },
  { from: 'contracts/', to: ['gateway/', 'simulators/', 'test/', 'fhir/'], why: 'contracts stand alone' },
  {
    from: 'firmware/',
    to: ['gateway/', 'simulators/', 'test/', 'fhir/'],
    except: ['gateway/platform/package-root.ts', 'gateway/platform/errors.ts'],
    why: 'firmware stands alone',
  },
  { from: 'simulators/', to: ['test/'], why: 'tests use simulators, not the other way round' },
]

/** What does I/O: no pure room imports it. */
const IMPURE = ['node:', 'gateway/platform/sqlite.ts', 'mqtt', 'aedes', 'serialport', 'ethers', 'fastify']

function sources(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(packageRoot, join(entry.parentPath, entry.name)))
}

/** Imports of a file as project paths (`gateway/x.ts`), builtins (`node:fs`) or package names; types count as well. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(packageRoot, file), 'utf8')
  const found: string[] = []
  for (const match of text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s+['"]([^'"]+)['"]/g,
  )) {
    const name = match[1] ?? match[2] ?? match[3] ?? ''
    if (name.startsWith('#')) found.push(name.slice(1).replace(/\.js$/, '.ts'))
    else if (name.startsWith('.'))
      found.push(relative(packageRoot, resolve(packageRoot, dirname(file), name)).replace(/\.js$/, '.ts'))
    else found.push(name)
  }
  return found
}

const rooms = ['fhir', 'gateway', 'contracts', 'firmware', 'simulators']
const graph = new Map(rooms.flatMap(sources).map((file) => [file, importsOf(file)]))

describe('import boundaries', () => {
  it('finds the imports it judges', () => {
    expect(graph.get('gateway/platform/secrets/private-file.ts')).to.include.members([
      'node:fs',
      'gateway/platform/errors.ts',
    ])
  })

  for (const { from, to, except = [], why } of FORBIDDEN) {
    it(`${from} imports nothing of ${to.slice(0, 3).join(', ')}${to.length > 3 ? ', …' : ''}: ${why}`, () => {
      const wrong = [...graph]
        .filter(([file]) => file.startsWith(from))
        .flatMap(([file, imports]) =>
          imports
            .filter((name) => to.some((prefix) => name === prefix || name.startsWith(prefix)) && !except.includes(name))
            .map((name) => `${file} → ${name}`),
        )
      expect(wrong).to.deep.equal([])
    })
  }

  const gatewayFiles = [...graph.keys()].filter((file) => file.startsWith('gateway/') && !file.includes('/web/'))
  const isPure = (file: string) => file.startsWith('fhir/') || PURE.some((room) => file.startsWith(`gateway/${room}/`))

  it('does no I/O in the pure rooms', () => {
    const wrong = gatewayFiles
      .filter((file) => isPure(file) && !PURE_EXCEPTIONS.includes(file))
      .flatMap((file) =>
        (graph.get(file) ?? [])
          .filter((name) =>
            IMPURE.some((prefix) => name === prefix || (prefix.endsWith(':') && name.startsWith(prefix))),
          )
          .map((name) => `${file} → ${name}`),
      )
    expect(wrong).to.deep.equal([])
  })

  it('reads no clock and rolls no dice in the pure rooms', () => {
    const wrong = [...graph.keys()].filter(
      (file) =>
        isPure(file) &&
        !PURE_EXCEPTIONS.includes(file) &&
        /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bsetTimeout\(|\bsetInterval\(/.test(
          readFileSync(join(packageRoot, file), 'utf8'),
        ),
    )
    expect(wrong).to.deep.equal([])
  })

  it('is drawn as it is in docs/architecture.md (npm run docs:floors)', () => {
    const page = readFileSync(join(packageRoot, 'docs/architecture.md'), 'utf8')
    expect(page).to.include(floorsTable())
  })

  it('names no file with a word that says what it is not (docs/architecture.md, glossary)', () => {
    const wrong = [...graph.keys()].filter((file) => OLD_WORDS.test(basename(file)) && !KEPT_WORDS.includes(file))
    expect(wrong).to.deep.equal([])
  })

  it('has every file of the gateway in a room of a floor', () => {
    expect(gatewayFiles.filter((file) => floorOf(file) < 0)).to.deep.equal([])
  })

  it('has no import that runs up', () => {
    const up = imports(gatewayFiles).filter(({ from, to }) => floorOf(to) > floorOf(from))
    expect(up).to.deep.equal([])
  })

  it('has at most two pairs of rooms that import each other, each with its reason', () => {
    const arrows = new Set(imports(gatewayFiles).map(({ from, to }) => `${roomOf(from)} → ${roomOf(to)}`))
    const pairs = [...arrows]
      .map((arrow) => arrow.split(' → ') as [string, string])
      .filter(([a, b]) => a < b && arrows.has(`${b} → ${a}`))
      .map(([a, b]) => `${a} ↔ ${b}`)
    expect(MUTUAL.length).to.be.at.most(2)
    expect(pairs.filter((pair) => !MUTUAL.some(({ rooms }) => rooms === pair))).to.deep.equal([])
  })

  it('has no import cycle between the rooms of the gateway but through types', () => {
    const files = [...graph.keys()]
    const valueImports = new Map(files.map((file) => [file, valueImportsOf(file)]))
    const cycles: string[] = []
    const done = new Set<string>()
    const visit = (file: string, trail: string[]) => {
      const at = trail.indexOf(file)
      if (at >= 0) {
        cycles.push([...trail.slice(at), file].join(' → '))
        return
      }
      if (done.has(file)) return
      for (const next of valueImports.get(file) ?? []) if (valueImports.has(next)) visit(next, [...trail, file])
      done.add(file)
    }
    for (const file of files) visit(file, [])
    expect(cycles).to.deep.equal([])
  })
})

function valueImportsOf(file: string): string[] {
  const text = readFileSync(join(packageRoot, file), 'utf8').replace(
    /(?:^|\n)\s*(?:import|export) type [^;\n]*(?:\{[^}]*\})?[^\n]*from [^\n]*/g,
    '\n',
  )
  return [...text.matchAll(/(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]/g)].map((match) => {
    const name = match[1] ?? ''
    if (name.startsWith('#')) return name.slice(1).replace(/\.js$/, '.ts')
    if (name.startsWith('.'))
      return relative(packageRoot, resolve(packageRoot, dirname(file), name)).replace(/\.js$/, '.ts')
    return name
  })
}

/** Imports inside the gateway between files of different rooms. */
function imports(files: readonly string[]): { from: string; to: string }[] {
  return files.flatMap((from) =>
    (graph.get(from) ?? [])
      .filter((to) => to.startsWith('gateway/') && roomOf(to) !== roomOf(from))
      .map((to) => ({ from, to })),
  )
}
