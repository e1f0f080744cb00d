import { sensorDefinitions } from '../../../../clinical/sensors/registry.js'
import type { LiveAlert, LiveValue } from '../../../../model/live.js'
import { timeSeenFrom } from '../../../../wording/times.js'
import { conditionWords, PRIORITY_WORDS, type Shown, show } from '../../../../wording/words.js'
import { PriorityIcon, SensorIcon } from './icons.js'

const STATE_WORDS: Readonly<Record<Shown['state'], string>> = {
  live: '',
  stale: 'Not live',
  missing: 'No value',
  none: 'Waiting',
}

interface TileProps {
  readonly value: LiveValue
  /** Of this sensor, those that are not over, the worst first. */
  readonly alerts: readonly LiveAlert[]
  readonly now: number
  readonly connected: boolean
}

export function SensorTile({ value, alerts, now, connected }: TileProps) {
  const shown = show(value, now, connected)
  const state = STATE_WORDS[shown.state]
  const notes = shown.notes.filter((note) => note.toLowerCase() !== state.toLowerCase()).join(': ')
  const [worst] = alerts
  const look = worst ? ` tile-alarm tile-alarm-${worst.priority} tile-alarm-${worst.kind}` : ''
  return (
    <li
      class={`tile tile-${shown.state}${look}`}
      data-sensor={value.sensor}
      data-state={shown.state}
      data-alarm={worst?.priority}
    >
      <h3>
        <SensorIcon sensor={value.sensor} />
        {sensorDefinitions[value.sensor].label}
      </h3>
      <p class={`tile-value tile-${shown.kind}${shown.text.length > 5 ? ' tile-long' : ''}`}>
        <span class="tile-text">{shown.text}</span>
        {shown.unit !== '' && <span class="tile-unit">{shown.unit}</span>}
      </p>
      {worst && <TileAlarm alert={worst} more={alerts.length - 1} now={now} />}
      <p class="tile-foot">
        {state !== '' && <span class="tag tag-state">{state}</span>}
        <span class="tile-age">{shown.age}</span>
        {notes !== '' && <span class="tile-notes">{notes}</span>}
      </p>
    </li>
  )
}

/** What is wrong, in words: the limit, the worst value so far, since when, and whether somebody knows. */
function TileAlarm({ alert, more, now }: { alert: LiveAlert; more: number; now: number }) {
  const { condition, kind, priority, state, limit, worst, raisedAt } = alert
  const known =
    state === 'acknowledged' ? 'acknowledged' : state === 'latched' ? 'over, not acknowledged' : 'not acknowledged'
  const about = [
    ...(limit ? [`limit ${limit}`] : []),
    ...(worst ? [`worst ${worst}`] : []),
    `since ${timeSeenFrom(raisedAt, now)}, ${known}`,
    ...(more > 0 ? [`${more} more in the list`] : []),
  ]
  return (
    <p class="tile-alarm-words">
      <span class="tile-alarm-top">
        <PriorityIcon priority={priority} />
        {kind === 'technical' ? `Equipment, ${PRIORITY_WORDS[priority].toLowerCase()}` : PRIORITY_WORDS[priority]}
      </span>
      <strong>{conditionWords(condition)}</strong>
      <span>{about.join(', ')}</span>
    </p>
  )
}
