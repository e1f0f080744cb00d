/** Every SQL statement of the journal, in one place so that a test can ask SQLite how it would run each of them. */

const ENTRY = 'id, lane, kind, ref, state, attempts, created_at AS createdAt'
const TRANSITION = `t.id, t.alert_id AS alertId, t.condition, t.kind, t.priority, t.state, t.at, t.raised_at AS raisedAt,
  t.observable, t.measurement, t.value, t.comparator, t.limit_value AS limitValue, t.actor AS actorBy,
  t.actor_via AS actorVia, t.actor_note AS actorNote`
const DELIVERY = `d.id AS deliveryId, d.channel, d.contact, d.reason, d.delivered_at AS deliveredAt`
const NOTIFICATION = `id, transition, key, alert_id AS alertId, reason, channel, contact, at, until, covers`
const HEADER = `number, gateway, previous_root AS previousRoot, root, count, period_start AS periodStart,
  period_end AS periodEnd, chain_id AS chainId, contract, signature, closed_at AS closedAt`
const RECEIPT = `batch AS batchNumber, transaction_hash AS transactionHash, block_number AS blockNumber,
  block_hash AS blockHash, block_time AS blockTime, gas_used AS gasUsed`

export const MEASUREMENTS = {
  insert: `INSERT INTO measurement (identifier, sensor, at, payload, samples) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (identifier) DO NOTHING`,
  unbatched: `SELECT identifier, sensor, at, payload, samples FROM measurement WHERE batch IS NULL ORDER BY id LIMIT ?`,
  unbatchedCount: `SELECT count(*) AS count FROM measurement WHERE batch IS NULL`,
  find: `SELECT id, batch FROM measurement WHERE identifier = ?`,
  markBatched: `UPDATE measurement SET batch = ?, payload = NULL, samples = NULL WHERE id = ? AND batch IS NULL`,
} as const

export const ALERTS = {
  insert: `INSERT INTO alert_transition (alert_id, condition, kind, priority, state, at, raised_at, observable,
    measurement, value, comparator, limit_value, actor, actor_via, actor_note)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (alert_id, state, at) DO NOTHING`,
  upsertEpisode: `INSERT INTO alert_episode (alert_id, latest, active) VALUES (?, ?, ?)
    ON CONFLICT (alert_id) DO UPDATE SET latest = excluded.latest, active = excluded.active`,
  active: `SELECT ${TRANSITION} FROM alert_episode e JOIN alert_transition t ON t.id = e.latest
    WHERE e.active = 1 ORDER BY e.id`,
  byId: `SELECT ${TRANSITION} FROM alert_transition t WHERE t.id = ?`,
  latest: `SELECT ${TRANSITION} FROM alert_transition t ORDER BY t.id DESC LIMIT ?`,
  ofAlert: `SELECT ${TRANSITION} FROM alert_transition t WHERE t.alert_id = ? ORDER BY t.id`,
  insertDelivery: `INSERT INTO alert_delivery (transition, notification, channel, contact, reason, delivered_at)
    SELECT transition, id, channel, contact, reason, ? FROM notification WHERE id = ?
    ON CONFLICT (notification) DO NOTHING`,
  deliveryById: `SELECT ${DELIVERY}, ${TRANSITION}
    FROM alert_delivery d JOIN alert_transition t ON t.id = d.transition WHERE d.id = ?`,
  // CROSS JOIN keeps the order of the tables (SQLite): the few episodes first, not every delivery there ever was.
  deliveries: `SELECT ${DELIVERY}, ${TRANSITION}
    FROM (SELECT alert_id FROM alert_episode ORDER BY id DESC LIMIT ?) e
    CROSS JOIN alert_transition t ON t.alert_id = e.alert_id
    CROSS JOIN alert_delivery d ON d.transition = t.id ORDER BY d.id`,
} as const

