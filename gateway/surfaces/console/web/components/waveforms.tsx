import { sensorDefinitions } from '../../../../clinical/sensors/registry.js'
import type { LiveStore } from '../lib/live-store.js'
import { WINDOW_MS } from '../lib/sweep.js'
import { Card } from './card.js'
import { Trace } from './trace.js'

/** ECG and breathing always have their place; EMG has one once it has been seen (it shares the ECG's input). */
export function Waveforms({ store, connected }: { store: LiveStore; connected: boolean }) {
  const shown = [...store.traces].filter(
    ([sensor, trace]) => sensorDefinitions[sensor].waveform?.trace.always || !trace.empty,
  )
  return (
    <Card title="Waveforms" aside={`${WINDOW_MS / 1000} seconds a screen`} class="waveforms">
      {shown.map(([sensor, buffer]) => (
        <Trace
          key={sensor}
          sensor={sensor}
          buffer={buffer}
          heardAt={store.tracedAt.get(sensor)}
          connected={connected}
        />
      ))}
    </Card>
  )
}
