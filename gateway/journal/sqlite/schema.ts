/**
 * The journal's tables, as append-only migrations: a released one is never edited, a change is a new one at the end.
 * `user_version` counts those applied.
 */
import { HomebeatError } from '#gateway/platform/errors.js'

/** "HBjl": tells a journal from any other SQLite file (https://www.sqlite.org/fileformat.html#application_id). */
export const APPLICATION_ID = 0x48426a6c

export const MIGRATIONS: readonly string[] = [
  `
  PRAGMA application_id = ${APPLICATION_ID};

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
  `,
  `
  -- Who acted on an alert, and by which way.
  ALTER TABLE alert_transition ADD COLUMN actor TEXT;
  ALTER TABLE alert_transition ADD COLUMN actor_via TEXT;
  ALTER TABLE alert_transition ADD COLUMN actor_note TEXT;
  CREATE INDEX alert_transition_alert ON alert_transition(alert_id);

  -- One message to one recipient; its key makes it one however often it is committed.
  CREATE TABLE notification (
    id         INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    transition INTEGER NOT NULL REFERENCES alert_transition(id),
    alert_id   TEXT NOT NULL,
    reason     TEXT NOT NULL,
    channel    TEXT NOT NULL,
    contact    TEXT,
    at         INTEGER NOT NULL,
    until      INTEGER,
    covers     TEXT
  );
  CREATE INDEX notification_alert ON notification(alert_id);
  CREATE INDEX notification_transition ON notification(transition);

  -- Low-priority alerts that a contact is told of later.
  CREATE TABLE digest_item (
    contact  TEXT NOT NULL,
    alert_id TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (contact, alert_id)
  ) WITHOUT ROWID;

  -- What people did to alarms.
  CREATE TABLE alarm_action (
    id       INTEGER PRIMARY KEY,
    action   TEXT NOT NULL,
    at       INTEGER NOT NULL,
    subjects TEXT NOT NULL,
    actor    TEXT NOT NULL,
    via      TEXT NOT NULL,
    note     TEXT,
    until    INTEGER
  );

  -- A delivery is of a notification; the older ones were of a transition.
  CREATE TABLE alert_delivery_new (
    id           INTEGER PRIMARY KEY,
    transition   INTEGER NOT NULL REFERENCES alert_transition(id),
    notification INTEGER UNIQUE REFERENCES notification(id),
    channel      TEXT NOT NULL,
    contact      TEXT,
    reason       TEXT NOT NULL,
    delivered_at INTEGER NOT NULL
  );
  INSERT INTO alert_delivery_new (id, transition, channel, reason, delivered_at)
    SELECT d.id, d.transition, d.channel, CASE t.state WHEN 'active' THEN 'raised' ELSE t.state END, d.delivered_at
    FROM alert_delivery d JOIN alert_transition t ON t.id = d.transition;
  DROP TABLE alert_delivery;
  ALTER TABLE alert_delivery_new RENAME TO alert_delivery;
  CREATE INDEX alert_delivery_transition ON alert_delivery(transition);
  `,
  `
  -- payload is cleared, and mapped_at set, when a later mapping has made measurements of it. bytes: its length as sent.
  CREATE TABLE unmapped_message (
    id          INTEGER PRIMARY KEY,
    device      TEXT NOT NULL,
    topic       TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    code        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    bytes       INTEGER NOT NULL,
    payload     BLOB,
    mapped_at   INTEGER
  );
  CREATE INDEX unmapped_message_waiting ON unmapped_message(id) WHERE mapped_at IS NULL;
  -- What waits of each device, and what found no room; kept in the transaction that makes it true.
  CREATE TABLE unmapped_count (
    device     TEXT PRIMARY KEY,
    waiting    INTEGER NOT NULL,
    bytes      INTEGER NOT NULL,
    overflowed INTEGER NOT NULL
  ) WITHOUT ROWID;
  `,
  `
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
  `,
  `
  -- From here on a health value is a sealed blob (cipher.ts): measurement.payload (payload and samples),
  -- leaf.observation (salt and observation; salt is empty), alert_transition.value (value and limit; limit_value is
  -- null). Clear ones of before, told by their type, are sealed at the next start.
  CREATE TABLE journal_key (
    id          INTEGER PRIMARY KEY CHECK (id = 1),
    check_value BLOB NOT NULL,
    -- 0: clear rows may be left, in the tables or in free pages of the file.
    all_sealed  INTEGER NOT NULL
  );

  -- What was lost, until a person has taken note of it.
  CREATE TABLE journal_damage (
    id          INTEGER PRIMARY KEY,
    found_at    INTEGER NOT NULL,
    reason      TEXT NOT NULL,
    set_aside   TEXT NOT NULL,
    report      TEXT NOT NULL,
    -- 0: which batch was the last is not known yet.
    head_known  INTEGER NOT NULL,
    accepted_at INTEGER
  );
  `,
  `
  -- Beside the wall time of each row: which run wrote it, and what that run's monotonic clock said (see ClockStretch).
  CREATE TABLE clock_stretch (
    id                INTEGER PRIMARY KEY,
    run               INTEGER REFERENCES clock_stretch(id),
    monotonic_ms      INTEGER NOT NULL,
    wall_ms           INTEGER NOT NULL,
    trusted           INTEGER NOT NULL,
    first_measurement INTEGER NOT NULL,
    first_transition  INTEGER NOT NULL,
    newest_ms         INTEGER NOT NULL,
    moved_ms          INTEGER
  );
  `,
  `
  -- What else was going on when an alarm was raised.
  CREATE INDEX measurement_at ON measurement(at);
  CREATE INDEX alert_transition_at ON alert_transition(at);
  `,
  `
  -- What clinicians changed for this patient; null where it goes back to the configuration.
  CREATE TABLE setting_change (
    id     INTEGER PRIMARY KEY,
    at     INTEGER NOT NULL,
    kind   TEXT NOT NULL,
    name   TEXT NOT NULL,
    -- Sealed: the change as JSON, and why.
    change BLOB NOT NULL,
    actor  TEXT NOT NULL,
    via    TEXT NOT NULL
  );

  -- What people saw of the patient and entered.
  CREATE TABLE patient_entry (
    id    INTEGER PRIMARY KEY,
    at    INTEGER NOT NULL,
    what  TEXT NOT NULL,
    -- Sealed.
    value BLOB NOT NULL,
    actor TEXT NOT NULL,
    via   TEXT NOT NULL
  );
  CREATE INDEX patient_entry_what ON patient_entry(what, id);

  -- What each hour's values were, for trends: 15 days. payload is sealed JSON: count, mean, min, max.
  CREATE TABLE hourly_aggregate (
    hour    INTEGER NOT NULL,
    number  TEXT NOT NULL,
    payload BLOB NOT NULL,
    PRIMARY KEY (hour, number)
  ) WITHOUT ROWID;
  `,
  `
  -- The parts of a lane, of which its key is made (laneKey). null: not read from its key yet, which is done at each start.
  ALTER TABLE lane RENAME COLUMN name TO key;
  ALTER TABLE lane ADD COLUMN kind TEXT;
  ALTER TABLE lane ADD COLUMN name TEXT;
  ALTER TABLE lane ADD COLUMN contact TEXT;
  CREATE INDEX lane_parts ON lane(kind, name, contact);
  `,
]

