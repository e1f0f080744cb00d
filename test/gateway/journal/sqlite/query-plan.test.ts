import { expect } from 'chai'
import * as queries from '#gateway/journal/sqlite/queries.js'
import { migrate } from '#gateway/journal/sqlite/schema.js'
import { Sqlite } from '#gateway/platform/sqlite.js'

/** Read whole on purpose: a handful of rows, bounded by LIMIT, or rare (a listing for people). */
const MAY_SCAN: Record<string, RegExp> = {
  // Partial indices that hold only what waits.
  'MEASUREMENTS.unbatched': /^SCAN measurement USING INDEX measurement_unbatched$/,
  'MEASUREMENTS.unbatchedCount': /^SCAN measurement USING INDEX measurement_unbatched$/,
  // A row for each start of the gateway and each time its clock was set; looked at when that happens.
  'STRETCHES.lastTrusted': /^SCAN s$/,
  'STRETCHES.firstUnset': /^SCAN (clock_stretch|s)$/,
  'STRETCHES.newest': /^SCAN \(?subquery/,
  'ALERTS.active': /^SCAN e USING INDEX alert_episode_active$/,
  // From the newest backwards, as far as LIMIT says.
  'ALERTS.latest': /^SCAN t$/,
  'ALERTS.deliveries': /^SCAN (alert_episode|e|\(subquery-\d+\))( |$)/,
  'ALARM_ACTIONS.lastPause': /^SCAN alarm_action USING INDEX alarm_action_pause$/,
  'ALARM_ACTIONS.latest': /^SCAN alarm_action$/,
  // What waits for a digest, at start.
  'NOTIFICATIONS.digestItems': /^SCAN digest_item$/,
  'BATCHES.numbers': /^SCAN batch$/,
  // A row for each lane, and a row for each sensor.
  'OUTBOX.forgetLanes': /^SCAN lane( USING INDEX lane_parts)?$/,
  'OUTBOX.depths': /^SCAN l$/,
  'OUTBOX.formerDepths': /^SCAN l$/,
  'OUTBOX.lanes': /^SCAN lane$/,
  'BATCHES.settledEverywhere': /^SCAN l$/,
  // The names of a few conditions.
  'OUTBOX.untoldWaiting': /^SCAN json_each VIRTUAL TABLE/,
  'OUTBOX.untoldRejected': /^SCAN json_each VIRTUAL TABLE/,
  // At start only, over what waits.
  'OUTBOX.requeueClaimed': /^SCAN outbox USING INDEX outbox_waiting$/,
  'OUTBOX.recoverInflight': /^SCAN outbox USING INDEX outbox_waiting$/,
  // A row for each damage there ever was.
  'DAMAGE.open': /^SCAN journal_damage$/,
  'DAMAGE.accept': /^SCAN journal_damage$/,
  'DAMAGE.headUnknown': /^SCAN journal_damage$/,
  'DAMAGE.headKnown': /^SCAN journal_damage$/,
  // Only where the key's check value does not fit.
  'KEY.someLeaves': /^SCAN leaf$/,
  'KEY.someMeasurements': /^SCAN measurement USING INDEX measurement_unbatched$/,
  'CHECK.tables': /^SCAN pragma_table_list/,
  // A row for each sealed row that does not open.
  'CHECK.last': /^SCAN unopened_row$/,
  'UNOPENED.all': /^SCAN unopened_row$/,
  'UNOPENED.count': /^SCAN unopened_row$/,
  'UNOPENED.some': /^SCAN unopened_row$/,
  'UNOPENED.accept': /^SCAN unopened_row$/,
  // A row for each restored backup.
  'CONTINUATIONS.all': /^SCAN journal_continuation$/,
  'EPOCH_KEYS.list': /^SCAN epoch_key$/,
  // At start: what people changed by hand.
  'SETTING_CHANGES.all': /^SCAN setting_change$/,
  // At start: an hour in a row, 15 days.
  'HOURLY.all': /^SCAN hourly_aggregate$/,
  'TOTALS.all': /^SCAN total$/,
  // A row for each device, at most 200 of them.
  'UNMAPPED.counts': /^SCAN unmapped_count$/,
  // What waits, from the newest, as far as LIMIT says; and once, because a person says so.
  'UNMAPPED.latest': /^SCAN unmapped_message USING INDEX unmapped_message_waiting$/,
  'UNMAPPED.discard': /^SCAN unmapped_message USING INDEX unmapped_message_waiting$/,
}

describe('The journal asks SQLite for nothing that reads a whole table', () => {
  const sqlite = new Sqlite(':memory:')
  migrate(sqlite, ':memory:')
  after(() => sqlite.close())

  for (const [room, statements] of Object.entries(queries)) {
    for (const [name, sql] of Object.entries(statements)) {
      it(`in ${room}.${name}`, () => {
        const steps = sqlite.prepare(`EXPLAIN QUERY PLAN ${sql}`)
        const count = (sql.match(/\?/g) ?? []).length
        const plan = (steps.all(...Array(count).fill(null)) as { detail: string }[]).map(({ detail }) => detail)
        const allowed = MAY_SCAN[`${room}.${name}`]
        for (const detail of plan) if (/^SCAN /.test(detail)) expect(allowed?.test(detail), detail).to.equal(true)
        const sorts = plan.filter((detail) => detail.includes('TEMP B-TREE'))
        if (`${room}.${name}` !== 'ALERTS.deliveries') expect(sorts).to.deep.equal([])
      })
    }
  }
})
