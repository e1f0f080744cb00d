/** Messages that became no reading. */
export const unmappedMessages = `
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
`
