/** Who is told, who acted; a delivery is of a notification. */
export const notifications = `
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
`
