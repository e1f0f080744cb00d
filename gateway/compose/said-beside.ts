import { notMonitoredOf } from '#gateway/alarms/monitoring/monitoring.js'
import { describeNews2 } from '#gateway/clinical/scores/news2.js'
import type { Site } from './site.js'

/** What a home's messages say beside an alarm, when they are made. The alarms that are open are said with each already. */
export function saidBeside({ config, news2, journal, clock }: Site) {
  return () => ({
    ...config.alerts.message,
    news2: describeNews2({ ...news2.score(clock.run.now()), openAlarms: [] }),
    notMonitored: notMonitoredOf(journal.alarmActions, clock.now()),
  })
}
