import { Command } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import type { JournalDamage } from '#gateway/journal/api/damages.js'
import { printable } from '#gateway/platform/printable.js'
import type { GatewayStatus, LaneReport } from '#gateway/surfaces/status/feed.js'
import { hasChain, NO_CHAIN_WORDS } from '#gateway/surfaces/status/has-chain.js'
import { statusOf } from '#gateway/surfaces/status/status.js'
import type { ClockStatus } from '#gateway/time/timekeeper.js'
import { notMonitoredWords } from '#gateway/wording/monitoring-words.js'
import { rehearsalWords } from '#gateway/wording/rehearsal-words.js'
import { priorityMark } from '#gateway/wording/words.js'
import { verb } from './exit.js'
import { CONFIG_OPTION } from './options.js'

export function statusCommand(): Command {
  return new Command('status')
    .description('say how the gateway is: transports, readings, alerts, lanes, batches, last anchor')
    .addOption(CONFIG_OPTION())
    .option('--json', 'print one JSON object')
    .action(
      verb(async (options: { config: string; json?: boolean }) => {
        const status = await statusOf(loadConfig(options.config))
        process.stdout.write(options.json ? `${JSON.stringify(status, null, 2)}\n` : describe(status))
      }),
    )
}

const GROUNDS: Readonly<Record<ClockStatus['grounds'], string>> = {
  configured: 'as the configuration says',
  synchronised: 'a time service has set it',
  'no-time-service': 'it is plausible, and this machine has no time service',
  'not-synchronised': 'the time service has not got through yet',
  'before-build': 'it is before this program was installed',
  'before-journal': 'it is before the last readings',
}

function clockLine({ trusted, grounds, since, lastStep, held }: ClockStatus, ago: (at: number) => string): string {
  const step = lastStep ? `; set by ${(lastStep.byMs / 1000).toFixed(1)} s ${ago(lastStep.at)}` : ''
  const waiting = held > 0 ? `; readings that wait for it: ${held}` : ''
  return `Clock: ${trusted ? 'believed' : 'not believed'} since ${ago(since)}, ${GROUNDS[grounds]}${step}${waiting}`
}

function describe(status: GatewayStatus): string {
  const ago = (at: number | null) =>
    at === null ? 'never' : `${Math.max(0, Math.round((status.now - at) / 1000))} s ago`
  const active = status.alerts.filter((alert) => alert.state !== 'cleared')
  const { batches } = status
  const lines = [
    ...(status.notMonitored ? [printable(notMonitoredWords(status.notMonitored))] : []),
    `Homebeat ${status.version}, home ${status.home}: ${status.running ? `running since ${ago(status.startedAt)}` : 'not running'}`,
    ...status.transports.map((t) => `  ${t.name.padEnd(16)} ${t.state.padEnd(10)} ${t.sentence}`),
    ...(status.clock ? [clockLine(status.clock, ago)] : []),
    'Readings kept',
    ...Object.entries(status.measurements).map(([sensor, count]) => `  ${sensor.padEnd(16)} ${count}`),
    ...(status.identityConflicts
      ? [`  of these under the id or time of another one: ${status.identityConflicts} (a counter that restarted?)`]
      : []),
    ...unmappedLines(status),
    rehearsalWords(status.rehearsal ?? null, status.now),
    active.length === 0 ? 'No active alert' : 'Active alerts',
    ...active.map(
      (a) =>
        `  ${priorityMark(a).padEnd(7)} ${a.condition}, since ${ago(a.raisedAt)}, told: ${a.deliveredTo.join(', ') || 'nobody yet'}`,
    ),
    ...(active.some(({ condition }) => condition === 'journal-older-than-chain')
      ? ['  The chain has batches that this journal has not: restored from a backup? Then: homebeat journal continue']
      : []),
    'Lanes',
    ...status.lanes.flatMap((lane) => laneLines(lane, status.now)),
    ...(status.formerLanes?.length ? ['Lanes of an earlier configuration (nothing moves in them)'] : []),
    ...(status.formerLanes ?? []).flatMap((lane) => laneLines(lane, status.now)),
    `Batches: ${batches.closed} closed, ${hasChain(status) ? `${batches.anchored} anchored` : NO_CHAIN_WORDS}, ${batches.open} readings in the open one`,
    batches.lastAnchor
      ? `Last anchor: batch ${batches.lastAnchor.batchNumber} in block ${batches.lastAnchor.blockNumber}, ${ago(batches.lastAnchor.blockTime)}`
      : 'Last anchor: none yet',
    checkLine(status, ago),
    ...(status.damages ?? []).flatMap(describeDamage),
  ]
  return `${lines.join('\n')}\n`
}

