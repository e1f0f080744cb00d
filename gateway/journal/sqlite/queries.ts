/** Every SQL statement of the journal, in one place so that a test can ask SQLite how it would run each of them. */

const ENTRY = 'id, lane, kind, ref, state, attempts, created_at AS createdAt'
const QUEUED = `id, lane, kind, ref, state, attempts, created_at AS createdAt, next_at AS nextAt, reason,
  settled_at AS settledAt, resources`
const TRANSITION = `t.id, t.alert_id AS alertId, t.condition, t.kind, t.priority, t.state, t.at, t.raised_at AS raisedAt,
  t.observable, t.measurement, t.value, t.comparator, t.actor AS actorBy,
  t.actor_via AS actorVia, t.actor_note AS actorNote`
const DELIVERY = `d.id AS deliveryId, d.notification, d.channel, d.contact, d.reason, d.delivered_at AS deliveredAt`
const NOTIFICATION = `id, transition, key, alert_id AS alertId, reason, channel, contact, at, until, covers`
const HEADER = `number, gateway, previous_root AS previousRoot, root, count, period_start AS periodStart,
  period_end AS periodEnd, chain_id AS chainId, contract, signature, closed_at AS closedAt`
const RECEIPT = `batch AS batchNumber, transaction_hash AS transactionHash, block_number AS blockNumber,
  block_hash AS blockHash, block_time AS blockTime, gas_used AS gasUsed`

/** How each lane stands that the configuration has (1), or had earlier (0). */
const depthsOf = (configured: 0 | 1) => `SELECT l.key AS lane,
    (SELECT count(*) FROM outbox o WHERE o.lane = l.key AND o.settled_at IS NULL) AS depth,
    h.created_at AS oldestAt, h.reason AS lastReason, h.next_at AS nextAt, h.state AS head, l.delivered, l.rejected,
    l.dropped, l.resources_accepted AS resourcesAccepted, l.resources_failed AS resourcesFailed
    FROM lane l LEFT JOIN outbox h ON h.id =
      (SELECT id FROM outbox o WHERE o.lane = l.key AND o.settled_at IS NULL ORDER BY id LIMIT 1)
    WHERE l.configured = ${configured} AND l.kind IS NOT NULL ORDER BY l.key`
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
  transitionsFrom: `SELECT t.id, t.alert_id AS alertId, t.state, t.at, t.raised_at AS raisedAt, t.measurement, t.value,
      EXISTS (SELECT 1
      FROM alert_transition e WHERE e.alert_id = t.alert_id AND e.state = 'active' AND e.id < ?) AS earlier
    FROM alert_transition t WHERE t.id >= ?`,
  moveTransition: `UPDATE alert_transition SET at = ?, raised_at = ?, measurement = ?, value = ? WHERE id = ?`,
  moved: `UPDATE clock_stretch SET moved_ms = ? WHERE id = ?`,
} as const

export const MEASUREMENTS = {
  insert: `INSERT INTO measurement (identifier, sensor, at, payload) VALUES (?, ?, ?, ?)
    ON CONFLICT (identifier) DO NOTHING`,
  unbatched: `SELECT id, identifier, sensor, at, payload FROM measurement WHERE batch IS NULL AND id > ? AND id < ?
    ORDER BY id LIMIT ?`,
  unbatchedCount: `SELECT count(*) AS count FROM measurement WHERE batch IS NULL AND id < ?`,
  replace: `UPDATE measurement SET identifier = ?, at = ?, payload = ? WHERE id = ?`,
  find: `SELECT id, batch FROM measurement WHERE identifier = ?`,
  stored: `SELECT id, identifier, sensor, at, payload, batch FROM measurement WHERE identifier = ?`,
  around: `SELECT id, identifier, sensor, at, payload, batch FROM measurement WHERE at BETWEEN ? AND ? ORDER BY at`,
  leafOf: `SELECT position, observation FROM leaf WHERE batch = ? AND measurement = ?`,
  markBatched: `UPDATE measurement SET batch = ?, payload = NULL, samples = NULL WHERE id = ? AND batch IS NULL`,
  delete: `DELETE FROM measurement WHERE id = ?`,
  // The identifiers of a batch that no leaf needs any more.
  unneeded: `SELECT id FROM measurement m WHERE batch = ?
    AND NOT EXISTS (SELECT 1 FROM leaf WHERE measurement = m.id) ORDER BY id LIMIT ?`,
} as const

