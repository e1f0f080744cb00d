/** Statements of salvaging only: they read whole tables, once, of a journal that nobody uses yet. */

import { BATCHES } from '#gateway/journal/sqlite/queries.js'
import { NO_ROOT } from '#gateway/model/batch.js'

const KNOWN_BATCH = 'SELECT number FROM batch'
const FHIR_LANES = `SELECT key FROM lane WHERE kind = 'fhir'`
const LEAVES = 'SELECT count(*) FROM leaf WHERE batch = b.number'
/** Of an incomplete batch: something is left, and the hashes of what is not. */
const PROVABLE = `(${LEAVES}) > 0 AND b.leaf_hashes IS NOT NULL`
/** A batch by which the gateway joined a chain: its leaves are commitments, and stand in no table. */
const JOINING = `(b.number > 1 AND b.previous_root = '${NO_ROOT}')`
/** Batches that somebody still waits for, or of which a part is left, and whose leaves are not all there. */
const INCOMPLETE = `SELECT b.number FROM batch b WHERE b.purged = 0 AND NOT ${JOINING} AND (${LEAVES}) <> b.count AND ((${LEAVES}) > 0
  OR EXISTS (SELECT 1 FROM outbox WHERE kind = 'batch' AND ref = b.number AND settled_at IS NULL AND lane IN (${FHIR_LANES}))
  OR (NOT EXISTS (SELECT 1 FROM outbox WHERE kind = 'batch' AND ref = b.number)
    AND NOT EXISTS (SELECT 1 FROM anchor_receipt WHERE batch = b.number)))`

export const SALVAGE = {
  columns: `SELECT name, type, pk FROM pragma_table_info(?) ORDER BY cid`,
  signatureOf: `SELECT signature FROM batch WHERE number = ?`,
  insertBatch: BATCHES.insert,
  dropBatch: BATCHES.delete,
  batches: `SELECT number, gateway, previous_root AS previousRoot, root, count, period_start AS periodStart,
    period_end AS periodEnd, chain_id AS chainId, contract, signature FROM batch ORDER BY number`,
  numbers: BATCHES.numbers,
  leavesFirst: [
    `DELETE FROM leaf WHERE batch NOT IN (${KNOWN_BATCH})`,
    // A measurement that a leaf holds is in its batch, even where the page of the measurement is an older one.
    `CREATE TEMP TABLE batched AS SELECT measurement AS id, batch FROM leaf`,
    `CREATE UNIQUE INDEX temp.batched_id ON batched(id)`,
    `UPDATE measurement SET payload = NULL, samples = NULL, batch = (SELECT batch FROM batched b WHERE b.id = measurement.id)
      WHERE id IN (SELECT id FROM batched)`,
    `DELETE FROM measurement WHERE batch IS NOT NULL AND batch NOT IN (${KNOWN_BATCH})`,
  ],
  strayLeaves: `SELECT batch, position, measurement, observation FROM leaf
    WHERE measurement NOT IN (SELECT id FROM measurement)`,
  insertMeasurement: `INSERT OR IGNORE INTO measurement (id, identifier, sensor, at, batch)
    VALUES (?, ?, '', (SELECT period_start FROM batch WHERE number = ?), ?)`,
  reunite: [
    `DELETE FROM leaf WHERE measurement NOT IN (SELECT id FROM measurement)`,
    `DELETE FROM anchor_transaction WHERE batch NOT IN (${KNOWN_BATCH})`,
    `DELETE FROM anchor_receipt WHERE batch NOT IN (${KNOWN_BATCH})`,
    `DELETE FROM notification WHERE transition NOT IN (SELECT id FROM alert_transition)`,
    `DELETE FROM alert_delivery WHERE transition NOT IN (SELECT id FROM alert_transition)`,
    `UPDATE alert_delivery SET notification = NULL WHERE notification NOT IN (SELECT id FROM notification)`,
    `INSERT INTO alert_episode (alert_id, latest, active)
      SELECT alert_id, max(id), 0 FROM alert_transition GROUP BY alert_id ORDER BY min(id)`,
    `UPDATE alert_episode SET active = (SELECT t.state <> 'cleared' FROM alert_transition t WHERE t.id = latest)`,
    `INSERT OR IGNORE INTO lane (key, configured) SELECT DISTINCT lane, 0 FROM outbox`,
    `DELETE FROM outbox WHERE kind = 'batch' AND ref NOT IN (${KNOWN_BATCH})`,
    `DELETE FROM outbox WHERE kind = 'alert' AND ref NOT IN (SELECT id FROM alert_transition)`,
    `DELETE FROM outbox WHERE kind = 'notification' AND ref NOT IN (SELECT id FROM notification)`,
    `DELETE FROM outbox WHERE kind = 'communication' AND ref NOT IN (SELECT id FROM alert_delivery)`,
    `INSERT INTO total (name, count) SELECT 'measurement.' || sensor, count(*) FROM measurement WHERE sensor <> ''
      GROUP BY sensor ON CONFLICT (name) DO UPDATE SET count = max(count, excluded.count)`,
    `INSERT INTO total (name, count) SELECT 'batches.closed', coalesce(max(number), 0) FROM batch WHERE true
      ON CONFLICT (name) DO UPDATE SET count = max(count, excluded.count)`,
    `INSERT INTO total (name, count) SELECT 'batches.anchored', count(*) + coalesce(sum(CASE WHEN ${JOINING} THEN b.count END), 0)
      FROM anchor_receipt r LEFT JOIN batch b ON b.number = r.batch WHERE true
      ON CONFLICT (name) DO UPDATE SET count = max(count, excluded.count)`,
  ],
  incomplete: `${INCOMPLETE} ORDER BY b.number`,
  /** Without the hashes of what is lost nothing else in the batch can be proved: it is not sent. */
  rejectIncomplete: `UPDATE outbox SET state = 'rejected', settled_at = ?,
    reason = 'its records were lost when the journal was damaged'
    WHERE kind = 'batch' AND settled_at IS NULL AND lane IN (${FHIR_LANES}) AND ref IN (${INCOMPLETE} AND NOT (${PROVABLE}))`,
  /** Batches that are whole, or of which the rest can be proved; a lane that has no entry of one may never have had it. */
  complete: `SELECT b.number AS id FROM batch b WHERE b.count > 0 AND b.purged = 0
    AND ((${LEAVES}) = b.count OR ${PROVABLE}) ORDER BY b.number`,
  notAnchored: `SELECT number AS id FROM batch WHERE count > 0 AND chain_id <> 0 AND number NOT IN (SELECT batch FROM anchor_receipt)
    ORDER BY number`,
  /** A chain takes batches in order only, so entries go in by number. */
  dropWaitingAnchors: `DELETE FROM outbox WHERE kind = 'batch' AND settled_at IS NULL AND lane = ?`,
  /** Notifications of open alerts that nobody is known to have got. The dispatcher makes those that were never made. */
  untold: `SELECT n.id, n.channel, n.contact FROM alert_episode e JOIN notification n ON n.alert_id = e.alert_id
    WHERE e.active = 1 AND n.id NOT IN (SELECT notification FROM alert_delivery WHERE notification IS NOT NULL)
    ORDER BY n.id`,
  activeTransitions: `SELECT latest AS id FROM alert_episode WHERE active = 1 ORDER BY latest`,
} as const
