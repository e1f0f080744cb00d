/** A lane by its parts. */
export const laneParts = `
-- The parts of a lane, of which its key is made (laneKey). null: not read from its key yet, which is done at each start.
ALTER TABLE lane RENAME COLUMN name TO key;
ALTER TABLE lane ADD COLUMN kind TEXT;
ALTER TABLE lane ADD COLUMN name TEXT;
ALTER TABLE lane ADD COLUMN contact TEXT;
CREATE INDEX lane_parts ON lane(kind, name, contact);
`
