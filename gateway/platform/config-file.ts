/** Reads a YAML configuration: parse, put old keys under today's names, validate; all problems are reported at once. */
import { type Document, parseDocument } from 'yaml'
import type { z } from 'zod'
import { readBounded } from './bounded-file.js'
import { HomebeatError } from './errors.js'
import { renamedLine } from './renamed.js'

const MAX_CONFIG_BYTES = 256 * 1024

export interface ConfigFormat<Schema extends z.ZodType> {
  readonly schema: Schema
  /** Keys of earlier versions, which still count: the old name → today's. Top level only. */
  readonly renamed?: Readonly<Record<string, string>>
  /** What one field alone cannot show: a line for each problem. */
  readonly check?: (config: z.output<Schema>) => readonly string[]
}

/**
 * @param file only for messages
 * @param warn told once for each old key in the file
 * @throws HomebeatError `config.invalid` (the message has a line for each problem)
 */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  { schema, renamed = {}, check = () => [] }: ConfigFormat<Schema>,
  warn: (line: string) => void = () => {},
): z.output<Schema> {
  const document = parseDocument(text)
  if (document.errors.length > 0)
    throw invalid(
      file,
      document.errors.map((error) => error.message.split('\n')[0] ?? error.code),
    )
  const given = plain(document, file)
  const aliases = isRecord(given) ? Object.entries(renamed).filter(([old]) => Object.hasOwn(given, old)) : []
  const both = aliases.filter(([, key]) => Object.hasOwn(given as object, key))
  if (both.length > 0)
    throw invalid(
      file,
      both.map(([old, key]) => `${old}: is now called ${key}, which stands there too: keep only ${key}`),
    )
  const today = isRecord(given)
    ? Object.fromEntries(
        Object.entries(given).map(([key, value]) => [Object.hasOwn(renamed, key) ? renamed[key] : key, value]),
      )
    : given
  const result = schema.safeParse(today)
  if (!result.success) {
    /** The key as the file has it. */
    const written = new Map(aliases.map(([old, key]) => [key, old] as const))
    throw invalid(
      file,
      result.error.issues.map(({ path: [first, ...rest], message }) => {
        const start = first === undefined ? [] : [written.get(String(first)) ?? first]
        return `${pathOf([...start, ...rest])}: ${message}`
      }),
    )
  }
  const problems = check(result.data)
  if (problems.length > 0) throw invalid(file, problems)
  for (const [old, key] of aliases) warn(`${file}: ${renamedLine(old, key)}`)
  return result.data
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Aliases are refused: a few of them can grow a small file into gigabytes. */
function plain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch {
    throw invalid(file, ['YAML aliases (*name) are not supported: write the value out'])
  }
}

/** @param example what to begin from. @throws HomebeatError `config.not-found`, `config.unreadable` */
export function readConfig(file: string, example: string): string {
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
        `There is no configuration at ${file}: copy ${example} there and edit it, or name another file with --config.`,
        { cause },
      )
    throw new HomebeatError('config.unreadable', `${file} cannot be read (${code}): check its owner and mode.`, {
      cause,
    })
  }
}

function invalid(file: string, problems: readonly string[]): HomebeatError {
  const count = problems.length === 1 ? 'one problem' : `${problems.length} problems`
  return new HomebeatError('config.invalid', [`${file} has ${count}:`, ...problems.map((p) => `  - ${p}`)].join('\n'))
}

function pathOf(path: readonly PropertyKey[]): string {
  let text = ''
  for (const key of path) text += typeof key === 'number' ? `[${key}]` : text === '' ? String(key) : `.${String(key)}`
  return text === '' ? 'the file' : text
}
