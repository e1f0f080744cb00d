/**
 * An alert episode → one R4 DetectedIssue: `preliminary` while it is open, `final` with its period once cleared; each
 * acknowledgement is a mitigation. It names the causing Observation and carries no value.
 */
import type { DetectedIssue } from '@medplum/fhirtypes'
import {
  type AlertContext,
  acknowledgementsOf,
  conditionConcept,
  contactReference,
  type Episode,
  gatewayReference,
  latestOf,
  patientReference,
} from './alert-event.js'
import { instant } from './instant.js'
import { alertIdentifier, CODES, IDENTIFIERS, logicalReference } from './systems.js'
import { TERMINOLOGY } from './terminology.js'
import { writtenOver } from './written-over.js'

const SEVERITY = { high: 'high', medium: 'moderate', low: 'low' } as const

/**
 * R4 DetectedIssue, base resource; identifier `urn:homebeat:alert`, `<home>/<alert id>`.
 * @param episode times are epoch ms @throws RangeError where one is no time
 */
export function detectedIssueOf(episode: Episode, context: AlertContext): DetectedIssue {
  const [raised] = episode
  const latest = latestOf(episode)
  const row = raised.observable ? TERMINOLOGY[raised.observable] : undefined
  const implicated = raised.measurement
    ? [logicalReference('Observation', { system: IDENTIFIERS.measurement, value: raised.measurement })]
    : []
  const mitigation = acknowledgementsOf(episode).map(({ at, actor }) => ({
    // The preferred value set knows only changes of a therapy.
    action: { coding: [{ system: CODES.mitigation, code: 'acknowledged' }], text: 'acknowledged' },
    date: instant(at),
    ...(actor ? { author: contactReference(actor.by, context) } : {}),
  }))
  return {
    resourceType: 'DetectedIssue',
    identifier: [alertIdentifier(context.home, raised.alertId)],
    status: latest.state === 'cleared' ? 'final' : 'preliminary',
    code: conditionConcept(raised.condition, `${raised.condition} (${raised.kind})`),
    severity: SEVERITY[latest.priority],
    patient: patientReference(context),
    ...(latest.state === 'cleared'
      ? { identifiedPeriod: { start: instant(raised.raisedAt), end: instant(latest.at) } }
      : { identifiedDateTime: instant(raised.raisedAt) }),
    author: gatewayReference(context),
    ...(implicated.length > 0 ? { implicated } : {}),
    ...(row || implicated.length > 0
      ? {
          evidence: [
            {
              ...(row ? { code: [{ coding: [...row.codings], text: row.text }] } : {}),
              ...(implicated.length > 0 ? { detail: implicated } : {}),
            },
          ],
        }
      : {}),
    ...(mitigation.length > 0 ? { mitigation } : {}),
  }
}

/** What is to be written over a DetectedIssue that a server holds; null where nothing is. What is final stays so. */
export function issueAfter(current: DetectedIssue, ours: DetectedIssue): DetectedIssue | null {
  if (current.status === 'entered-in-error' || (current.status === 'final' && ours.status !== 'final')) return null
  const others = (current.mitigation ?? []).filter(
    ({ action }) => !action?.coding?.some(({ system }) => system === CODES.mitigation),
  )
  const mitigation = [...others, ...(ours.mitigation ?? [])]
  return writtenOver(current, { ...ours, ...(mitigation.length > 0 && { mitigation }) }, [
    ...(['identifiedDateTime', 'identifiedPeriod'] as const),
  ])
}
