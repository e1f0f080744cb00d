/**
 * The journal's tables, as append-only migrations: a released one is never edited, a change is a new one at the end.
 * `user_version` counts those applied.
 */
import { HomebeatError } from '#gateway/runtime/errors.js'

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
