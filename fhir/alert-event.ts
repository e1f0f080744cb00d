/** What every resource about an alert is made of: its transitions, and the words and references that they share. */
import type { CodeableConcept, DetectedIssue, Device, Patient, Reference } from '@medplum/fhirtypes'
import type { Observable } from './measurement.js'
import {
  alertIdentifier,
  CODES,
  contactIdentifier,
  gatewayIdentifier,
  logicalReference,
  patientIdentifier,
} from './systems.js'

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
  /** Who caused it, where a person did: a contact's id or a login. */
  readonly actor?: { readonly by: string; readonly via: string; readonly note?: string }
}

/** All transitions of one alert so far, oldest first. */
export type Episode = readonly [AlertEvent, ...AlertEvent[]]

/** Pseudonyms. */
export interface AlertContext {
  readonly patient: string
  readonly home: string
  /** What people call a condition, e.g. "Low oxygen saturation"; its own name in words where left out. */
  readonly words?: (condition: string) => string
}

/** http://hl7.org/fhir/request-priority. */
export const REQUEST_PRIORITY = { high: 'stat', medium: 'urgent', low: 'routine' } as const

export function latestOf(episode: Episode): AlertEvent {
  return episode.at(-1) ?? episode[0]
}

/** Those transitions in which a person said that they know. */
export function acknowledgementsOf(episode: Episode): AlertEvent[] {
  return episode.filter(({ state }) => state === 'acknowledged')
}

export function wordsOf(condition: string, { words }: AlertContext): string {
  const own = condition.replaceAll('-', ' ')
  return words ? words(condition) : own.charAt(0).toUpperCase() + own.slice(1)
}

/** @param more follows the condition's words in the text */
export function conditionConcept(condition: string, context: AlertContext, more = ''): CodeableConcept {
  const display = wordsOf(condition, context)
  return { coding: [{ system: CODES.condition, code: condition, display }], text: `${display}${more}` }
}

export function patientReference({ patient }: AlertContext): Reference<Patient> {
  return { ...logicalReference<Patient>('Patient', patientIdentifier(patient)), display: patient }
}

export function gatewayReference({ home }: AlertContext): Reference<Device> {
  return { ...logicalReference<Device>('Device', gatewayIdentifier(home)), display: `Homebeat gateway ${home}` }
}

/** The alert itself, by its condition's words. */
export function issueReference({ alertId, condition }: AlertEvent, context: AlertContext): Reference<DetectedIssue> {
  const reference = logicalReference<DetectedIssue>('DetectedIssue', alertIdentifier(context.home, alertId))
  return { ...reference, display: wordsOf(condition, context) }
}

/** Without `type`: a contact may be a doctor or a daughter, and the home keeps to itself which. Never an address. */
export function contactReference(contact: string, { home }: AlertContext): Reference<never> {
  return { identifier: contactIdentifier(home, contact), display: contact }
}
