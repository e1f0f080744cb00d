/** The configuration of a new home: the annotated example, with what only the site can know left as comments. */
import { type Node, parseDocument } from 'yaml'
import { offsetOf } from '#gateway/platform/config-file.js'

export interface FirstConfig {
  readonly home: string
  readonly patient: string
  /** URL of the kit's transport. */
  readonly kit: string
  readonly consolePort: number
}

/** What the example has of an imagined site. A home begins without it: a number of another patient would be worse than none. */
const OF_THE_SITE: readonly (readonly (string | number)[])[] = [
  ['transports', 1],
  ['alerts', 'channels', 1],
  ['alerts', 'limits'],
  ['fhir'],
  ['liveness'],
  ['chain'],
]

const HEADING = `# Homebeat: this home's gateway, as \`homebeat init\` wrote it. What begins with # does not count: take the # away and edit it,
# then look with: homebeat start --check
`

/** @param example the text of homebeat.example.yaml */
export function firstConfig(example: string, { home, patient, kit, consolePort }: FirstConfig): string {
  const document = parseDocument(example)
  const lines = example.split('\n')
  const lineOf = (offset: number) => example.slice(0, offset).split('\n').length - 1
  const valueAt = (path: readonly (string | number)[]) => document.getIn(path, true) as Node
  for (const path of OF_THE_SITE) {
    const begin = lineOf(offsetOf(document, path))
    const indent = /^ */.exec(lines[begin] ?? '')?.[0] ?? ''
    for (let i = begin; i <= lineOf((valueAt(path).range?.[1] ?? 1) - 1); i++)
      if (/^ *[^ #]/.test(lines[i] ?? '')) lines[i] = `${indent}# ${(lines[i] ?? '').slice(indent.length)}`
  }
  for (const [path, value] of [
    [['home', 'id'], home],
    [['home', 'patient'], patient],
    [['transports', 0, 'url'], kit],
    [['console', 'port'], consolePort],
  ] as const) {
    const [from = 0, to = 0] = valueAt(path).range ?? []
    const i = lineOf(from)
    const column = from - (example.lastIndexOf('\n', from - 1) + 1)
    const line = lines[i] ?? ''
    lines[i] = line.slice(0, column) + JSON.stringify(value) + line.slice(column + to - from)
  }
  const firstKey = lines.findIndex((line) => !line.startsWith('#'))
  return HEADING + lines.slice(firstKey).join('\n')
}
