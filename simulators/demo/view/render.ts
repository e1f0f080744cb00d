/** The terminal view as text. Pure: the same state and size give the same picture. */
import { SENSORS, sensorDefinitions } from '#gateway/clinical/sensors/registry.js'
import { leastSpanOf, type SensorDefinition } from '#gateway/clinical/sensors/sensor-definition.js'
import type { LiveAlert } from '#gateway/model/live.js'
import { shownPriority } from '#gateway/model/rehearsal.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { notMonitoredWords } from '#gateway/wording/monitoring-words.js'
import { ageWords, conditionWords, durationWords, laneWords, priorityMark, show } from '#gateway/wording/words.js'
import { bold, clip, cyan, dim, green, red, sized, width, yellow } from './ansi.js'
import { strip } from './strip.js'
import type { ViewState } from './view-state.js'

const RANK = { high: 0, medium: 1, low: 2 } as const
const MARK = { high: '▲', medium: '◆', low: '●' } as const
const PAINT = { high: red, medium: yellow, low: cyan } as const
const ALERTS_SHOWN = 5
const TWO_COLUMNS_FROM = 78

/** At most `rows` lines of at most `columns` characters, with ANSI styles. */
export function renderView(state: ViewState, columns: number, rows: number): string {
  const rule = dim('─'.repeat(Math.max(0, columns)))
  const head = [header(state, columns), ...notMonitored(state), rule, ...values(state, columns)]
  const tail = [
    ...alerts(state),
    '',
    ...line(state, columns),
    '',
    dim(' Ctrl-C ends the demo. Not a certified medical device.'),
  ]
  const room = rows - head.length - tail.length - 2
  const middle = room < 2 ? [''] : ['', ...ecg(state, columns, Math.min(room, 6)), '']
  return [...head, ...middle, ...tail]
    .slice(0, Math.max(0, rows))
    .map((text) => clip(text, columns))
    .join('\n')
}

/** One line without styles, for a log or a pipe. */
export function renderLine(state: ViewState): string {
  const { status } = state
  if (state.connection !== 'live' || status === null)
    return `${clock(state, state.now)} the gateway is not reachable yet`
  const shown = shownSensors(state).map(({ kind: sensor, short }) => {
    const value = state.values.get(sensor)
    const words = value ? show(value, state.now) : null
    return `${short} ${words ? `${words.text}${words.unit && ` ${words.unit}`}` : '–'}`
  })
  const active = activeAlerts(status)
  const alertWords = active.map((alert) => `${priorityMark(alert)}: ${conditionWords(alert.condition)}`).join(', ')
  const { closed, anchored } = status.batches
  const paused = status.notMonitored ? `${notMonitoredWords(status.notMonitored)} | ` : ''
  return `${clock(state, state.now)} ${paused}${shown.join(', ')} | alerts: ${alertWords || 'none'} | batches: ${closed} closed, ${anchored} anchored`
}

function header(state: ViewState, columns: number): string {
  const words = { connecting: yellow('connecting…'), live: green('live'), lost: red('NOT LIVE') }[state.connection]
  const left = ` ${bold('Homebeat')} ${state.status?.home ?? ''} ${words} ${clock(state, state.now)}`
  const right = `${state.url} `
  const space = columns - width(left) - width(right)
  return space > 0 ? left + ' '.repeat(space) + right : left
}

/** Before everything else: values that are shown are of nobody who is watched. */
function notMonitored({ status }: ViewState): string[] {
  return status?.notMonitored ? [` ${bold(yellow(notMonitoredWords(status.notMonitored)))}`] : []
}

function values(state: ViewState, columns: number): string[] {
  const two = columns >= TWO_COLUMNS_FROM
  const each = two ? Math.floor((columns - 3) / 2) : columns
  const cells = shownSensors(state).map((definition) => cell(state, definition, each))
  if (!two) return cells
  const half = Math.ceil(cells.length / 2)
  return cells.slice(0, half).map((left, i) => `${sized(left, each)} ${dim('│')} ${cells[half + i] ?? ''}`)
}

/** Those of the kit, and what else has given a value: there is no room for what a home may have. */
function shownSensors({ values }: ViewState): SensorDefinition[] {
  return SENSORS.filter(({ kind, kitLines }) => kitLines.length > 0 || typeof values.get(kind)?.at === 'number')
}

/** Name, figures, then as much of age, state and notes as there is room for. */
function cell(state: ViewState, { kind: sensor, label, short }: SensorDefinition, columns: number): string {
  const value = state.values.get(sensor) ?? { sensor, at: null, value: null, unit: '', quality: 'good', remarks: [] }
  const shown = show(value, state.now, state.connection !== 'lost')
  const roomy = columns >= 44
  const name = roomy ? sized(label, 17) : sized(short, 11)
  const figures = sized(`${shown.text} ${shown.unit}`.trimEnd(), roomy ? 17 : 14)
  const notLive = shown.state === 'stale' ? ['not live'] : []
  const age = shown.state === 'missing' && !roomy ? [] : [shown.age]
  const parts = roomy ? [...age, ...notLive, ...shown.notes] : [...notLive, ...age, ...shown.notes]
  const words = joined(parts, columns - width(name) - width(figures) - 3)
  return ` ${name} ${shown.state === 'live' ? bold(figures) : dim(figures)} ${dim(words)}`
}

