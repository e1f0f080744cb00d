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

/** Pushes Observations in clear: Patient, gateway, Devices, then the Observations in the order given. */
export function observationBundle(observations: readonly Observation[], context: BundleContext): Bundle {
  const measured = new Map<string, Observable[]>()
  for (const observation of observations) {
    const device = observation.device?.identifier
    if (device?.system !== IDENTIFIERS.device || !device.value) continue
    measured.set(device.value, [...(measured.get(device.value) ?? []), ...observablesOf(observation)])
  }
  const devices = [...measured].map(([identifier, observables]) => deviceOf(identifier, observables))
  return transaction([...supporting(context), ...devices], observations.map(created))
}

/** An alert: created when it is raised, replaced when it has changed. A late raise undoes no acknowledgement, no clear. */
export function alertBundle(issue: DetectedIssue, context: BundleContext): Bundle {
  const changed = issue.status === 'final' || issue.mitigation !== undefined
  return transaction(supporting(context), [changed ? put(issue, condition(issue)) : created(issue)])
}

/** Created once; what changes it later is an update of the version that was read. */
export function taskBundle(task: Task, context: BundleContext): Bundle {
  return transaction(supporting(context), [created(task)])
}

export function flagBundle(flag: Flag, context: BundleContext): Bundle {
  return transaction(supporting(context), [put(flag, condition(flag))])
}

/** A message that is owed. A late one does not undo its end. */
export function requestBundle(request: CommunicationRequest, context: BundleContext): Bundle {
  return transaction(supporting(context), [created(request)])
}

/** What became of a message, with the request that this ends; older messages have none. */
export function communicationBundle(
  communication: Communication,
  request: CommunicationRequest | undefined,
  context: BundleContext,
): Bundle {
  const ended = request ? [put(request, condition(request))] : []
  return transaction(supporting(context), [...ended, created(communication)])
}

/**
 * A sealed document. Both are put, so that Binary and DocumentReference, with its hash, always come from the same
 * transaction, even if an earlier one was still under way when this one was sent.
 */
export function documentBundle({ binary, document }: SealedResources): Bundle {
  return transaction([], [put(binary, `Binary/${binary.id}`), put(document, condition(document))])
}

/** How many entries at the start of a bundle made here are the Patient and Devices, not what is pushed. */
export function supportingEntries(bundle: Bundle): number {
  return (
    bundle.entry?.filter((e) => e.resource?.resourceType === 'Patient' || e.resource?.resourceType === 'Device')
      .length ?? 0
  )
}

/** `<Type>?identifier=<system>|<value>`, encoded: for a search, and for a conditional update. */
export function condition(resource: Identified): string {
  return `${resource.resourceType}?${identifierQuery(resource)}`
}

type Identified =
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

function identifierQuery(resource: Identified): string {
  const identifier = resource.identifier?.[0]
  if (!identifier?.value) throw new TypeError(`a ${resource.resourceType} without identifier cannot be pushed twice`)
  return `identifier=${identifierToken(identifier)}`
}

/** `<system>|<value>`, encoded: one value of an `identifier` search parameter. */
export function identifierToken({ system, value }: Identifier): string {
  // FHIR R4 search, "Escaping search parameters".
  return encodeURIComponent(`${system}|${value?.replace(/[\\$,|]/g, '\\$&')}`)
}

function supporting({ home, patient }: BundleContext): (Patient | Device)[] {
  return [patientOf(patient), gatewayOf(home)]
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

function transaction(needed: readonly (Patient | Device)[], pushed: readonly BundleEntry[]): Bundle {
  const literals = new Map<string, string>()
  needed.forEach((resource, index) => {
    const identifier = resource.identifier?.[0]
    if (identifier) literals.set(literalKey(identifier), placeholder(index))
  })
  return {
    resourceType: 'Bundle',
    type: 'transaction',
    entry: [...needed.map(created), ...pushed].map((entry, index) => ({
      fullUrl: placeholder(index),
      ...withLiterals(entry, literals),
    })),
  }
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
