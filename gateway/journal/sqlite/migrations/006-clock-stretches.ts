/** Which run wrote what, and what its clocks said. */
export const clockStretches = `
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
`
