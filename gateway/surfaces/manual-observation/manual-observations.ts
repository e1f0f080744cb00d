import { z } from 'zod'
import { describeNews2, type News2Score } from '#gateway/clinical/scores/news2.js'
import type { News2Watch } from '#gateway/clinical/scores/news2-watch.js'
import type { Pipeline } from '#gateway/engine/pipeline.js'
import type { Recorder } from '#gateway/engine/recorder.js'
import { actorName } from '#gateway/model/actor.js'
import { ACTION_PATHS, type Actor } from '#gateway/model/alert.js'
import type { ManualObservationJournal, Observed } from '#gateway/model/manual-observation.js'
import type { Clock } from '#gateway/platform/clock.js'
import { type ControlCommand, command } from '#gateway/platform/control-socket/command.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { type ManualObservation, manualObservationSchema, readingOf } from './manual-readings.js'

export interface ManualObservationsDependencies {
  readonly pipeline: Pick<Pipeline, 'enter'>
  readonly news2: News2Watch
  readonly journal: ManualObservationJournal
  readonly recorder: Pick<Recorder, 'record'>
  /** Run time. */
  readonly clock: Clock
}

/** A score, and in words. */
export interface SaidScore extends News2Score {
  readonly words: string
}

/** People enter here what they see and measure. An entry is durable before it is answered. */
export class ManualObservations {
  readonly #dependencies: ManualObservationsDependencies
  /** Two entries of one millisecond would be one measurement. */
  #lastAt = 0

  /** The score goes on with what was entered before a restart. */
  constructor(dependencies: ManualObservationsDependencies) {
    this.#dependencies = dependencies
    for (const what of ['consciousness', 'oxygen'] as const) {
      const latest = dependencies.journal.latest(what)
      if (latest) this.#score(latest, dependencies.clock.now())
    }
  }

  /** @returns the score with it. @throws HomebeatError `manual-observation.implausible`, `journal.*` */
  async enter(entry: ManualObservation, actor: Actor): Promise<SaidScore> {
    const { clock, journal, pipeline, recorder } = this.#dependencies
    const now = Math.max(clock.now(), this.#lastAt + 1)
    this.#lastAt = now
    const reading = readingOf(entry, now)
    if (reading) {
      const step = pipeline.enter(reading, actor.by, now)
      if (step.measurements.some(({ quality }) => quality === 'implausible'))
        throw new HomebeatError(
          'manual-observation.implausible',
          `No living body has such a ${entry.what}: check it and enter it again.`,
        )
      await recorder.record(step).durable
    } else {
      const observed = { ...entry, at: now, actor } as Observed
      journal.append(observed)
      this.#score(observed, now)
    }
    return this.score()
  }

  score(): SaidScore {
    const score = this.#dependencies.news2.score(this.#dependencies.clock.now())
    return { ...score, words: describeNews2(score) }
  }

  #score(observed: Observed, now: number): void {
    const { news2 } = this.#dependencies
    if (observed.what === 'consciousness') news2.enterConsciousness(observed, now)
    else news2.enterOxygen(observed, now)
  }
}

export function manualObservationCommands(manual: ManualObservations): ControlCommand[] {
  return [
    command(
      'patient.enter',
      z.strictObject({
        entry: manualObservationSchema,
        by: actorName,
        via: z.enum(ACTION_PATHS).default('command-line'),
      }),
      ({ entry, by, via }) => manual.enter(entry, { by, via }),
    ),
    command('patient.score', z.strictObject({}), () => manual.score()),
  ]
}
