/** Reads mapping files: those that are shipped, and the site's own. */
import { join, resolve } from 'node:path'
import { readBounded } from '#gateway/platform/bounded-file.js'
import { parseYaml, readYaml } from '#gateway/platform/config-file.js'
import { type ConfigProblem, refusalOf } from '#gateway/platform/config-grammar.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { type MappingFile, type MappingTemplate, mappingFileSchema } from './template.js'

const MAX_FILE_BYTES = 256 * 1024

export interface Mappings {
  /** The site's own first. */
  readonly templates: readonly MappingTemplate[]
  readonly devices: Readonly<Record<string, string>>
}

/**
 * @param files the site's own, relative to `baseDir`, in their order; a device that two of them name is the first one's.
 * @throws HomebeatError `config.mapping`, a line for each problem
 */
export function loadMappings(files: readonly string[], baseDir: string): Mappings {
  const own = files.map((file) => parseMappingFile(readText(resolve(baseDir, file)), file))
  const templates = [...own.flatMap((file) => file.templates), ...shippedTemplates()]
  const twice = usedTwice(templates)
  if (twice !== undefined) throw problem(twice)
  return { templates, devices: Object.assign({}, ...own.map(({ devices }) => devices).reverse()) }
}

/** The most particular topics first: ESPHome's begin with a name that can be anything. */
const SHIPPED = ['theengs', 'tasmota', 'home-assistant', 'esphome'] as const

export function shippedTemplates(): MappingTemplate[] {
  return SHIPPED.flatMap((name) => {
    const path = join(packageRoot, 'gateway', 'intake', 'mapping', 'templates', `${name}.yaml`)
    return parseMappingFile(readText(path), path).templates
  })
}

/** @param file only for messages. @throws HomebeatError `config.mapping`, a line for each problem */
export function parseMappingFile(text: string, file: string): MappingFile {
  return parseYaml(text, file, { schema: mappingFileSchema }, undefined, 'config.mapping')
}

/** @returns what is wrong with the files at `mappings`, and a line for each problem in them */
export function mappingProblems(files: readonly string[], baseDir: string): (ConfigProblem | string)[] {
  const own: MappingTemplate[] = []
  const problems = files.flatMap((file, i): (ConfigProblem | string)[] => {
    const texts: string[] = []
    const message = refusalOf(() => texts.push(readText(resolve(baseDir, file))))
    if (message !== null) return [{ path: ['mappings', i], message }]
    const { config, lines } = readYaml(texts[0] ?? '', file, { schema: mappingFileSchema })
    own.push(...(config?.templates ?? []))
    return lines
  })
  const twice = problems.length > 0 ? undefined : usedTwice([...own, ...shippedTemplates()])
  return twice === undefined ? problems : [...problems, { path: ['mappings'], message: twice }]
}

function usedTwice(templates: readonly MappingTemplate[]): string | undefined {
  const twice = templates.find(({ template }, i) => templates.findIndex((other) => other.template === template) < i)
  return twice && `the template name "${twice.template}" is used twice: rename the site's own.`
}

function readText(path: string): string {
  try {
    const bytes = readBounded(path, MAX_FILE_BYTES)
    if (bytes === null) throw problem(`${path} is larger than ${MAX_FILE_BYTES / 1024} KiB.`)
    return bytes.toString()
  } catch (cause) {
    if (cause instanceof HomebeatError) throw cause
    throw problem(`${path} cannot be read (${(cause as NodeJS.ErrnoException).code}): check \`mappings\` and its mode.`)
  }
}

function problem(message: string): HomebeatError {
  return new HomebeatError('config.mapping', message)
}
