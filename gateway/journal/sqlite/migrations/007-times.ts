/** Looking things up by their time. */
export const times = `
-- What else was going on when an alarm was raised.
CREATE INDEX measurement_at ON measurement(at);
CREATE INDEX alert_transition_at ON alert_transition(at);
`
