import type { Clock } from '#gateway/platform/clock.js'
import { ControlServer } from '#gateway/platform/control-socket/control-server.js'
import type { Logger } from '#gateway/platform/logger.js'
import { Schedule } from '#gateway/platform/schedule.js'
import type { ProgramDependencies } from './program.js'
import { Tick, type TickOptions } from './tick.js'

/** What every program has: the control socket for the commands, the schedule for the jobs, the tick for the health checks. */
export function standingParts(dependencies: {
  readonly dataDir: string
  readonly onTick: TickOptions['onTick']
  readonly clock: Clock
  readonly logger: Logger
}): ProgramDependencies['standing'] {
  const { dataDir, onTick, clock, logger } = dependencies
  return ({ commands, jobs, health }) => {
    const schedule = new Schedule(jobs, { clock, logger })
    return [
      { name: 'control socket', stage: 'open', lifecycle: new ControlServer({ dataDir, commands, logger }) },
      { name: 'schedule', stage: 'inbound', lifecycle: schedule },
      { name: 'tick', stage: 'announce', lifecycle: new Tick({ health: [...health, schedule], onTick, clock }) },
    ]
  }
}
