/** Putting back and dropping by hand; what may leave the journal. */
export const queueAndRetention = `
-- What a retry takes back from the lane's count of refused resources.
ALTER TABLE outbox ADD COLUMN resources INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lane ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0;
CREATE INDEX outbox_rejected ON outbox(lane, id) WHERE state = 'rejected';
CREATE INDEX outbox_told ON outbox(settled_at) WHERE state = 'delivered' AND kind <> 'batch';
-- Who put an entry back or dropped it, when, why, and what the far end had said. Never purged.
CREATE TABLE outbox_audit (
  id      INTEGER PRIMARY KEY,
  entry   INTEGER NOT NULL,
  action  TEXT NOT NULL,
  actor   TEXT NOT NULL,
  at      INTEGER NOT NULL,
  reason  TEXT,
  refusal TEXT
);
CREATE INDEX outbox_audit_entry ON outbox_audit(entry);

-- purged: 0 held; 1 its leaves are going; 2 gone, leaf_hashes stands for them; 3 its identifiers are gone too; 4 its hashes too.
ALTER TABLE batch ADD COLUMN purged INTEGER NOT NULL DEFAULT 0;
-- 32 bytes a leaf, in leaf order.
ALTER TABLE batch ADD COLUMN leaf_hashes BLOB;
-- The same of their salts, where no sealed target has them.
ALTER TABLE batch ADD COLUMN leaf_salts BLOB;
CREATE INDEX batch_purged ON batch(purged, number);
-- Without these, deleting a row reads the whole table that refers to it.
CREATE INDEX measurement_batch ON measurement(batch, id) WHERE batch IS NOT NULL;
CREATE INDEX leaf_measurement ON leaf(measurement);
CREATE INDEX alert_episode_latest ON alert_episode(latest);
CREATE INDEX alert_transition_measurement ON alert_transition(measurement) WHERE measurement IS NOT NULL;
`
