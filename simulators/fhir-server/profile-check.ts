/**
 * Checks a resource against the snapshot of a StructureDefinition: cardinalities, fixed values, slices (also of a
 * choice and within slices), the vital-signs invariants, and required bindings that can be listed. Beside @medplum/core's validator, which checks
 * types, unknown properties and invariants, but skips slices of `value[x]` (so a wrong unit passes) and mistakes the
 * nested slices of a blood pressure's components.
 */
import { evalFhirPathTyped, getElementDefinitionTypeName, OperationOutcomeError } from '@medplum/core'
import type { ElementDefinition, OperationOutcomeIssue, StructureDefinition } from '@medplum/fhirtypes'
import type { Definitions } from './definitions.js'

interface Node {
  readonly element: ElementDefinition
  /** Name of the property: `value[x]` for a choice. */
  readonly name: string
  readonly children: Node[]
  readonly slices: Node[]
}

const trees = new WeakMap<StructureDefinition, Node>()

export function checkProfile(
  resource: unknown,
  structure: StructureDefinition,
  codes: Definitions['codes'],
): OperationOutcomeIssue[] {
  const issues: OperationOutcomeIssue[] = []
  const root = treeOf(structure)
  const check = { issues, codes, profile: structure.url }
  checkChildren(root, resource, root.name, check)
  checkInvariants(root, { value: resource, type: structure.type }, root.name, check)
  return issues
}

interface Check {
  readonly issues: OperationOutcomeIssue[]
  readonly codes: Definitions['codes']
  readonly profile: string
}

function report(check: Check, path: string, text: string): void {
  check.issues.push({
    severity: 'error',
    code: 'structure',
    details: { text: `${text} (${check.profile})` },
    expression: [path],
  })
}

function checkChildren(node: Node, value: unknown, path: string, check: Check): void {
  for (const child of node.children) {
    const typed = valuesOf(value, child)
    const found = typed.map((item) => item.value)
    const at = `${path}.${child.name.replace('[x]', '')}`
    checkCount(child, found.length, at, check)
    if (hasOtherType(value, child)) report(check, at, 'is of a type that is not allowed here')
    for (const item of typed) {
      checkValue(child, item.value, at, check)
      checkInvariants(child, item, at, check)
    }
    for (const slice of child.slices) {
      const members = found.filter((item) => inSlice(item, slice, child))
      checkCount(slice, members.length, `${at}:${slice.element.sliceName}`, check)
      for (const item of members) checkValue(slice, item, at, check)
    }
  }
}

function checkCount(node: Node, count: number, path: string, check: Check): void {
  const { min = 0, max = '*' } = node.element
  if (count < min) report(check, path, `needs at least ${min}, has ${count}`)
  if (max !== '*' && count > Number(max)) report(check, path, `may have at most ${max}, has ${count}`)
}

function checkValue(node: Node, value: unknown, path: string, check: Check): void {
  const fixed = fixedOf(node.element)
  if (fixed !== undefined && value !== fixed) report(check, path, `must be ${String(fixed)}`)
  const { binding } = node.element
  const code = typeof value === 'string' ? value : isObject(value) && 'system' in value ? value['code'] : undefined
  if (binding?.strength === 'required' && binding.valueSet && code !== undefined) {
    const allowed = check.codes(binding.valueSet)
    if (allowed && !allowed.has(String(code))) report(check, path, `must be a code of ${binding.valueSet}`)
  }
  checkChildren(node, value, path, check)
}

interface Typed {
  readonly value: unknown
  readonly type: string
}

/** The invariants that the vital-signs profiles add (vs-1 to vs-3); those of the base are @medplum/core's to check. */
function checkInvariants(node: Node, typed: Typed, path: string, check: Check): void {
  for (const { key, severity, expression } of node.element.constraint ?? []) {
    if (!key?.startsWith('vs-') || severity !== 'error' || !expression) continue
    if (!isTrue(expression, typed)) report(check, path, `breaks ${key}: ${expression}`)
  }
}

