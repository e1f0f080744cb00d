/** What clinicians change and people enter; trends. */
export const patient = `
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
`
