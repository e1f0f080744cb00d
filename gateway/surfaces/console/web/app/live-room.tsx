import { AlertList } from '../components/alert-list.js'
import { ChainCard } from '../components/chain-card.js'
import { LaneTable } from '../components/lane-table.js'
import { LostBanner } from '../components/lost-banner.js'
import { MonitoringCard } from '../components/monitoring-card.js'
import { NotMonitoredBanner } from '../components/not-monitored.js'
import { SensorTile } from '../components/sensor-tile.js'
import { SourceList } from '../components/source-list.js'
import { TrendCharts } from '../components/trend-charts.js'
import { Waveforms } from '../components/waveforms.js'
import { useNow } from '../lib/hooks.js'
import { type LiveStore, type Snapshot, tileValues } from '../lib/live-store.js'
import { alertsOfSensor } from '../lib/open-alerts.js'

/** The first room: what the home's sensors say now, and what became of it. */
export function LiveRoom({ store, snapshot }: { store: LiveStore; snapshot: Snapshot }) {
  const now = useNow(store)
  const { status, values, connection } = snapshot
  const connected = connection !== 'lost'
  return (
    <main id="main" class="room">
      <div class="banners">
        <NotMonitoredBanner status={status} />
        {!connected && <LostBanner status={status} />}
      </div>
      <div class="room-alerts">
        <AlertList status={status} now={now} connected={connected} />
      </div>
      <div class="room-values">
        <section aria-labelledby="values-title">
          <h2 id="values-title" class="visually-hidden">
            Values
          </h2>
          <ul class="tiles">
            {tileValues(values).map((value) => (
              <SensorTile
                key={value.sensor}
                value={value}
                alerts={alertsOfSensor(status?.alerts ?? [], value.sensor)}
                now={now}
                connected={connected}
              />
            ))}
          </ul>
        </section>
        <Waveforms store={store} connected={connected} />
        <TrendCharts store={store} />
        <SourceList status={status} connected={connected} />
      </div>
      <div class="room-line">
        <ChainCard status={status} now={now} connected={connected} />
        <LaneTable status={status} now={now} connected={connected} />
        <MonitoringCard status={status} connected={connected} />
      </div>
    </main>
  )
}