/** What `migrate` needs of a database; `pragma` as better-sqlite3 has it. */
interface Migratable {
  pragma(source: string, options: { simple: true }): unknown
  exec(sql: string): unknown
}

/** Brings a database to the newest schema, each step in a transaction of its own. Throws `journal.newer-schema`. */
export function migrate(database: Migratable, path: string): void {
  for (let version = checkVersion(database, path); version < MIGRATIONS.length; version++) {
    database.exec('BEGIN IMMEDIATE')
    try {
      database.exec(MIGRATIONS[version] as string)
      database.exec(`PRAGMA user_version = ${version + 1}`)
      database.exec('COMMIT')
    } catch (error) {
      database.exec('ROLLBACK')
      throw error
    }
  }
}

/** The schema version of a journal (0: an empty file). Throws when the file is not a journal this Homebeat can use. */
export function checkVersion(database: Migratable, path: string): number {
  const version = Number(database.pragma('user_version', { simple: true }))
  const application = Number(database.pragma('application_id', { simple: true }))
  if (application !== APPLICATION_ID && (application !== 0 || version !== 0))
    throw new HomebeatError(
      'journal.not-a-journal',
      `${path} is a database of another program: give Homebeat a data folder of its own (dataDir).`,
    )
  if (version > MIGRATIONS.length)
    throw new HomebeatError(
      'journal.newer-schema',
      `The journal ${path} was written by a newer Homebeat (schema ${version}, this one knows ${MIGRATIONS.length}): install that version or a later one.`,
    )
  return version
}
