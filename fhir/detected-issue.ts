/**
 * An alert episode → one R4 DetectedIssue: `preliminary` while it is open, `final` with its period once cleared; each
 * acknowledgement is a mitigation. It names the causing Observation and carries no value.
 */
import type { DetectedIssue, Observation } from '@medplum/fhirtypes'
import {
  type AlertContext,
  acknowledgementsOf,
  conditionConcept,
  contactReference,
  type Episode,
  gatewayReference,
  latestOf,
  patientReference,
  wordsOf,
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
    ? [
        {
          ...logicalReference<Observation>('Observation', {
            system: IDENTIFIERS.measurement,
            value: raised.measurement,
          }),
          ...(row && { display: row.text }),
        },
      ]
    : []
  const mitigation = acknowledgementsOf(episode).map(({ at, actor }) => ({
    // The preferred value set knows only changes of a therapy.
    action: {
      coding: [{ system: CODES.mitigation, code: 'acknowledged', display: 'Acknowledged' }],
      text: 'Acknowledged: somebody has the alert',
    },
    date: instant(at),
    ...(actor ? { author: contactReference(actor.by, context) } : {}),
  }))
  return {
    resourceType: 'DetectedIssue',
    identifier: [alertIdentifier(context.home, raised.alertId)],
    status: latest.state === 'cleared' ? 'final' : 'preliminary',
    code: conditionConcept(raised.condition, context, ` (${raised.kind})`),
    severity: SEVERITY[latest.priority],
    patient: patientReference(context),
    ...(latest.state === 'cleared'
      ? { identifiedPeriod: { start: instant(raised.raisedAt), end: instant(latest.at) } }
      : { identifiedDateTime: instant(raised.raisedAt) }),
    author: gatewayReference(context),
    detail: detailOf(episode, context),
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

/** What it is and what became of it, in words; without a value, which is in the Observation that it names. */
function detailOf(episode: Episode, context: AlertContext): string {
  const [{ condition, kind, raisedAt }] = episode
  const latest = latestOf(episode)
  const known = acknowledgementsOf(episode).map(
    ({ at, actor }) => `Acknowledged${actor ? ` by ${actor.by}` : ''} at ${instant(at)}.`,
  )
  const about = kind === 'physiological' ? 'about the patient' : 'about the monitoring itself'
  const end = latest.state === 'cleared' ? `Over since ${instant(latest.at)}.` : 'Not over.'
  const since = `since ${instant(raisedAt)}.`
  return [`${wordsOf(condition, context)}: ${latest.priority} priority, ${about},`, since, ...known, end].join(' ')
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
