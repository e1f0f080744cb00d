/** The latest pause of monitoring, found without reading every act on alarms. */
export const pauses = `
CREATE INDEX alarm_action_pause ON alarm_action(id) WHERE action IN ('pause', 'resume');
`
