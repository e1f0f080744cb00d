/**
 * Transactions that a server may be given twice: everything is created on condition of its identifier, or put under a
 * deterministic one. Literal references to what the same transaction creates are added beside the logical ones, so that
 * a server can search by patient. Every builder here throws TypeError for a resource without an identifier.
 */
import type {
  Bundle,
  BundleEntry,
  Communication,
  CommunicationRequest,
  DetectedIssue,
  Device,
  Flag,
  Identifier,
  Observation,
  Patient,
  Task,
} from '@medplum/fhirtypes'
import { deviceOf, gatewayOf } from './device.js'
import type { SealedResources } from './document.js'
import { OBSERVABLES, type Observable } from './measurement.js'
import { patientOf } from './patient.js'
import { literalKey, withLiterals } from './signed-form.js'
import { IDENTIFIERS } from './systems.js'
import { TERMINOLOGY } from './terminology.js'

/** Observations in one transaction: small enough to be answered in a second by a slow server. */
export const OBSERVATIONS_PER_TRANSACTION = 50

export interface BundleContext {
  readonly home: string
  readonly patient: string
}

/** What Observations refer to: the Patient, the gateway, and the Devices that measured. */
export function supportingOf(observations: readonly Observation[], context: BundleContext): (Patient | Device)[] {
  const measured = new Map<string, Observable[]>()
  for (const observation of observations) {
    const device = observation.device?.identifier
    if (device?.system !== IDENTIFIERS.device || !device.value) continue
    measured.set(device.value, [...(measured.get(device.value) ?? []), ...observablesOf(observation)])
  }
  const devices = [...measured].map(([identifier, observables]) => deviceOf(identifier, observables))
  return [patientOf(context.patient), gatewayOf(context.home), ...devices]
}

/**
 * Pushes Observations in clear: Patient, gateway, Devices, then the Observations in the order given.
 * @param type of a `batch` no entry may refer to another: all that they refer to must be known
 * @param known `<Type>/<id>` by `literalKey`: what the server has already, which is then left out
 */
export function observationBundle(
  observations: readonly Observation[],
  context: BundleContext,
  type: 'transaction' | 'batch' = 'transaction',
  known: ReadonlyMap<string, string> = new Map(),
): Bundle {
  const needed = supportingOf(observations, context).filter((resource) => !known.has(keyOf(resource)))
  return bundle(type, needed, observations.map(created), known)
}

/**
 * A sealed document. Both are put, so that Binary and DocumentReference, with its hash, always come from the same
 * transaction, even if an earlier one was still under way when this one was sent.
 */
export function documentBundle({ binary, document }: SealedResources): Bundle {
  return bundle('transaction', [], [put(binary, `Binary/${binary.id}`), put(document, condition(document))])
}

/** `<Type>?identifier=<system>|<value>`, encoded: for a search, and for a conditional update. */
export function condition(resource: Identified): string {
  return `${resource.resourceType}?${identifierQuery(resource)}`
}

export type Identified =
  | Patient
  | Device
  | Observation
  | DetectedIssue
  | Communication
  | CommunicationRequest
  | Flag
  | Task
  | SealedResources['document']
type Pushed = Identified | SealedResources['binary']

/** `identifier=<system>|<value>`, encoded: for `If-None-Exist`. */
export function identifierQuery(resource: Identified): string {
  const identifier = resource.identifier?.[0]
  if (!identifier?.value) throw new TypeError(`a ${resource.resourceType} without identifier cannot be pushed twice`)
  return `identifier=${identifierToken(identifier)}`
}

/** `<system>|<value>`, encoded: one value of an `identifier` search parameter. */
export function identifierToken({ system, value }: Identifier): string {
  // FHIR R4 search, "Escaping search parameters".
  return encodeURIComponent(`${system}|${value?.replace(/[\\$,|]/g, '\\$&')}`)
}

/** Of the first identifier of a resource: its key among literal references. */
export function keyOf(resource: Identified): string {
  return literalKey(resource.identifier?.[0] ?? {})
}

function created(resource: Identified): BundleEntry {
  return {
    resource,
    request: { method: 'POST', url: resource.resourceType, ifNoneExist: identifierQuery(resource) },
  }
}

function put(resource: Pushed, url: string): BundleEntry {
  return { resource, request: { method: 'PUT', url } }
}

function bundle(
  type: 'transaction' | 'batch',
  needed: readonly (Patient | Device)[],
  pushed: readonly BundleEntry[],
  known: ReadonlyMap<string, string> = new Map(),
): Bundle {
  const literals = new Map(known)
  needed.forEach((resource, index) => {
    literals.set(keyOf(resource), placeholder(index))
  })
  const entries = [...needed.map(created), ...pushed].map((entry, index) => ({
    fullUrl: placeholder(index),
    ...withLiterals(entry, literals),
  }))
  return { resourceType: 'Bundle', type, entry: entries }
}

/** A placeholder need only be unique in its bundle; being always the same keeps a repeated push the same bytes. */
function placeholder(index: number): string {
  return `urn:uuid:00000000-0000-4000-8000-${index.toString(16).padStart(12, '0')}`
}

function observablesOf(observation: Observation): Observable[] {
  const first = observation.code.coding?.[0]
  return OBSERVABLES.filter((observable) => {
    const row = TERMINOLOGY[observable].codings[0]
    return row?.system === first?.system && row?.code === first?.code
  })
}