function isTrue(expression: string, typed: Typed): boolean {
  try {
    const result = evalFhirPathTyped(expression, [typed])
    return result.length === 1 && result[0]?.value === true
  } catch (error) {
    // A function given nothing to work on: no result, so not true.
    if (error instanceof OperationOutcomeError || error instanceof Error) return false
    throw error
  }
}

/** Values of a property as a list; a choice has its type in the name (`valueQuantity`). */
function valuesOf(value: unknown, child: Node): Typed[] {
  if (!isObject(value)) return []
  if (!child.name.endsWith('[x]')) {
    return list(value[child.name]).map((item) => ({ value: item, type: getElementDefinitionTypeName(child.element) }))
  }
  return (child.element.type ?? []).flatMap(({ code = '' }) =>
    list(value[child.name.replace('[x]', '') + capital(code)]).map((item) => ({ value: item, type: code })),
  )
}

/** A choice in a type that the profile rules out, e.g. `valueString` where only a Quantity may be. */
function hasOtherType(value: unknown, child: Node): boolean {
  if (!child.name.endsWith('[x]') || !isObject(value)) return false
  const base = child.name.replace('[x]', '')
  const allowed = (child.element.type ?? []).map(({ code = '' }) => base + capital(code))
  return Object.keys(value).some(
    (key) => /^[A-Z]/.test(key.slice(base.length)) && key.startsWith(base) && !allowed.includes(key),
  )
}

function list(value: unknown): unknown[] {
  if (value === undefined) return []
  return Array.isArray(value) ? value : [value]
}

function inSlice(item: unknown, slice: Node, sliced: Node): boolean {
  const discriminators = sliced.element.slicing?.discriminator ?? []
  return discriminators.every(({ type, path }) => {
    // A choice is sliced by type, and a snapshot leaves each slice's one type (R4: value[x] is a Quantity).
    if (type === 'type') return true
    const wanted = fixedAt(slice, path?.split('.') ?? [])
    return wanted !== undefined && at(item, path?.split('.') ?? []).includes(wanted)
  })
}

/** The fixed value of a slice's descendant, also where it is within a slice of its own. */
function fixedAt(node: Node, path: readonly string[]): unknown {
  const [name, ...rest] = path
  if (name === undefined) return fixedOf(node.element)
  for (const child of node.children.filter((candidate) => candidate.name === name)) {
    for (const candidate of [...child.slices, child]) {
      const fixed = fixedAt(candidate, rest)
      if (fixed !== undefined) return fixed
    }
  }
  return undefined
}

function at(value: unknown, path: readonly string[]): unknown[] {
  const [name, ...rest] = path
  if (name === undefined) return [value]
  if (Array.isArray(value)) return value.flatMap((item) => at(item, path))
  if (!isObject(value) || value[name] === undefined) return []
  return at(value[name], rest).flat()
}

function fixedOf(element: ElementDefinition): unknown {
  const key = Object.keys(element).find((name) => name.startsWith('fixed'))
  return key ? (element as unknown as Record<string, unknown>)[key] : undefined
}

function treeOf(structure: StructureDefinition): Node {
  const cached = trees.get(structure)
  if (cached) return cached
  const byId = new Map<string, Node>()
  let root: Node | undefined
  for (const element of structure.snapshot?.element ?? []) {
    const id = element.id ?? element.path ?? ''
    const node: Node = {
      element,
      name: id.slice(id.lastIndexOf('.') + 1).split(':')[0] ?? '',
      children: [],
      slices: [],
    }
    byId.set(id, node)
    root ??= node
    const last = id.slice(id.lastIndexOf('.') + 1)
    const parent = byId.get(id.slice(0, Math.max(0, id.lastIndexOf('.'))))
    // `a.b:slice` is a slice of `a.b`, which stands before it in a snapshot.
    if (last.includes(':')) byId.get(id.slice(0, id.lastIndexOf(':')))?.slices.push(node)
    else parent?.children.push(node)
  }
  if (!root) throw new TypeError(`${structure.url} has no snapshot`)
  trees.set(structure, root)
  return root
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
