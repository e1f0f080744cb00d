/** A program as data: parts that name their stage. Starting, stopping and draining them in order is done here alone. */
import type { HealthCheck } from '#gateway/model/health-check.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { ControlCommand } from '#gateway/platform/control-socket/command.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Job } from '#gateway/platform/schedule.js'

/**
 * In the order of starting. open: what stands by itself, e.g. the page's port. outbound: what delivers. inbound: what
 * brings something in, and then has somebody to deliver it to. announce: what tells others that all of it runs.
 */
export const STAGES = ['open', 'outbound', 'inbound', 'announce'] as const
export type Stage = (typeof STAGES)[number]

export interface Part {
  readonly name: string
  readonly stage: Stage
  /** Several start one after another, and stop at the same time. */
  readonly lifecycle?: Partial<Lifecycle> | readonly Partial<Lifecycle>[]
  /** Asked on every tick. */
  readonly health?: Partial<HealthCheck> | readonly Partial<HealthCheck>[]
  /** What people may tell the running program. */
  readonly commands?: readonly ControlCommand[]
  readonly jobs?: readonly Job[]
  /** At an orderly stop, once nothing comes in any more: settles what is still to be done, in at most so many ms. */
  readonly drain?: (ms: number) => Promise<unknown>
}

/** What all parts bring together. */
export interface Collected {
  readonly health: readonly HealthCheck[]
  readonly commands: readonly ControlCommand[]
  readonly jobs: readonly Job[]
}

export interface Program {
  /** Idempotent. Where a part cannot start, those before it are stopped again and its error is thrown. */
  start(): Promise<void>
  /** Idempotent. @param drainMs for each stage's drains; what is left then is delivered after a restart */
  stop(drainMs?: number): Promise<void>
}

export interface ProgramDependencies {
  /** For the log, e.g. `gateway`. */
  readonly name: string
  /** The parts that act on what the others bring: control socket, schedule, tick. Each stands last in its stage. */
  readonly standing: (all: Collected) => readonly Part[]
  readonly clock: Clock
  readonly logger: Logger
}

const DRAIN_MS = 10_000
/** A part's stop may take so long, and a drain so much longer than its time: what hangs must not keep the journal open. */
const PATIENCE_MS = 20_000

export function program(parts: readonly Part[], { name, standing, clock, logger }: ProgramDependencies): Program {
  const all = [...parts, ...standing(collect(parts))]
  const ordered = STAGES.flatMap((stage) => all.filter((part) => part.stage === stage))
  let running = false

  /** Resolves at the latest after `ms`; what the work says later is not heard. */
  async function within(ms: number, part: string, work: Promise<unknown> | undefined): Promise<void> {
    let cancel = () => {}
    const late = new Promise<void>((resolve) => {
      cancel = clock.after(ms, () => {
        logger.error({ part }, 'a part does not come to its end: the others are stopped without it')
        resolve()
      })
    })
    await Promise.race([work, late]).finally(cancel)
  }

  /** Goes on where a part refuses or hangs, so that the journal is closed in any case. @returns the first refusal */
  async function stopParts(started: readonly Part[]): Promise<unknown> {
    let refusal: unknown
    for (const part of [...started].reverse())
      for (const result of await Promise.allSettled(
        listOf(part.lifecycle).map((one) => within(PATIENCE_MS, part.name, one.stop?.())),
      )) {
        if (result.status === 'fulfilled') continue
        logger.error({ part: part.name, err: result.reason }, 'a part could not be stopped')
        refusal ??= result.reason
      }
    return refusal
  }

  async function start(): Promise<void> {
    if (running) return
    running = true
    const started: Part[] = []
    try {
      for (const part of ordered)
        for (const lifecycle of listOf(part.lifecycle)) {
          await lifecycle.start?.()
          started.push({ ...part, lifecycle })
        }
    } catch (error) {
      await stopParts(started)
      running = false
      throw error
    }
    logger.info(`${name} started`)
  }

  async function stop(drainMs = DRAIN_MS): Promise<void> {
    if (!running) return
    running = false
    const isInbound = ({ stage }: Part) => stage === 'inbound' || stage === 'announce'
    const refusals = [await stopParts(ordered.filter(isInbound))]
    for (const stage of [...STAGES].reverse()) {
      const end = clock.monotonic() + drainMs
      for (const { name, drain } of ordered.filter((part) => part.stage === stage).reverse()) {
        const left = Math.max(0, end - clock.monotonic())
        await within(left + PATIENCE_MS, name, drain?.(left))
      }
    }
    refusals.push(await stopParts(ordered.filter((part) => !isInbound(part))))
    logger.info(`${name} stopped`)
    const refusal = refusals.find((one) => one !== undefined)
    if (refusal !== undefined) throw refusal
  }

  return { start, stop }
}

function collect(parts: readonly Part[]): Collected {
  return {
    health: parts.flatMap(({ health }) => listOf(health)).filter((one): one is HealthCheck => one.check !== undefined),
    commands: parts.flatMap(({ commands = [] }) => commands),
    jobs: parts.flatMap(({ jobs = [] }) => jobs),
  }
}

function listOf<One extends object>(some: One | readonly One[] | undefined): readonly One[] {
  return some === undefined ? [] : Array.isArray(some) ? some : [some as One]
}
