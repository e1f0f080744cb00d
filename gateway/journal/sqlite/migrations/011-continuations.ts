/** That batches went on after the contract's last one, which the journal did not have. */
export const continuations = `
CREATE TABLE journal_continuation (
  id         INTEGER PRIMARY KEY,
  at         INTEGER NOT NULL,
  -- Null: the gateway itself, after damage.
  actor      TEXT,
  -- The last batch that journal and contract both had, and the contract's last.
  shared     INTEGER NOT NULL,
  head       INTEGER NOT NULL,
  renumbered INTEGER NOT NULL
);
`
