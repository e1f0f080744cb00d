/**
 * An alert episode → one R4 DetectedIssue: `preliminary` while it is active, `final` with its period once cleared.
 * It names the causing Observation and carries no value.
 */
import type { DetectedIssue } from '@medplum/fhirtypes'
import type { Observable } from './measurement.js'
import { instant } from './observation.js'
import {
  alertIdentifier,
  CODES,
  gatewayIdentifier,
  IDENTIFIERS,
  logicalReference,
  patientIdentifier,
} from './systems.js'
import { TERMINOLOGY } from './terminology.js'

/** What the mapping needs of the gateway's AlertTransition, which fits it. */
export interface AlertEvent {
  /** Unique per home. */
  readonly alertId: string
  /** Stable kebab-case name, e.g. `low-oxygen-saturation`. */
  readonly condition: string
  readonly kind: 'physiological' | 'technical'
  readonly priority: 'high' | 'medium' | 'low'
  readonly state: 'active' | 'acknowledged' | 'latched' | 'cleared'
  /** Epoch ms of this transition, and of the episode's start. */
  readonly at: number
  readonly raisedAt: number
  readonly observable?: Observable
  /** Identifier of the causing Measurement. */
  readonly measurement?: string
}

export interface AlertContext {
  readonly patient: string
  readonly home: string
}

const SEVERITY = { high: 'high', medium: 'moderate', low: 'low' } as const

export function detectedIssueOf(alert: AlertEvent, context: AlertContext): DetectedIssue {
  const row = alert.observable ? TERMINOLOGY[alert.observable] : undefined
  const implicated = alert.measurement
    ? [logicalReference('Observation', { system: IDENTIFIERS.measurement, value: alert.measurement })]
    : []
  return {
    resourceType: 'DetectedIssue',
    identifier: [alertIdentifier(context.home, alert.alertId)],
    status: alert.state === 'cleared' ? 'final' : 'preliminary',
    code: { coding: [{ system: CODES.condition, code: alert.condition }], text: `${alert.condition} (${alert.kind})` },
    severity: SEVERITY[alert.priority],
    patient: logicalReference('Patient', patientIdentifier(context.patient)),
    ...(alert.state === 'cleared'
      ? { identifiedPeriod: { start: instant(alert.raisedAt), end: instant(alert.at) } }
      : { identifiedDateTime: instant(alert.raisedAt) }),
    author: logicalReference('Device', gatewayIdentifier(context.home)),
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
  }
}
