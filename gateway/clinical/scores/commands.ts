import { z } from 'zod'
import type { Clock } from '#gateway/platform/clock.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import type { HourlyAggregates } from './hourly.js'
import { trends } from './trends.js'

/** @param parts.zone minutes east of UTC of the home, at an instant (epoch ms) */
export function trendsCommands(parts: {
  readonly hours: HourlyAggregates
  readonly clock: Clock
  readonly zone: (at: number) => number
}): ControlCommand[] {
  const { hours, clock, zone } = parts
  return [command('patient.trends', z.strictObject({}), () => trends(hours.hours(), clock.now(), zone))]
}
