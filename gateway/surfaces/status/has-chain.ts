import { laneOf } from '../../model/lane.js'
import type { GatewayStatus } from './feed.js'

/** Whether batches are to be anchored at all; the page asks it too. */
export const hasChain = ({ lanes }: Pick<GatewayStatus, 'lanes'>): boolean =>
  lanes.some(({ lane }) => laneOf(lane).kind === 'anchor')

export const NO_CHAIN_WORDS = 'not anchored: no chain is configured'
