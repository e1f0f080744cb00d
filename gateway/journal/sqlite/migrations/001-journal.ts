/** Measurements, alerts, batches, lanes, anchors and keys. */
export const journal = `
-- APPLICATION_ID.
PRAGMA application_id = 1212312172;

-- id is the commit order. payload and samples are cleared once a batch holds the observation: the leaf has it.
CREATE TABLE measurement (
  id         INTEGER PRIMARY KEY,
  identifier TEXT NOT NULL UNIQUE,
  sensor     TEXT NOT NULL,
  at         INTEGER NOT NULL,
  payload    TEXT,
  samples    BLOB,
  batch      INTEGER REFERENCES batch(number)
);
CREATE INDEX measurement_unbatched ON measurement(id) WHERE batch IS NULL;

CREATE TABLE alert_transition (
  id          INTEGER PRIMARY KEY,
  alert_id    TEXT NOT NULL,
  condition   TEXT NOT NULL,
  kind        TEXT NOT NULL,
  priority    TEXT NOT NULL,
  state       TEXT NOT NULL,
  at          INTEGER NOT NULL,
  raised_at   INTEGER NOT NULL,
  observable  TEXT,
  measurement TEXT,
  value       REAL,
  comparator  TEXT,
  limit_value REAL,
  UNIQUE (alert_id, state, at)
);
CREATE TABLE alert_episode (
  id       INTEGER PRIMARY KEY,
  alert_id TEXT NOT NULL UNIQUE,
  latest   INTEGER NOT NULL REFERENCES alert_transition(id),
  active   INTEGER NOT NULL
);
CREATE INDEX alert_episode_active ON alert_episode(id) WHERE active = 1;

CREATE TABLE alert_delivery (
  id           INTEGER PRIMARY KEY,
  transition   INTEGER NOT NULL REFERENCES alert_transition(id),
  channel      TEXT NOT NULL,
  delivered_at INTEGER NOT NULL,
  UNIQUE (transition, channel)
);

CREATE TABLE batch (
  number        INTEGER PRIMARY KEY,
  gateway       TEXT NOT NULL,
  previous_root TEXT NOT NULL,
  root          TEXT NOT NULL,
  count         INTEGER NOT NULL,
  period_start  INTEGER NOT NULL,
  period_end    INTEGER NOT NULL,
  chain_id      INTEGER NOT NULL,
  contract      TEXT NOT NULL,
  signature     TEXT NOT NULL,
  closed_at     INTEGER NOT NULL
);
-- observation is the exact text that was hashed.
CREATE TABLE leaf (
  batch       INTEGER NOT NULL REFERENCES batch(number),
  position    INTEGER NOT NULL,
  measurement INTEGER NOT NULL REFERENCES measurement(id),
  salt        BLOB NOT NULL,
  observation TEXT NOT NULL
);
CREATE UNIQUE INDEX leaf_order ON leaf(batch, position);

-- configured = 0: a lane that an earlier configuration had; its entries wait until it is configured again.
CREATE TABLE lane (
  name               TEXT PRIMARY KEY,
  configured         INTEGER NOT NULL DEFAULT 1,
  delivered          INTEGER NOT NULL DEFAULT 0,
  rejected           INTEGER NOT NULL DEFAULT 0,
  resources_accepted INTEGER NOT NULL DEFAULT 0,
  resources_failed   INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE outbox (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  lane       TEXT NOT NULL REFERENCES lane(name),
  kind       TEXT NOT NULL,
  ref        INTEGER NOT NULL,
  state      TEXT NOT NULL DEFAULT 'queued',
  attempts   INTEGER NOT NULL DEFAULT 0,
  created_at INTEGER NOT NULL,
  next_at    INTEGER,
  reason     TEXT,
  settled_at INTEGER,
  UNIQUE (lane, kind, ref)
);
CREATE INDEX outbox_waiting ON outbox(lane, id) WHERE settled_at IS NULL;

CREATE TABLE anchor_transaction (
  batch INTEGER PRIMARY KEY REFERENCES batch(number),
  raw   TEXT NOT NULL,
  hash  TEXT NOT NULL,
  nonce INTEGER NOT NULL
);
CREATE TABLE anchor_receipt (
  batch            INTEGER PRIMARY KEY REFERENCES batch(number),
  transaction_hash TEXT NOT NULL,
  block_number     INTEGER NOT NULL,
  block_hash       TEXT NOT NULL,
  block_time       INTEGER NOT NULL,
  gas_used         INTEGER NOT NULL
);

CREATE TABLE epoch_key (
  epoch   TEXT PRIMARY KEY,
  wrapped TEXT NOT NULL
) WITHOUT ROWID;

-- Running counts, kept in the transaction that makes them true: counting rows would read the whole table.
CREATE TABLE total (
  name  TEXT PRIMARY KEY,
  count INTEGER NOT NULL
) WITHOUT ROWID;
`
