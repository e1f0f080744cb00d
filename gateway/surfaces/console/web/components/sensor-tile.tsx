import { sensorDefinitions } from '../../../../clinical/sensors/registry.js'
import type { LiveValue } from '../../../../model/live.js'
import { type Shown, show } from '../../../../wording/words.js'
import { SensorIcon } from './icons.js'

const STATE_WORDS: Readonly<Record<Shown['state'], string>> = {
  live: '',
  stale: 'Not live',
  missing: 'No value',
  none: 'Waiting',
}

export function SensorTile({ value, now, connected }: { value: LiveValue; now: number; connected: boolean }) {
  const shown = show(value, now, connected)
  const state = STATE_WORDS[shown.state]
  const notes = shown.notes.filter((note) => note.toLowerCase() !== state.toLowerCase()).join(': ')
  return (
    <li class={`tile tile-${shown.state}`} data-sensor={value.sensor} data-state={shown.state}>
      <h3>
        <SensorIcon sensor={value.sensor} />
        {sensorDefinitions[value.sensor].label}
      </h3>
      <p class={`tile-value tile-${shown.kind}${shown.text.length > 5 ? ' tile-long' : ''}`}>
        <span class="tile-text">{shown.text}</span>
        {shown.unit !== '' && <span class="tile-unit">{shown.unit}</span>}
      </p>
      <p class="tile-foot">
        {state !== '' && <span class="tag tag-state">{state}</span>}
        <span class="tile-age">{shown.age}</span>
        {notes !== '' && <span class="tile-notes">{notes}</span>}
      </p>
    </li>
  )
}
