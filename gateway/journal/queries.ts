/** Every SQL statement of the journal, in one place so that a test can ask SQLite how it would run each of them. */

const ENTRY = 'id, lane, kind, ref, state, attempts, created_at AS createdAt'
const TRANSITION = `t.id, t.alert_id AS alertId, t.condition, t.kind, t.priority, t.state, t.at, t.raised_at AS raisedAt,
  t.observable, t.measurement, t.value, t.comparator`
const HEADER = `number, gateway, previous_root AS previousRoot, root, count, period_start AS periodStart,
  period_end AS periodEnd, chain_id AS chainId, contract, signature, closed_at AS closedAt`
const RECEIPT = `batch AS batchNumber, transaction_hash AS transactionHash, block_number AS blockNumber,
  block_hash AS blockHash, block_time AS blockTime, gas_used AS gasUsed`

export const MEASUREMENTS = {
  insert: `INSERT INTO measurement (identifier, sensor, at, payload) VALUES (?, ?, ?, ?)
    ON CONFLICT (identifier) DO NOTHING`,
  unbatched: `SELECT identifier, sensor, at, payload FROM measurement WHERE batch IS NULL ORDER BY id LIMIT ?`,
  unbatchedCount: `SELECT count(*) AS count FROM measurement WHERE batch IS NULL`,
  find: `SELECT id, batch FROM measurement WHERE identifier = ?`,
  markBatched: `UPDATE measurement SET batch = ?, payload = NULL, samples = NULL WHERE id = ? AND batch IS NULL`,
} as const

export const ALERTS = {
  insert: `INSERT INTO alert_transition (alert_id, condition, kind, priority, state, at, raised_at, observable,
    measurement, value, comparator) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
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
  after: `SELECT ${HEADER} FROM batch WHERE number > ? AND count > 0 ORDER BY number`,
  numbers: `SELECT number FROM batch ORDER BY number`,
  insert: `INSERT INTO batch (number, gateway, previous_root, root, count, period_start, period_end, chain_id, contract,
    signature, closed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  insertLeaf: `INSERT INTO leaf (batch, position, measurement, salt, observation) VALUES (?, ?, ?, x'', ?)`,
  leaves: `SELECT m.identifier, l.position, l.observation FROM leaf l
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

export const KEY = {
  get: `SELECT check_value AS checkValue, all_sealed AS allSealed FROM journal_key WHERE id = 1`,
  put: `INSERT INTO journal_key (id, check_value, all_sealed) VALUES (1, ?, ?)
    ON CONFLICT (id) DO UPDATE SET check_value = excluded.check_value, all_sealed = excluded.all_sealed`,
  someLeaves: `SELECT batch, position, observation FROM leaf WHERE typeof(observation) = 'blob' LIMIT 8`,
  someMeasurements: `SELECT identifier, payload FROM measurement WHERE batch IS NULL AND typeof(payload) = 'blob'
    LIMIT 8`,
  clearMeasurements: `SELECT id, identifier, payload, samples FROM measurement
    WHERE id > ? AND typeof(payload) = 'text' ORDER BY id LIMIT ?`,
  sealMeasurement: `UPDATE measurement SET payload = ?, samples = NULL WHERE id = ?`,
  clearLeaves: `SELECT l.rowid AS id, l.batch, l.position, m.identifier, lower(hex(l.salt)) AS salt, l.observation
    FROM leaf l JOIN measurement m ON m.id = l.measurement
    WHERE l.rowid > ? AND typeof(l.observation) = 'text' ORDER BY l.rowid LIMIT ?`,
  sealLeaf: `UPDATE leaf SET salt = x'', observation = ? WHERE rowid = ?`,
  clearTransitions: `SELECT id, alert_id AS alertId, state, at, value, limit_value AS limitValue FROM alert_transition
    WHERE id > ? AND (typeof(value) IN ('real', 'integer') OR limit_value IS NOT NULL) ORDER BY id LIMIT ?`,
  sealTransition: `UPDATE alert_transition SET value = ?, limit_value = NULL WHERE id = ?`,
} as const

export const DAMAGE = {
  insert: `INSERT INTO journal_damage (found_at, reason, set_aside, report, head_known) VALUES (?, ?, ?, ?, ?)`,
  open: `SELECT id, found_at AS foundAt, reason, set_aside AS setAside, report, head_known AS headKnown
    FROM journal_damage WHERE accepted_at IS NULL ORDER BY id`,
  accept: `UPDATE journal_damage SET accepted_at = ? WHERE accepted_at IS NULL`,
  headUnknown: `SELECT count(*) AS count FROM journal_damage WHERE head_known = 0`,
  headKnown: `UPDATE journal_damage SET head_known = 1`,
} as const

/** Of `homebeat journal check`, which reads everything. */
export const CHECK = {
  batches: `SELECT number, count FROM batch ORDER BY number`,
  leaves: `SELECT position, observation FROM leaf WHERE batch = ? ORDER BY position`,
  unbatched: `SELECT identifier, payload FROM measurement WHERE batch IS NULL ORDER BY id`,
} as const
