import type { LiveStore, TraceSensor } from '../lib/live-store.js'
import { WINDOW_MS } from '../lib/sweep.js'
import { Card } from './card.js'
import { Trace } from './trace.js'

/** ECG and breathing always have their place; EMG only when it has been seen (it shares the ECG's input). */
export function Waveforms({ store, connected }: { store: LiveStore; connected: boolean }) {
  const sensors: TraceSensor[] = ['ecg', 'airflow']
  if (!store.traces.emg.empty) sensors.push('emg')
  return (
    <Card title="Waveforms" aside={`${WINDOW_MS / 1000} seconds a screen`} class="waveforms">
      {sensors.map((sensor) => (
        <Trace key={sensor} store={store} sensor={sensor} connected={connected} />
      ))}
    </Card>
  )
}
