/** Reads homebeat.yaml. */
import { dirname, resolve } from 'node:path'
import { parseYaml, readConfig } from '#gateway/platform/config-file.js'
import { type Config, configSchema, RENAMED_KEYS } from './schema.js'

export interface LoadedConfig {
  readonly config: Config
  /** Folder of the configuration file: relative paths in it start here. */
  readonly baseDir: string
  /** `config.dataDir`, absolute. */
  readonly dataDir: string
  /** A line for each key that has another name today; said once, at start. */
  readonly warnings?: readonly string[]
}

/** @throws HomebeatError `config.not-found`, `config.unreadable` or `config.invalid` (message has a line for each problem). */
export function loadConfig(file: string): LoadedConfig {
  const text = readConfig(file, 'homebeat.example.yaml')
  const baseDir = dirname(resolve(file))
  const warnings: string[] = []
  const config = parseConfig(text, file, (line) => warnings.push(line))
  return { config, baseDir, dataDir: resolve(baseDir, config.dataDir), warnings }
}

/** @param file only for messages. @param warn told once for each key that has another name today. */
export function parseConfig(text: string, file = 'homebeat.yaml', warn?: (line: string) => void): Config {
  return parseYaml(text, file, { schema: configSchema, renamed: RENAMED_KEYS }, warn)
}
