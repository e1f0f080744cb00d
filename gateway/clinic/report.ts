/** What a receiver says of its homes: the same for the page, its API and the command line. */

import type { CheckIn } from '#gateway/liveness/check-in.js'
import type { AlertState, AlertTransition, Priority } from '#gateway/model/alert.js'
import {
  type HomeRecord,
  type HomeState,
  homeOf,
  isClockOff,
  type Listening,
  silenceOf,
  skewOf,
  stateOf,
} from './home-record.js'

export interface HomeReport {
  readonly id: string
  readonly state: HomeState
  /** Epoch ms of the last check-in's arrival; null: none yet. */
  readonly heardAt: number | null
  /** For so long this receiver has listened to it in vain. */
  readonly silentSeconds: number
  /** Of the last check-in. */
  readonly gateway:
    | (Pick<
        CheckIn,
        | 'state'
        | 'healthy'
        | 'reasons'
        | 'software'
        | 'uptimeSeconds'
        | 'alerts'
        | 'oldestSeconds'
        | 'journal'
        | 'everySeconds'
        | 'notMonitored'
      > & { readonly clockOff: boolean; readonly clockSkewSeconds: number })
    | null
  /** This receiver's own alarms about the home that are not over. */
  readonly alarms: readonly {
    readonly alertId: string
    readonly condition: string
    readonly priority: Priority
    readonly state: AlertState
    readonly raisedAt: number
  }[]
}

export interface ClinicReport {
  readonly receiver: string
  readonly now: number
  /** Those that need somebody first. */
  readonly homes: readonly HomeReport[]
  /** Alarms about the receiver itself: an undelivered alarm, its disk. */
  readonly alarms: HomeReport['alarms']
}

/** Lowest first: what has an alarm, then by state, then what needs a look. */
function urgencyOf({ state, alarms, gateway }: HomeReport): number {
  const isWell =
    gateway === null || (gateway.healthy && !gateway.notMonitored && !gateway.clockOff && gateway.journal === 'ok')
  return (alarms.length > 0 ? 0 : 100) + 10 * ORDER.indexOf(state) + (isWell ? 1 : 0)
}

const ORDER: readonly HomeState[] = ['missing', 'late', 'awaited', 'present']

export function reportOf(
  receiver: string,
  records: readonly HomeRecord[],
  listening: Listening,
  open: readonly AlertTransition[],
  now: number,
): ClinicReport {
  const alarmsOf = (home: string | null) =>
    open
      .filter(({ condition }) => homeOf(condition) === home)
      .map(({ alertId, condition, priority, state, raisedAt }) => ({ alertId, condition, priority, state, raisedAt }))
  const homes = records.map((record): HomeReport => {
    const { id, heard } = record
    return {
      id,
      state: stateOf(record, listening),
      heardAt: heard?.at ?? null,
      silentSeconds: Math.round(silenceOf(record, listening) / 1000),
      gateway: heard && gatewayOf(record, heard.beat),
      alarms: alarmsOf(id),
    }
  })
  homes.sort((a, b) => urgencyOf(a) - urgencyOf(b) || a.id.localeCompare(b.id))
  return { receiver, now, homes, alarms: alarmsOf(null) }
}

function gatewayOf(record: HomeRecord, checkIn: CheckIn): NonNullable<HomeReport['gateway']> {
  const {
    state,
    healthy,
    reasons,
    software,
    uptimeSeconds,
    alerts,
    oldestSeconds,
    journal,
    everySeconds,
    notMonitored,
  } = checkIn
  return {
    ...{ state, healthy, reasons, software, uptimeSeconds, alerts, oldestSeconds, journal, everySeconds },
    ...(notMonitored && { notMonitored }),
    clockOff: isClockOff(record),
    clockSkewSeconds: Math.round(skewOf(record) / 1000),
  }
}
