/** The names of the conditions of lanes. Ids hold no dot (`name` in the configuration), so no two lanes share one. */
import type { Lane } from '#gateway/model/lane.js'

export const pushFailing = ({ name }: Lane): string => `push-failing-${name}`
export const pushRefused = ({ name }: Lane): string => `push-refused-${name}`
export const alertUndelivered = ({ name, contact }: Lane): string =>
  `alert-undelivered-${contact === undefined ? name : `${name}.${contact}`}`

/** The name in earlier versions, which a contact of one channel could share with another channel. */
export const alertUndeliveredBefore = ({ name, contact }: Lane): string =>
  `alert-undelivered-${contact === undefined ? name : `${name}-${contact}`}`

/** Every condition that was ever raised about such a lane. */
export function conditionsOf(lane: Lane): string[] {
  if (lane.kind === 'fhir' || lane.kind === 'fhir-alert') return [pushFailing(lane), pushRefused(lane)]
  return lane.kind === 'alert' ? [alertUndelivered(lane), alertUndeliveredBefore(lane)] : []
}
