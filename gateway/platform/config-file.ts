/** Reads a YAML configuration: parse, put old keys under today's names, validate; all problems are reported at once. */
import { type Document, isMap, isScalar, isSeq, LineCounter, parseDocument, visit, type YAMLError } from 'yaml'
import type { z } from 'zod'
import { readBounded } from './bounded-file.js'
import type { ConfigProblem } from './config-grammar.js'
import { parseRightPart } from './config-right-part.js'
import type { ErrorCode } from './error-codes.js'
import { HomebeatError } from './errors.js'
import { renamedLine } from './renamed.js'

const MAX_CONFIG_BYTES = 256 * 1024

export interface ConfigFormat<Schema extends z.ZodType> {
  readonly schema: Schema
  /** Keys of earlier versions, which still count: the old name → today's. Top level only. */
  readonly renamed?: Readonly<Record<string, string>>
  /** For each key at the top that must be there one that is right: where the file's is wrong, the rest is still checked. */
  readonly standIn?: Readonly<Record<string, unknown>>
  /** What the file alone cannot show: problems of it, or of other files, each a whole line. */
  readonly check?: (config: z.output<Schema>) => Iterable<ConfigProblem | string>
}

/** A problem and where it stands. */
interface Line {
  /** From 1; 0 for another file's. */
  readonly line: number
  readonly text: string
}

/**
 * @param file only for messages
 * @param warn told once for each old key in the file
 * @throws HomebeatError `code` (a line for each problem: `file:line: path: what`; below a heading where there are several)
 */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  format: ConfigFormat<Schema>,
  warn: (line: string) => void = () => {},
  code: ErrorCode = 'config.invalid',
): z.output<Schema> {
  const { config, lines, renamed } = readYaml(text, file, format)
  if (config === null || lines.length > 0) {
    const heading = lines.length > 1 ? [`${file} has ${lines.length} problems:`] : []
    throw new HomebeatError(code, [...heading, ...lines].join('\n'))
  }
  for (const line of renamed) warn(line)
  return config
}