/** As many of the parts as fit, with commas; the first one in any case. */
function joined(parts: readonly string[], columns: number): string {
  const fitting = parts.filter((_, i) => i === 0 || parts.slice(0, i + 1).join(', ').length <= columns)
  return clip(fitting.join(', '), columns)
}

function ecg(state: ViewState, columns: number, rows: number): string[] {
  const leastSpan = leastSpanOf(sensorDefinitions.ecg, state.ecg?.unit ?? '')
  const lines = strip(state.ecg?.samples ?? [], Math.max(0, columns - 6), rows, leastSpan)
  const paint = state.connection === 'live' ? green : dim
  return lines.map((text, i) => `${i === 0 ? ' ECG ' : '     '}${paint(text)}`)
}

function alerts(state: ViewState): string[] {
  const active = activeAlerts(state.status)
  if (active.length === 0) return [` ${bold('Alerts')}   ${state.status ? 'none active' : 'not known yet'}`]
  const lines = active.slice(0, ALERTS_SHOWN).map((alert) => alertLine(state, alert))
  const more = active.length - lines.length
  return [` ${bold('Alerts')}   ${active.length} active`, ...lines, ...(more > 0 ? [dim(`   and ${more} more`)] : [])]
}

/** Worst first, then newest first. */
function activeAlerts(status: GatewayStatus | null): LiveAlert[] {
  return (status?.alerts ?? [])
    .filter((alert) => alert.state !== 'cleared')
    .sort((a, b) => RANK[shownPriority(a)] - RANK[shownPriority(b)] || b.raisedAt - a.raisedAt)
}

function alertLine(state: ViewState, alert: LiveAlert): string {
  const priority = shownPriority(alert)
  const what = `${MARK[priority]} ${priorityMark(alert).toUpperCase().padEnd(6)} ${conditionWords(alert.condition)}`
  const since = `since ${clock(state, alert.raisedAt)} (${durationWords(state.now - alert.raisedAt)})`
  const to = alert.deliveredTo.length > 0 ? `delivered to ${alert.deliveredTo.join(', ')}` : 'not delivered yet'
  return `   ${PAINT[priority](what)}  ${since}, ${to}`
}

/** Lanes, batches, sources and frames: what became of the values. */
function line(state: ViewState, columns: number): string[] {
  const { status } = state
  if (!status) return [dim(' Waiting for the gateway…')]
  return [
    ...wrapped('Lanes', lanes(status, state.now), columns),
    ...wrapped('Batches', batches(status, state.now), columns),
    ...wrapped('Sources', sources(status), columns),
  ]
}

function lanes(status: GatewayStatus, now: number): string[] {
  return status.lanes.map((lane) => {
    const waiting = lane.depth === 0 ? '' : `, ${lane.depth} waiting for ${durationWords(now - (lane.oldestAt ?? now))}`
    return `${laneWords(lane.lane)}: ${lane.delivered}${waiting}${lane.rejected > 0 ? `, ${lane.rejected} rejected` : ''}`
  })
}

function batches({ batches: b }: GatewayStatus, now: number): string[] {
  const parts = [`${b.closed} closed`, `${b.anchored} anchored`, `${b.open} in the open one`]
  if (b.last) parts.push(`root ${b.last.root.slice(0, 10)}…`)
  if (b.lastAnchor)
    parts.push(
      `batch ${b.lastAnchor.batchNumber} in block ${b.lastAnchor.blockNumber} ${ageWords(now - b.lastAnchor.blockTime)}`,
    )
  return parts
}

function sources({ frames, transports }: GatewayStatus): string[] {
  const { received, lost, refused } = frames
  return [
    ...transports.map((t) => `${t.name} ${t.state}`),
    `frames: ${received} received, ${lost} lost, ${refused} refused`,
  ]
}

/** ` Title    a · b · c`, broken between parts. */
function wrapped(title: string, parts: readonly string[], columns: number): string[] {
  const lines: string[] = []
  let text = ` ${bold(title.padEnd(8))}`
  let empty = true
  for (const part of parts) {
    if (!empty && width(text) + 3 + width(part) > columns) {
      lines.push(text)
      text = ' '.repeat(9)
      empty = true
    }
    text += empty ? ` ${part}` : ` · ${part}`
    empty = false
  }
  return [...lines, text]
}

function clock(state: ViewState, at: number): string {
  const zone = state.timeZone === undefined ? {} : { timeZone: state.timeZone }
  return new Date(at).toLocaleTimeString('en-GB', zone)
}