export const ALERTS = {
  insert: `INSERT INTO alert_transition (alert_id, condition, kind, priority, state, at, raised_at, observable,
    measurement, value, comparator, actor, actor_via, actor_note)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (alert_id, state, at) DO NOTHING`,
  upsertEpisode: `INSERT INTO alert_episode (alert_id, latest, active) VALUES (?, ?, ?)
    ON CONFLICT (alert_id) DO UPDATE SET latest = excluded.latest, active = excluded.active`,
  active: `SELECT ${TRANSITION} FROM alert_episode e JOIN alert_transition t ON t.id = e.latest
    WHERE e.active = 1 ORDER BY e.id`,
  byId: `SELECT ${TRANSITION} FROM alert_transition t WHERE t.id = ?`,
  latest: `SELECT ${TRANSITION} FROM alert_transition t ORDER BY t.id DESC LIMIT ?`,
  ofAlert: `SELECT ${TRANSITION} FROM alert_transition t WHERE t.alert_id = ? ORDER BY t.id`,
  between: `SELECT ${TRANSITION} FROM alert_transition t WHERE t.at BETWEEN ? AND ? ORDER BY t.at`,
  ofCondition: `SELECT ${TRANSITION} FROM alert_transition t WHERE t.alert_id BETWEEN ? AND ?
    ORDER BY t.alert_id DESC LIMIT ?`,
  episodeId: `SELECT id FROM alert_episode WHERE alert_id = ?`,
  ofEpisode: `SELECT ${TRANSITION} FROM alert_episode e JOIN alert_transition t ON t.alert_id = e.alert_id
    WHERE e.id = ? ORDER BY t.id`,
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
  episodesAfter: `SELECT id, alert_id AS alertId, latest, active FROM alert_episode WHERE id > ? ORDER BY id LIMIT ?`,
  transitionsOf: `SELECT id, measurement, at FROM alert_transition WHERE alert_id = ?`,
  names: `SELECT 1 FROM alert_transition WHERE measurement = ? LIMIT 1`,
  deleteDeliveries: `DELETE FROM alert_delivery WHERE transition = ?`,
  deliveriesOf: `SELECT id FROM alert_delivery WHERE transition = ?`,
  deleteTransition: `DELETE FROM alert_transition WHERE id = ?`,
  deleteEpisode: `DELETE FROM alert_episode WHERE id = ?`,
} as const

export const NOTIFICATIONS = {
  // The alert's latest transition: that of the same commit is stored before.
  insert: `INSERT INTO notification (key, reason, channel, contact, at, until, covers, transition, alert_id)
    SELECT ?, ?, ?, ?, ?, ?, ?, latest, alert_id FROM alert_episode WHERE alert_id = ? ON CONFLICT (key) DO NOTHING`,
  byId: `SELECT ${NOTIFICATION} FROM notification WHERE id = ?`,
  ofAlert: `SELECT ${NOTIFICATION} FROM notification WHERE alert_id = ? ORDER BY id`,
  told: `SELECT n.reason, n.channel, n.contact, n.at, d.delivered_at AS deliveredAt, o.state, o.reason AS trouble
    FROM notification n LEFT JOIN alert_delivery d ON d.notification = n.id
    LEFT JOIN lane l ON l.kind = 'alert' AND l.name = n.channel AND l.contact IS n.contact
    LEFT JOIN outbox o ON o.lane = l.key AND o.kind = 'notification' AND o.ref = n.id
    WHERE n.alert_id = ? ORDER BY n.id`,
  addDigestItem: `INSERT INTO digest_item (contact, alert_id, at) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`,
  removeDigestItem: `DELETE FROM digest_item WHERE contact = ? AND alert_id = ?`,
  digestItems: `SELECT contact, alert_id AS alertId, at FROM digest_item ORDER BY contact, alert_id`,
  ofTransition: `SELECT id FROM notification WHERE transition = ?`,
  deleteOfTransition: `DELETE FROM notification WHERE transition = ?`,
} as const

