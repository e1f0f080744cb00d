/** Reads homebeat.yaml. */
import { dirname, resolve } from 'node:path'
import { type ConfigFormat, parseYaml, readConfig } from '#gateway/platform/config-file.js'
import { fileProblems } from './files.js'
import { CONFIG_STAND_IN, type Config, configSchema, RENAMED_KEYS } from './schema.js'

export interface LoadedConfig {
  readonly config: Config
  /** Folder of the configuration file: relative paths in it start here. */
  readonly baseDir: string
  /** `config.dataDir`, absolute. */
  readonly dataDir: string
  /** A line for each key that has another name today; said once, at start. */
  readonly warnings?: readonly string[]
}

/**
 * @param files whether also the files that it names are looked at: who only asks a running gateway may not read them
 * @throws HomebeatError `config.not-found`, `config.unreadable` or `config.invalid` (message has a line for each problem)
 */
export function loadConfig(file: string, { files = false } = {}): LoadedConfig {
  const text = readConfig(file, 'begin with homebeat init, or copy homebeat.example.yaml there and edit it')
  const baseDir = dirname(resolve(file))
  const warnings: string[] = []
  const check = (config: Config) => (files ? fileProblems(config, baseDir) : [])
  const config = parseYaml(text, file, { ...FORMAT, check }, (line) => warnings.push(line))
  return { config, baseDir, dataDir: resolve(baseDir, config.dataDir), warnings }
}

const FORMAT = {
  schema: configSchema,
  renamed: RENAMED_KEYS,
  standIn: CONFIG_STAND_IN,
} satisfies ConfigFormat<typeof configSchema>

/** @param file only for messages. @param warn told once for each key that has another name today. */
export function parseConfig(text: string, file = 'homebeat.yaml', warn?: (line: string) => void): Config {
  return parseYaml(text, file, FORMAT, warn)
}
