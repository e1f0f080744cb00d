/** Rows that do not open, and when every row was read last. */
export const rowChecks = `
-- A sealed row that does not open, by its context; it stays where it is, and costs only itself.
CREATE TABLE unopened_row (
  name        TEXT PRIMARY KEY,
  found_at    INTEGER NOT NULL,
  accepted_at INTEGER
) WITHOUT ROWID;
CREATE TABLE journal_check (
  id   INTEGER PRIMARY KEY CHECK (id = 1),
  at   INTEGER NOT NULL,
  rows INTEGER NOT NULL
);
`