function unmappedLines({ unmapped = [] }: GatewayStatus): string[] {
  const rows = unmapped.filter(({ waiting, overflowed }) => waiting > 0 || overflowed > 0)
  if (rows.length === 0) return []
  return [
    'Messages kept unmapped (homebeat map unmapped says why)',
    ...rows.map(
      ({ deviceId, waiting, overflowed }) =>
        `  ${deviceId.padEnd(16)} ${waiting}${overflowed > 0 ? `, and ${overflowed} not kept: their room is used up` : ''}`,
    ),
  ]
}

/** How a lane stands; a second line only where something keeps it from being empty. */
function laneLines(lane: LaneReport, now: number): string[] {
  const seconds = (ms: number) => `${Math.max(0, Math.round(ms / 1000))} s`
  const { depth, oldestAt, state = 'idle', delivered, rejected, dropped = 0, lastReason, nextAt, remark } = lane
  const counts = [
    `${depth} waiting${oldestAt === null ? '' : ` (oldest ${seconds(now - oldestAt)} ago)`}`,
    `${delivered} delivered`,
    `${rejected} rejected`,
    ...(dropped > 0 ? [`${dropped} dropped`] : []),
  ]
  const notes = [
    ...(lastReason ? [lastReason] : []),
    ...(remark !== undefined ? [`the server ${remark}`] : []),
    ...(nextAt && nextAt > now ? [`next attempt in ${seconds(nextAt - now)}`] : []),
    ...(state === 'held' ? ['an anchor was refused for good, later ones cannot go before it'] : []),
    ...(rejected > 0 ? [`homebeat queue list --state rejected --lane ${lane.lane}`] : []),
  ]
  return [
    `  ${lane.lane.padEnd(24)} ${state.padEnd(10)} ${counts.join(', ')}`,
    ...(notes.length > 0 ? [`  ${''.padEnd(24)} ${notes.join('; ')}`] : []),
  ]
}

function describeDamage({ foundAt, reason, setAside, report }: JournalDamage): string[] {
  const { rows, unreadablePages, refusedRows, batchesWithoutRecords, batchesMissing, failure } = report
  const list = (numbers: readonly number[]) => numbers.slice(0, 20).join(', ') + (numbers.length > 20 ? ', …' : '')
  const found = `The journal was damaged (found ${new Date(foundAt).toISOString()}: ${reason})`
  const accept = '  take note of it with: homebeat journal accept-damage'
  if (setAside === null) return [found, '  the rest is there and goes on being used', accept]
  return [
    found,
    `  kept as ${setAside}`,
    failure === undefined
      ? `  saved ${Object.values(rows).reduce((sum, count) => sum + count, 0)} rows; ${refusedRows} were altered or torn; lost is also what was on ${unreadablePages} pages that cannot be read`
      : `  nothing could be saved: ${failure}`,
    ...(batchesWithoutRecords.length > 0 ? [`  records lost of batches ${list(batchesWithoutRecords)}`] : []),
    ...(batchesMissing.length > 0 ? [`  nothing known of batches ${list(batchesMissing)}`] : []),
    accept,
  ]
}

function checkLine({ journalCheck }: GatewayStatus, ago: (at: number) => string): string {
  if (!journalCheck) return 'Journal: not read through yet'
  const { at, rows, unopened } = journalCheck
  return `Journal: read through ${ago(at)}, ${rows} rows, ${unopened === 0 ? 'all open' : `${unopened} do not open`}`
}
