/** Health values are sealed; what damage took. */
export const sealedRows = `
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
`
