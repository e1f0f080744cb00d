import { defaultFindings } from '#gateway/clinical/limits/findings.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import type { LimitOverrides } from '#gateway/clinical/settings/config.js'
import type { JournalReader } from '#gateway/journal/api/journal.js'
import type { AlarmExplanation, Neighbour, ShownValue } from '#gateway/model/alarm-explanation.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { unitOf } from '#gateway/wording/cause-words.js'
import { conditionWords, explanationOf } from '#gateway/wording/explanations.js'
import { type ChangedSetting, limitOrigin } from './limit-origin.js'
import { shownValue } from './shown-value.js'

const MINUTE = 60_000
/** Alarms so close to this one are told with it. */
const AROUND_MS = 10 * MINUTE
/** An alarm that was open then is found where it ended within this time. */
const OPEN_LOOKED_MS = 7 * 24 * 60 * MINUTE
/** A cuff measures every half hour. */
const VALUES_MS = 30 * MINUTE
/** Most stored values that are looked at: many are waveforms. */
const MAX_LOOKED_AT = 200
const ACTIONS_LOOKED_AT = 5000
const TOLD = SENSORS.filter(({ aroundAlarms }) => aroundAlarms).map(({ kind }) => kind)

/** What an explanation is made from. */
export interface ExplainParts {
  readonly journal: Pick<JournalReader, 'alerts' | 'notifications' | 'alarmActions' | 'values'>
  /** `alerts.limits` of the configuration. */
  readonly overrides: LimitOverrides
  /** The log of settings that clinicians changed, where there is one. */
  readonly changed?: ChangedSetting
}

/** @throws HomebeatError `alarm.unknown` */
export function explainAlarm(alertId: string, { journal, overrides, changed }: ExplainParts): AlarmExplanation {
  const episode = journal.alerts.episode(alertId)
  const [raised] = episode
  const latest = episode.at(-1)
  if (!raised || !latest)
    throw new HomebeatError(
      'alarm.unknown',
      `No alarm has the id ${alertId}: homebeat alarms list --all and homebeat alarms log show their ids.`,
    )
  const { condition, kind, priority, raisedAt } = raised
  const known = explanationOf(condition)
  const acknowledgement = episode.find(({ state }) => state === 'acknowledged')
  const source = raised.measurement === undefined ? null : journal.values.of(raised.measurement)
  const measured = source && shownValue(source)
  return {
    ...{ alertId, condition, words: conditionWords(condition), kind, priority, state: latest.state, raisedAt },
    endedAt: latest.state === 'cleared' ? latest.at : null,
    meaning: known && { means: known.means, notMeans: known.notMeans, source: known.source },
    cause: {
      ...(raised.value !== undefined && { value: raised.value }),
      unit: unitOf(raised),
      ...(raised.limit && { limit: raised.limit }),
      limitOrigin: limitOrigin(raised, overrides, changed),
      delaySeconds: delayOf(condition, overrides),
      measured,
    },
    around: { alarms: neighbours(raised, journal), values: valuesAround(raised, measured?.what, journal) },
    told: journal.notifications.told(alertId),
    acknowledged: acknowledgement?.actor ? { ...acknowledgement.actor, at: acknowledgement.at } : null,
    actions: journal.alarmActions
      .latest(ACTIONS_LOOKED_AT)
      .filter(({ subjects }) => subjects.includes(alertId))
      .reverse(),
  }
}

function delayOf(condition: string, overrides: LimitOverrides): number | null {
  const rows = [...limitsInForce(overrides), ...defaultFindings]
  return rows.find((row) => row.condition === condition)?.delaySeconds ?? null
}

/** Alarms raised or ended within ten minutes of it, and those that were open when it was raised. */
function neighbours({ alertId, raisedAt }: AlertTransition, journal: ExplainParts['journal']): Neighbour[] {
  const found = new Map<string, Neighbour>()
  const later = journal.alerts.between(raisedAt - AROUND_MS, raisedAt + OPEN_LOOKED_MS)
  const near = ({ at }: AlertTransition) => at <= raisedAt + AROUND_MS
  const wasOpen = (one: AlertTransition) => one.raisedAt <= raisedAt
  for (const one of [...later.filter((one) => near(one) || wasOpen(one)), ...journal.alerts.active().filter(wasOpen)]) {
    const { condition, kind, priority } = one
    if (one.alertId === alertId) continue
    const endedAt = one.state === 'cleared' ? one.at : (found.get(one.alertId)?.endedAt ?? null)
    found.set(one.alertId, { alertId: one.alertId, condition, kind, priority, raisedAt: one.raisedAt, endedAt })
  }
  for (const { state, alertId: id, at } of later) {
    const neighbour = found.get(id)
    if (neighbour && state === 'cleared') found.set(id, { ...neighbour, endedAt: at })
  }
  return [...found.values()].sort((a, b) => a.raisedAt - b.raisedAt)
}

/** The value nearest in time of each kind. @param but the kind that caused the alarm */
function valuesAround(
  { raisedAt }: AlertTransition,
  but: string | undefined,
  { values }: ExplainParts['journal'],
): ShownValue[] {
  const nearest = new Map<string, ShownValue>()
  let looked = 0
  for (const stored of values.near(raisedAt, VALUES_MS, TOLD)) {
    if (++looked > MAX_LOOKED_AT) break
    const shown = shownValue(stored)
    if (shown.value === null || shown.what === but || nearest.has(shown.what)) continue
    nearest.set(shown.what, shown)
  }
  return [...nearest.values()]
}