/** As `parseYaml`, without throwing. `config` is null where nothing can be read; it counts only where there is no line. */
export function readYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  { schema, renamed = {}, standIn = {}, check = () => [] }: ConfigFormat<Schema>,
): { config: z.output<Schema> | null; lines: string[]; renamed: string[] } {
  const counter = new LineCounter()
  const document = parseDocument(text, { uniqueKeys: false, lineCounter: counter })
  const lineAt = (offset: number) => counter.linePos(offset).line || 1
  const say = (line: number, path: readonly PropertyKey[], message: string): Line => ({
    line,
    text: `${file}:${line}: ${pathOf(path)}: ${message.replaceAll(/\s*\n\s*/g, ' ').replace(/\.$/, '')}`,
  })
  const done = (lines: readonly Line[], config: z.output<Schema> | null = null, today: string[] = []) => ({
    config,
    lines: [...new Set([...lines].sort((a, b) => a.line - b.line).map((one) => one.text))],
    renamed: today,
  })
  if (document.errors.length > 0)
    return done(document.errors.map((error) => say(lineAt(error.pos[0]), [], yamlWords(error))))
  const unreadable = structureProblems(document).map(({ path, message, at }) => say(lineAt(at), path, message))
  if (unreadable.some(({ text }) => text.endsWith(NO_ALIAS))) return done(unreadable)

  const given: unknown = document.toJS({ maxAliasCount: 0 }) ?? {}
  const old = isRecord(given) ? Object.entries(renamed).filter(([name]) => Object.hasOwn(given, name)) : []
  const written = new Map(old.map(([name, key]) => [key, name] as const))
  const both = old.flatMap(([name, key]) =>
    Object.hasOwn(given as object, key)
      ? [{ path: [name], message: `is now called ${key}, which stands there too: keep only ${key}` }]
      : [],
  )
  const today = isRecord(given)
    ? Object.fromEntries(
        Object.entries(given).map(([key, value]) => [Object.hasOwn(renamed, key) ? renamed[key] : key, value]),
      )
    : given
  const { config, problems, inFile } = parseRightPart(schema, today, standIn)
  /** The path as the file has it. */
  const asWritten = ([first, ...rest]: readonly PropertyKey[]): PropertyKey[] =>
    first === undefined ? [] : [written.get(String(first)) ?? first, ...rest]
  const placed = (problem: ConfigProblem): Line => {
    const path = asWritten(problem.path)
    return say(lineAt(offsetOf(document, path)), path, problem.message)
  }
  const further = config === null ? [] : [...check(config)]
  const lines = [
    ...unreadable,
    ...[...both, ...problems].map(placed),
    ...further.flatMap((one): Line | Line[] => {
      if (typeof one === 'string') return { line: 0, text: one }
      const problem = inFile(one)
      return problem ? placed(problem) : []
    }),
  ]
  return done(
    lines,
    config,
    old.map(([name, key]) => `${file}: ${renamedLine(name, key)}`),
  )
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const NO_ALIAS = 'YAML aliases (*name) are not supported: write the value out'

/** Keys that stand twice in one map, and aliases: a few of those can grow a small file into gigabytes. */
function structureProblems(document: Document): (ConfigProblem & { readonly at: number })[] {
  const problems: (ConfigProblem & { readonly at: number })[] = []
  visit(document, {
    Alias: (_, { range }, above) => void problems.push({ path: keysOf(above), message: NO_ALIAS, at: range?.[0] ?? 0 }),
    Map(_, { items }, above) {
      const seen = new Set<string>()
      for (const { key } of items) {
        const name = isScalar(key) ? String(key.value) : ''
        const at = (key as { range?: readonly number[] | null } | null)?.range?.[0] ?? 0
        if (!isScalar(key) || key.value === null)
          problems.push({ path: keysOf(above), message: 'a key must be a plain text', at })
        else if (seen.has(name))
          problems.push({ path: [...keysOf(above), name], message: 'this key stands here twice: keep one', at })
        seen.add(name)
      }
    },
  })
  return problems
}

/** The path that the nodes above one another are. */
function keysOf(above: readonly unknown[]): PropertyKey[] {
  return above.flatMap((node, i): PropertyKey[] => {
    const list = above[i - 1]
    if (isSeq(list)) return [list.items.indexOf(node)]
    const { key } = (isMap(list) ? node : {}) as { key?: unknown }
    return isScalar(key) ? [String(key.value)] : []
  })
}

/** Where the key or list entry at `path` begins; where it is not there, the nearest one above it. */
export function offsetOf(document: Document, path: readonly PropertyKey[]): number {
  let [node, offset]: [unknown, number] = [document.contents, 0]
  for (const key of path) {
    let begins: unknown
    if (isMap(node)) {
      const pair = node.items.findLast((one) => isScalar(one.key) && String(one.key.value) === String(key))
      begins = pair?.key
      node = pair?.value
    } else {
      node = isSeq(node) ? node.items[Number(key)] : undefined
      begins = node
    }
    const range = (begins as { range?: readonly number[] | null } | undefined)?.range
    if (!range) break
    offset = range[0] ?? offset
  }
  return offset
}

const YAML_WORDS: Readonly<Record<string, string>> = {
  TAB_AS_INDENT: 'a tab indents this line: use spaces',
  BAD_INDENT: 'keys of one map must begin in the same column',
  MULTIPLE_DOCS: 'a second document begins here (---): keep one',
  MISSING_CHAR: 'a colon, a comma, a bracket or a quote is missing here or before it',
  BLOCK_AS_IMPLICIT_KEY: 'more than one key stands on this line, or an indent is wrong',
  MULTILINE_IMPLICIT_KEY: 'a key must end with a colon on its own line',
  BAD_SCALAR_START: 'put this text into quotes',
  UNEXPECTED_TOKEN: 'this cannot stand here: is a quote, a bracket or an indent wrong?',
}

const yamlWords = ({ code, message }: YAMLError): string =>
  `is no YAML: ${YAML_WORDS[code] ?? (message.split('\n')[0] ?? code).replace(/ at line .*$/, '')}`

/** @param advice how to get one. @throws HomebeatError `config.not-found`, `config.unreadable` */
export function readConfig(file: string, advice: string): string {
  try {
    const bytes = readBounded(file, MAX_CONFIG_BYTES)
    if (bytes === null)
      throw new HomebeatError(
        'config.unreadable',
        `${file} is larger than ${MAX_CONFIG_BYTES / 1024} KiB: is it the right file?`,
      )
    return bytes.toString()
  } catch (cause) {
    if (cause instanceof HomebeatError) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT')
      throw new HomebeatError(
        'config.not-found',
        `There is no configuration at ${file}: ${advice}, or name another file with --config.`,
        { cause },
      )
    throw new HomebeatError('config.unreadable', `${file} cannot be read (${code}): check its owner and mode.`, {
      cause,
    })
  }
}

function pathOf(path: readonly PropertyKey[]): string {
  let text = ''
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : text === '' ? String(key) : `.${String(key)}`
  return text === '' ? 'the file' : text
}
