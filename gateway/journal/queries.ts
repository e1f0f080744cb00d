/** Every SQL statement of the journal, in one place so that a test can ask SQLite how it would run each of them. */

const ENTRY = 'id, lane, kind, ref, state, attempts, created_at AS createdAt'
const TRANSITION = `t.id, t.alert_id AS alertId, t.condition, t.kind, t.priority, t.state, t.at, t.raised_at AS raisedAt,
  t.observable, t.measurement, t.value, t.comparator, t.limit_value AS limitValue`
const HEADER = `number, gateway, previous_root AS previousRoot, root, count, period_start AS periodStart,
  period_end AS periodEnd, chain_id AS chainId, contract, signature, closed_at AS closedAt`
const RECEIPT = `batch AS batchNumber, transaction_hash AS transactionHash, block_number AS blockNumber,
  block_hash AS blockHash, block_time AS blockTime, gas_used AS gasUsed`

const STRETCH = `s.id, s.run, s.monotonic_ms AS monotonicMs, s.wall_ms AS wallMs, s.trusted,
  s.first_measurement AS firstMeasurement, s.first_transition AS firstTransition, s.newest_ms AS newestMs,
  s.moved_ms AS movedMs`

export const STRETCHES = {
  insert: `INSERT INTO clock_stretch (run, monotonic_ms, wall_ms, trusted, newest_ms, first_measurement, first_transition)
    VALUES (?, ?, ?, ?, ?, (SELECT coalesce(max(id), 0) + 1 FROM measurement),
      (SELECT coalesce(max(id), 0) + 1 FROM alert_transition))`,
  startRun: `UPDATE clock_stretch SET run = id WHERE id = ?`,
  last: `SELECT ${STRETCH} FROM clock_stretch s WHERE s.id = (SELECT max(id) FROM clock_stretch)`,
  lastTrusted: `SELECT ${STRETCH} FROM clock_stretch s WHERE s.trusted = 1 ORDER BY s.id DESC LIMIT 1`,
  next: `SELECT ${STRETCH} FROM clock_stretch s WHERE s.id > ? ORDER BY s.id LIMIT 1`,
  firstUnset: `SELECT min(s.first_measurement) AS first FROM clock_stretch s WHERE s.id > coalesce(
    (SELECT id FROM clock_stretch WHERE trusted = 1 OR moved_ms IS NOT NULL ORDER BY id DESC LIMIT 1), 0)`,
  // The last rows only: what was stored long ago is not the newest.
  newest: `SELECT max(at) AS newest FROM
    (SELECT at FROM measurement WHERE id >= ? AND id < ? ORDER BY id DESC LIMIT 500)`,
  transitionsFrom: `SELECT t.id, t.at, t.raised_at AS raisedAt, t.measurement, EXISTS (SELECT 1
      FROM alert_transition e WHERE e.alert_id = t.alert_id AND e.state = 'active' AND e.id < ?) AS earlier
    FROM alert_transition t WHERE t.id >= ?`,
  moveTransition: `UPDATE alert_transition SET at = ?, raised_at = ?, measurement = ? WHERE id = ?`,
  moved: `UPDATE clock_stretch SET moved_ms = ? WHERE id = ?`,
} as const

export const MEASUREMENTS = {
  insert: `INSERT INTO measurement (identifier, sensor, at, payload, samples) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (identifier) DO NOTHING`,
  unbatched: `SELECT identifier, sensor, at, payload, samples FROM measurement WHERE batch IS NULL AND id < ?
    ORDER BY id LIMIT ?`,
  unbatchedCount: `SELECT count(*) AS count FROM measurement WHERE batch IS NULL AND id < ?`,
  unbatchedAfter: `SELECT id, identifier, sensor, at, payload, samples FROM measurement WHERE batch IS NULL AND id > ?
    ORDER BY id LIMIT ?`,
  replace: `UPDATE measurement SET identifier = ?, at = ?, payload = ?, samples = ? WHERE id = ?`,
  find: `SELECT id, batch FROM measurement WHERE identifier = ?`,
  markBatched: `UPDATE measurement SET batch = ?, payload = NULL, samples = NULL WHERE id = ? AND batch IS NULL`,
} as const

export const ALERTS = {
  insert: `INSERT INTO alert_transition (alert_id, condition, kind, priority, state, at, raised_at, observable,
    measurement, value, comparator, limit_value) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (alert_id, state, at) DO NOTHING`,
  upsertEpisode: `INSERT INTO alert_episode (alert_id, latest, active) VALUES (?, ?, ?)
    ON CONFLICT (alert_id) DO UPDATE SET latest = excluded.latest, active = excluded.active`,
  active: `SELECT ${TRANSITION} FROM alert_episode e JOIN alert_transition t ON t.id = e.latest
    WHERE e.active = 1 ORDER BY e.id`,
  byId: `SELECT ${TRANSITION} FROM alert_transition t WHERE t.id = ?`,
  latest: `SELECT ${TRANSITION} FROM alert_transition t ORDER BY t.id DESC LIMIT ?`,
  insertDelivery: `INSERT INTO alert_delivery (transition, channel, delivered_at) VALUES (?, ?, ?)
    ON CONFLICT (transition, channel) DO NOTHING`,
  deliveryById: `SELECT d.id AS deliveryId, d.channel, d.delivered_at AS deliveredAt, ${TRANSITION}
    FROM alert_delivery d JOIN alert_transition t ON t.id = d.transition WHERE d.id = ?`,
  // CROSS JOIN keeps the order of the tables (SQLite): the few episodes first, not every delivery there ever was.
  deliveries: `SELECT d.id AS deliveryId, d.channel, d.delivered_at AS deliveredAt, ${TRANSITION}
    FROM (SELECT alert_id FROM alert_episode ORDER BY id DESC LIMIT ?) e
    CROSS JOIN alert_transition t ON t.alert_id = e.alert_id
    CROSS JOIN alert_delivery d ON d.transition = t.id ORDER BY d.id`,
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