export const ALARM_ACTIONS = {
  add: `INSERT INTO alarm_action (action, at, subjects, actor, via, note, until) VALUES (?, ?, ?, ?, ?, ?, ?)`,
  latest: `SELECT action, at, subjects, actor AS "by", via, note, until FROM alarm_action ORDER BY id DESC LIMIT ?`,
  lastPause: `SELECT action, at, subjects, actor AS "by", via, note, until FROM alarm_action
    WHERE action IN ('pause', 'resume') ORDER BY id DESC LIMIT 1`,
} as const

export const BATCHES = {
  last: `SELECT ${HEADER} FROM batch WHERE number = (SELECT max(number) FROM batch)`,
  byNumber: `SELECT ${HEADER} FROM batch WHERE number = ?`,
  after: `SELECT ${HEADER} FROM batch WHERE number > ? AND count > 0 ORDER BY number`,
  numbers: `SELECT number FROM batch ORDER BY number`,
  insert: `INSERT INTO batch (number, gateway, previous_root, root, count, period_start, period_end, chain_id, contract,
    signature, closed_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  copy: `INSERT INTO batch (number, previous_root, signature, chain_id, contract, gateway, root, count, period_start,
    period_end, closed_at, leaf_hashes) SELECT ?, ?, ?, ?, ?, gateway, root, count, period_start, period_end, closed_at,
    leaf_hashes FROM batch WHERE number = ?`,
  joining: `SELECT number FROM batch WHERE previous_root = ? AND number > ? ORDER BY number LIMIT 1`,
  keepHashes: `UPDATE batch SET leaf_hashes = ? WHERE number = ?`,
  moveLeaf: `UPDATE leaf SET batch = ?, observation = ? WHERE batch = ? AND position = ?`,
  moveMeasurements: `UPDATE measurement SET batch = ? WHERE batch = ?`,
  delete: `DELETE FROM batch WHERE number = ?`,
  insertLeaf: `INSERT INTO leaf (batch, position, measurement, salt, observation) VALUES (?, ?, ?, x'', ?)`,
  leaves: `SELECT m.identifier, l.position, l.observation FROM leaf l
    JOIN measurement m ON m.id = l.measurement WHERE l.batch = ? ORDER BY l.position`,
  leafSlice: `SELECT l.position, l.measurement, m.identifier, m.sensor, l.observation
    FROM leaf l JOIN measurement m ON m.id = l.measurement WHERE l.batch = ? AND l.position >= ? ORDER BY l.position LIMIT ?`,
  deleteLeaf: `DELETE FROM leaf WHERE batch = ? AND position = ?`,
  // The leaf of a measurement whose batch was purged around it.
  leftOver: `SELECT l.batch, l.position FROM measurement m JOIN batch b ON b.number = m.batch
    JOIN leaf l ON l.measurement = m.id WHERE m.identifier = ? AND b.purged >= 2`,
  inStage: `SELECT number, closed_at AS closedAt FROM batch WHERE purged = ? AND number > ? ORDER BY number LIMIT ?`,
  stage: `UPDATE batch SET purged = ? WHERE number = ?`,
  saveProofs: `UPDATE batch SET purged = 1, leaf_hashes = ?, leaf_salts = ? WHERE number = ?`,
  dropProofs: `UPDATE batch SET purged = 4, leaf_hashes = NULL, leaf_salts = NULL WHERE number = ?`,
  proofs: `SELECT purged, root, leaf_hashes AS hashes, leaf_salts AS salts FROM batch WHERE number = ?`,
  // On the chain, or signed without one, and delivered to every FHIR target (or dropped there by a person).
  settledEverywhere: `SELECT 1 FROM batch b WHERE b.number = ?
    AND (b.chain_id = 0 OR EXISTS (SELECT 1 FROM anchor_receipt r WHERE r.batch = b.number)) AND NOT EXISTS (
    SELECT 1 FROM lane l WHERE l.configured = 1 AND l.kind = 'fhir' AND NOT EXISTS (
      SELECT 1 FROM outbox o WHERE o.lane = l.key AND o.kind = 'batch' AND o.ref = b.number
        AND o.state IN ('delivered', 'dropped')))`,
  // An anchor is not owed where it is on the chain already, or was signed for none; everything else is owed while the batch is held.
  owed: `SELECT b.number FROM batch b WHERE b.purged = 0 AND b.count > 0
    AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.lane = ? AND o.kind = 'batch' AND o.ref = b.number)
    AND (? = 0 OR (b.chain_id <> 0 AND NOT EXISTS (SELECT 1 FROM anchor_receipt r WHERE r.batch = b.number)))
    ORDER BY b.number`,
} as const

export const OUTBOX = {
  addLane: `INSERT INTO lane (key) VALUES (?) ON CONFLICT (key) DO UPDATE SET configured = 1`,
  unnamedLanes: `SELECT key FROM lane WHERE kind IS NULL`,
  nameLane: `UPDATE lane SET kind = ?, name = ?, contact = ? WHERE key = ?`,
  takeOver: `UPDATE OR IGNORE outbox SET lane = ? WHERE lane = ?
    AND kind IN ('alert', 'notification', 'communication', 'undelivered', 'flag')`,
  recount: `UPDATE lane SET
    rejected = (SELECT count(*) FROM outbox WHERE lane = key AND state = 'rejected'),
    dropped = (SELECT count(*) FROM outbox WHERE lane = key AND state = 'dropped'),
    resources_failed = (SELECT coalesce(sum(resources), 0) FROM outbox WHERE lane = key AND state IN ('rejected', 'dropped'))
    WHERE key = ?`,
  ofBatch: `SELECT id, state FROM outbox WHERE lane = ? AND kind = 'batch' AND ref = ?`,
  renumber: `UPDATE outbox SET ref = ?, state = ?, settled_at = CASE ? WHEN 'queued' THEN NULL ELSE settled_at END,
    next_at = NULL, resources = 0 WHERE id = ?`,
  forgetLanes: `UPDATE lane SET configured = 0`,
  add: `INSERT INTO outbox (lane, kind, ref, created_at) VALUES (?, ?, ?, ?) ON CONFLICT (lane, kind, ref) DO NOTHING`,
  find: `SELECT id FROM outbox WHERE lane = ? AND kind = ? AND ref = ?`,
  requeueClaimed: `UPDATE outbox SET state = 'queued' WHERE settled_at IS NULL AND state = 'claimed'`,
  recoverInflight: `UPDATE outbox SET state = 'failed', next_at = NULL,
    reason = 'the gateway stopped before the outcome was known'
    WHERE settled_at IS NULL AND state = 'inflight'`,
  head: `SELECT ${ENTRY} FROM outbox WHERE lane = ? AND settled_at IS NULL ORDER BY id LIMIT 1`,
  launch: `UPDATE outbox SET state = 'inflight', attempts = attempts + 1, next_at = NULL
    WHERE id = ? AND state IN ('queued', 'claimed', 'failed')`,
  settle: `UPDATE outbox SET state = ?, settled_at = ?, reason = ?, next_at = ?, resources = ?
    WHERE id = ? AND state = 'inflight'`,
  count: `UPDATE lane SET delivered = delivered + ?, rejected = rejected + ?,
    resources_accepted = resources_accepted + ?, resources_failed = resources_failed + ? WHERE key = ?`,
  depths: depthsOf(1),
  formerDepths: depthsOf(0),
  firstRejected: `SELECT id, created_at AS createdAt FROM outbox WHERE lane = ? AND state = 'rejected' ORDER BY id LIMIT 1`,
  allRejected: `SELECT id FROM outbox WHERE lane = ? AND state = 'rejected' ORDER BY id`,
  lanes: `SELECT key, configured FROM lane WHERE kind IS NOT NULL ORDER BY key`,
  // Alerts that a lane has not delivered, but for those of some conditions (a JSON array of names).
  untoldWaiting: `SELECT o.created_at AS createdAt FROM outbox o JOIN notification n ON n.id = o.ref
    JOIN alert_transition t ON t.id = n.transition
    WHERE o.lane = ? AND o.settled_at IS NULL AND o.kind = 'notification' AND t.condition NOT IN
      (SELECT value FROM json_each(?))
    ORDER BY o.id LIMIT 1`,
  untoldRejected: `SELECT o.created_at AS createdAt FROM outbox o JOIN notification n ON n.id = o.ref
    JOIN alert_transition t ON t.id = n.transition
    WHERE o.lane = ? AND o.state = 'rejected' AND o.kind = 'notification' AND t.condition NOT IN
      (SELECT value FROM json_each(?))
    ORDER BY o.id LIMIT 1`,
} as const

/** What a person sees of the outbox, and does to it. */
export const QUEUE = {
  entry: `SELECT ${QUEUED} FROM outbox WHERE id = ?`,
  waiting: `SELECT ${QUEUED} FROM outbox WHERE lane = ? AND settled_at IS NULL ORDER BY id LIMIT ?`,
  rejected: `SELECT ${QUEUED} FROM outbox WHERE lane = ? AND state = 'rejected' ORDER BY id LIMIT ?`,
  requeue: `UPDATE outbox SET state = 'queued', settled_at = NULL, next_at = NULL, resources = 0
    WHERE id = ? AND state IN ('rejected', 'dropped')`,
  drop: `UPDATE outbox SET state = 'dropped', settled_at = ?, next_at = NULL WHERE id = ? AND state = ?`,
  recount: `UPDATE lane SET rejected = rejected + ?, dropped = dropped + ?, resources_failed = resources_failed + ?
    WHERE key = ?`,
  audit: `SELECT action, actor, at, reason, refusal FROM outbox_audit WHERE entry = ? ORDER BY id`,
  addAudit: `INSERT INTO outbox_audit (entry, action, actor, at, reason, refusal) VALUES (?, ?, ?, ?, ?, ?)`,
  ofBatch: `SELECT ${QUEUED} FROM outbox WHERE lane = ? AND kind = 'batch' AND ref = ?`,
  ofAlert: `SELECT id, state FROM outbox WHERE lane = ? AND kind = ? AND ref = ?`,
  deleteDelivered: `DELETE FROM outbox WHERE lane = ? AND kind = ? AND ref = ? AND state = 'delivered'`,
  deleteTold: `DELETE FROM outbox WHERE id IN (SELECT id FROM outbox
    WHERE state = 'delivered' AND kind <> 'batch' AND settled_at < ? ORDER BY settled_at LIMIT ?)`,
} as const

export const ANCHORS = {
  transaction: `SELECT raw, hash, nonce FROM anchor_transaction WHERE batch = ?`,
  saveTransaction: `INSERT INTO anchor_transaction (batch, raw, hash, nonce) VALUES (?, ?, ?, ?)
    ON CONFLICT (batch) DO UPDATE SET raw = excluded.raw, hash = excluded.hash, nonce = excluded.nonce`,
  forgetTransaction: `DELETE FROM anchor_transaction WHERE batch = ?`,
  forgetReceipt: `DELETE FROM anchor_receipt WHERE batch = ?`,
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
  insert: `INSERT INTO setting_change (at, kind, name, change, actor, via) VALUES (?, ?, ?, ?, ?, ?)`,
  all: `SELECT at, kind, name, change, actor, via FROM setting_change ORDER BY id`,
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

export const CONTINUATIONS = {
  insert: `INSERT INTO journal_continuation (at, actor, shared, head, renumbered) VALUES (?, ?, ?, ?, ?)`,
  all: `SELECT at, actor AS "by", shared, head, renumbered FROM journal_continuation ORDER BY id`,
} as const

/** Of the checks that read everything. */
export const CHECK = {
  tables: `SELECT name, wr AS keyed FROM pragma_table_list WHERE schema = 'main' AND type = 'table'
    AND name NOT LIKE 'sqlite_%'`,
  leaves: `SELECT count(*) AS count FROM leaf WHERE batch = ?`,
  done: `INSERT INTO journal_check (id, at, rows) VALUES (1, ?, ?)
    ON CONFLICT (id) DO UPDATE SET at = excluded.at, rows = excluded.rows`,
  last: `SELECT at, rows, (SELECT count(*) FROM unopened_row) AS unopened FROM journal_check WHERE id = 1`,
} as const

export const UNOPENED = {
  insert: `INSERT INTO unopened_row (name, found_at) VALUES (?, ?) ON CONFLICT (name) DO NOTHING`,
  all: `SELECT name FROM unopened_row`,
  count: `SELECT count(*) AS count, min(found_at) AS foundAt FROM unopened_row WHERE accepted_at IS NULL`,
  some: `SELECT name FROM unopened_row WHERE accepted_at IS NULL LIMIT ?`,
  accept: `UPDATE unopened_row SET accepted_at = ? WHERE accepted_at IS NULL`,
} as const
