import { Command } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import type { GatewayStatus } from '#gateway/console/feed.js'
import { statusOf } from '#gateway/status/status.js'
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

function describe(status: GatewayStatus): string {
  const ago = (at: number | null) =>
    at === null ? 'never' : `${Math.max(0, Math.round((status.now - at) / 1000))} s ago`
  const active = status.alerts.filter((alert) => alert.state !== 'cleared')
  const { batches } = status
  const lines = [
    `Homebeat ${status.version}, home ${status.home}: ${status.running ? `running since ${ago(status.startedAt)}` : 'not running'}`,
    ...status.transports.map((t) => `  ${t.name.padEnd(16)} ${t.state.padEnd(10)} ${t.sentence}`),
    'Readings kept',
    ...Object.entries(status.measurements).map(([sensor, count]) => `  ${sensor.padEnd(16)} ${count}`),
    ...unmappedLines(status),
    active.length === 0 ? 'No active alert' : 'Active alerts',
    ...active.map(
      (a) =>
        `  ${a.priority.padEnd(7)} ${a.condition}, since ${ago(a.raisedAt)}, told: ${a.deliveredTo.join(', ') || 'nobody yet'}`,
    ),
    'Lanes',
    ...status.lanes.map(
      (l) =>
        `  ${l.lane.padEnd(24)} ${l.depth} waiting${l.oldestAt === null ? '' : ` (oldest ${ago(l.oldestAt)})`}, ${l.delivered} delivered, ${l.rejected} rejected`,
    ),
    `Batches: ${batches.closed} closed, ${batches.anchored} anchored, ${batches.open} readings in the open one`,
    batches.lastAnchor
      ? `Last anchor: batch ${batches.lastAnchor.batchNumber} in block ${batches.lastAnchor.blockNumber}, ${ago(batches.lastAnchor.blockTime)}`
      : 'Last anchor: none yet',
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