export const NOTIFICATIONS = {
  // The alert's latest transition: that of the same commit is stored before.
  insert: `INSERT INTO notification (key, reason, channel, contact, at, until, covers, transition, alert_id)
    SELECT ?, ?, ?, ?, ?, ?, ?, latest, alert_id FROM alert_episode WHERE alert_id = ? ON CONFLICT (key) DO NOTHING`,
  byId: `SELECT ${NOTIFICATION} FROM notification WHERE id = ?`,
  ofAlert: `SELECT ${NOTIFICATION} FROM notification WHERE alert_id = ? ORDER BY id`,
  addDigestItem: `INSERT INTO digest_item (contact, alert_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
  removeDigestItem: `DELETE FROM digest_item WHERE contact = ? AND alert_id = ?`,
  digestItems: `SELECT contact, alert_id AS alertId, at FROM digest_item ORDER BY contact, alert_id`,
  addAction: `INSERT INTO alarm_action (action, at, subjects, actor, via, note, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  actions: `SELECT action, at, subjects, actor AS "by", via, note, until FROM alarm_action ORDER BY id DESC LIMIT ?`,
} as const

export const BATCHES = {
  last: `SELECT ${HEADER} FROM batch WHERE number = (SELECT max(number) FROM batch)`,
  byNumber: `SELECT ${HEADER} FROM batch WHERE number = ?`,
  numbers: `SELECT number FROM batch ORDER BY number`,
  insert: `INSERT INTO batch (number, gateway, previous_root, root, count, period_start, period_end, chain_id, contract,
    signature, closed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  insertLeaf: `INSERT INTO leaf (batch, position, measurement, salt, observation) VALUES (?, ?, ?, ?, ?)`,
  leaves: `SELECT m.identifier, lower(hex(l.salt)) AS salt, l.observation FROM leaf l
    JOIN measurement m ON m.id = l.measurement WHERE l.batch = ? ORDER BY l.position`,
} as const

export const OUTBOX = {
  addLane: `INSERT INTO lane (name) VALUES (?) ON CONFLICT (name) DO UPDATE SET configured = 1`,
  forgetLanes: `UPDATE lane SET configured = 0`,
  add: `INSERT INTO outbox (lane, kind, ref, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (lane, kind, ref) DO NOTHING`,
  requeueClaimed: `UPDATE outbox SET state = 'queued' WHERE settled_at IS NULL AND state = 'claimed'`,
  recoverInflight: `UPDATE outbox SET state = 'failed', next_at = NULL,
    reason = 'the gateway stopped before the outcome was known'
    WHERE settled_at IS NULL AND state = 'inflight'`,
  head: `SELECT ${ENTRY} FROM outbox WHERE lane = ? AND settled_at IS NULL ORDER BY id LIMIT 1`,
  launch: `UPDATE outbox SET state = 'inflight', attempts = attempts + 1, next_at = NULL
    WHERE id = ? AND state IN ('queued', 'claimed', 'failed')`,
  settle: `UPDATE outbox SET state = ?, settled_at = ?, reason = ?, next_at = ? WHERE id = ? AND state = 'inflight'`,
  count: `UPDATE lane SET delivered = delivered + ?, rejected = rejected + ?,
    resources_accepted = resources_accepted + ?, resources_failed = resources_failed + ? WHERE name = ?`,
  depths: `SELECT l.name AS lane,
    (SELECT count(*) FROM outbox o WHERE o.lane = l.name AND o.settled_at IS NULL) AS depth,
    h.created_at AS oldestAt, h.reason AS lastReason, h.next_at AS nextAt, l.delivered, l.rejected,
    l.resources_accepted AS resourcesAccepted, l.resources_failed AS resourcesFailed
    FROM lane l LEFT JOIN outbox h ON h.id =
      (SELECT id FROM outbox o WHERE o.lane = l.name AND o.settled_at IS NULL ORDER BY id LIMIT 1)
    WHERE l.configured = 1 ORDER BY l.name`,
} as const

export const ANCHORS = {
  transaction: `SELECT raw, hash, nonce FROM anchor_transaction WHERE batch = ?`,
  saveTransaction: `INSERT INTO anchor_transaction (batch, raw, hash, nonce) VALUES (?, ?, ?, ?)
    ON CONFLICT (batch) DO UPDATE SET raw = excluded.raw, hash = excluded.hash, nonce = excluded.nonce`,
  receipt: `SELECT ${RECEIPT} FROM anchor_receipt WHERE batch = ?`,
  insertReceipt: `INSERT INTO anchor_receipt (batch, transaction_hash, block_number, block_hash, block_time, gas_used)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (batch) DO NOTHING`,
  replaceReceipt: `UPDATE anchor_receipt SET transaction_hash = ?, block_number = ?, block_hash = ?, block_time = ?,
    gas_used = ? WHERE batch = ?`,
  lastReceipt: `SELECT ${RECEIPT} FROM anchor_receipt WHERE batch = (SELECT max(batch) FROM anchor_receipt)`,
} as const

export const EPOCH_KEYS = {
  get: `SELECT wrapped FROM epoch_key WHERE epoch = ?`,
  put: `INSERT INTO epoch_key (epoch, wrapped) VALUES (?, ?) ON CONFLICT (epoch) DO NOTHING`,
  list: `SELECT epoch, wrapped FROM epoch_key ORDER BY epoch`,
} as const

export const TOTALS = {
  add: `INSERT INTO total (name, count) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET count = count + excluded.count`,
  all: `SELECT name, count FROM total`,
} as const

export const SETTING_CHANGES = {
  insert: `INSERT INTO setting_change (at, kind, name, change, actor, via, why) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  all: `SELECT at, kind, name, change, actor, via, why FROM setting_change ORDER BY id`,
} as const

export const PATIENT_ENTRIES = {
  insert: `INSERT INTO patient_entry (at, what, value, actor, via) VALUES (?, ?, ?, ?, ?)`,
  latest: `SELECT at, what, value, actor, via FROM patient_entry WHERE what = ? ORDER BY id DESC LIMIT 1`,
} as const

export const HOURLY = {
  put: `INSERT INTO hourly_aggregate (number, hour, payload) VALUES (?, ?, ?)
    ON CONFLICT (hour, number) DO UPDATE SET payload = excluded.payload`,
  prune: `DELETE FROM hourly_aggregate WHERE hour < ?`,
  all: `SELECT number, hour, payload FROM hourly_aggregate`,
} as const

const KEPT = `id, device, topic, received_at AS receivedAt, code, reason, payload`

export const UNMAPPED = {
  insert: `INSERT INTO unmapped_message (device, topic, received_at, code, reason, bytes, payload)
    VALUES (?, ?, ?, ?, ?, ?, ?)`,
  count: `INSERT INTO unmapped_count (device, waiting, bytes, overflowed) VALUES (?, ?, ?, ?)
    ON CONFLICT (device) DO UPDATE SET waiting = waiting + excluded.waiting, bytes = bytes + excluded.bytes,
    overflowed = overflowed + excluded.overflowed`,
  counts: `SELECT device, waiting, bytes, overflowed FROM unmapped_count ORDER BY device`,
  latest: `SELECT ${KEPT} FROM unmapped_message WHERE mapped_at IS NULL ORDER BY id DESC LIMIT ?`,
  after: `SELECT ${KEPT} FROM unmapped_message WHERE mapped_at IS NULL AND id > ? ORDER BY id LIMIT ?`,
  waiting: `SELECT device, bytes FROM unmapped_message WHERE id = ? AND mapped_at IS NULL`,
  discard: `DELETE FROM unmapped_message WHERE mapped_at IS NULL AND device = ?`,
  forget: `DELETE FROM unmapped_count WHERE device = ?`,
  mapped: `UPDATE unmapped_message SET mapped_at = ?, payload = NULL WHERE id = ?`,
} as const
