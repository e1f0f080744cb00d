/** Reads homebeat.yaml: parse → validate → cross-check, reporting all problems at once. */
import { readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { validate as cronIsValid } from 'node-cron'
import { type Document, parseDocument } from 'yaml'
import type { z } from 'zod'
import { HomebeatError } from '#gateway/platform/errors.js'
import { type Config, configSchema } from './schema.js'

const MAX_CONFIG_BYTES = 256 * 1024

export interface LoadedConfig {
  readonly config: Config
  /** Folder of the configuration file: relative paths in it start here. */
  readonly baseDir: string
  /** `config.dataDir`, absolute. */
  readonly dataDir: string
}

/** @throws HomebeatError `config.not-found`, `config.unreadable` or `config.invalid` (message has a line for each problem). */
export function loadConfig(file: string): LoadedConfig {
  const text = readConfig(file)
  const baseDir = dirname(resolve(file))
  const config = parseConfig(text, file)
  return { config, baseDir, dataDir: resolve(baseDir, config.dataDir) }
}

/** @param file only for messages. */
export function parseConfig(text: string, file = 'homebeat.yaml'): Config {
  return parseYaml(text, file, configSchema, crossCheck)
}

/**
 * @param file only for messages. @param check what one field alone cannot show: a line for each problem.
 * @throws HomebeatError `config.invalid`
 */
export function parseYaml<Schema extends z.ZodType>(
  text: string,
  file: string,
  schema: Schema,
  check: (config: z.output<Schema>) => string[],
): z.output<Schema> {
  const document = parseDocument(text)
  if (document.errors.length > 0) {
    throw invalid(
      file,
      document.errors.map((error) => error.message.split('\n')[0] ?? error.code),
    )
  }
  const result = schema.safeParse(plain(document, file))
  if (!result.success) {
    throw invalid(
      file,
      result.error.issues.map((issue) => `${pathOf(issue.path)}: ${issue.message}`),
    )
  }
  const problems = check(result.data)
  if (problems.length > 0) throw invalid(file, problems)
  return result.data
}

/** Aliases are refused: a few of them can grow a small file into gigabytes. */
function plain(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch {
    throw invalid(file, ['YAML aliases (*name) are not supported: write the value out'])
  }
}

/** @param example what to begin from. @throws HomebeatError `config.not-found`, `config.unreadable` */
export function readConfig(file: string, example = 'homebeat.example.yaml'): string {
  try {
    const { size } = statSync(file)
    if (size > MAX_CONFIG_BYTES) {
      throw new HomebeatError(
        'config.unreadable',
        `${file} is larger than ${MAX_CONFIG_BYTES / 1024} KiB: is it the right file?`,
      )
    }
    return readFileSync(file, 'utf8')
  } catch (cause) {
    if (cause instanceof HomebeatError) throw cause
    const code = (cause as NodeJS.ErrnoException).code
    if (code === 'ENOENT') {
      throw new HomebeatError(
        'config.not-found',
        `There is no configuration at ${file}: copy ${example} there and edit it, or name another file with --config.`,
        { cause },
      )
    }
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

/** What one field alone cannot show: names given twice, cron expressions. */
function crossCheck(config: Config): string[] {
  const problems: string[] = []
  const unique = (where: string, names: readonly string[]) => {
    const seen = new Set<string>()
    for (const name of names) {
      if (seen.has(name)) problems.push(`${where}: the name "${name}" is used twice`)
      seen.add(name)
    }
  }
  unique(
    'transports',
    config.transports.map((t) => t.name),
  )
  unique(
    'alerts.channels',
    config.alerts.channels.map((c) => c.name),
  )
  unique(
    'fhir.targets',
    config.fhir.targets.map((t) => t.name),
  )
  unique(
    'heartbeat.targets',
    config.heartbeat.targets.map((t) => t.name),
  )
  const cron = (where: string, expression: string | undefined) => {
    if (expression !== undefined && !cronIsValid(expression)) {
      problems.push(`${where}: "${expression}" is not a cron expression (five or six fields, e.g. "*/5 * * * *")`)
    }
  }
  cron('batches.cron', config.batches.cron)
  config.transports.forEach((t, i) => {
    cron(`transports[${i}].schedule.cuff`, t.schedule.cuff)
    cron(`transports[${i}].schedule.glucometer`, t.schedule.glucometer)
    cron(`transports[${i}].schedule.emg.cron`, t.schedule.emg?.cron)
  })
  return problems
}
