/** A lane is what the journal owes one far end, strictly in order. This file alone makes and reads its text. */

/** `fhir`: records of a FHIR target. `fhir-alert`: what it gets about alerts, which must not wait behind records. */
export const LANE_KINDS = ['fhir', 'fhir-alert', 'alert', 'anchor'] as const
export type LaneKind = (typeof LANE_KINDS)[number]

export interface Lane {
  readonly kind: LaneKind
  /** Of the FHIR target, the alert channel or the chain. */
  readonly name: string
  /** Of an alert lane: the one contact that it tells. Absent where its channel has no contacts. */
  readonly contact?: string
}

/** Who is told of an alert: a contact by a channel, or the channel itself. */
export interface Recipient {
  readonly channel: string
  readonly contact?: string
}

const KEY = new RegExp(`^(${LANE_KINDS.join('|')}):([^/]+)(?:/(.+))?$`)

/** `sms/nurse-1`, or `terminal`: part of the keys of stored notifications. */
export const recipientKey = ({ channel, contact }: Recipient): string => (contact ? `${channel}/${contact}` : channel)

/** `fhir:care`, `fhir-alert:care`, `alert:sms/nurse-1`, `anchor:consortium`: in the journal, in status and on the command line. */
export const laneKey = ({ kind, name, contact }: Lane): string =>
  `${kind}:${recipientKey({ channel: name, ...(contact !== undefined && { contact }) })}`

export const isLaneKey = (text: string): boolean => KEY.test(text)

/** The lane of a key. @throws RangeError for a text that is none, see `isLaneKey` */
export function laneOf(key: string): Lane {
  const [, kind, name, contact] = KEY.exec(key) ?? []
  if (kind === undefined || name === undefined) throw new RangeError(`"${key}" names no lane`)
  return { kind: kind as LaneKind, name, ...(contact !== undefined && { contact }) }
}

export const alertLane = ({ channel, contact }: Recipient): Lane => ({
  ...{ kind: 'alert', name: channel },
  ...(contact !== undefined && { contact }),
})

export const isSameLane = (one: Lane, other: Lane): boolean => laneKey(one) === laneKey(other)
