/**
 * The one door: every step of a pipeline is stamped, shown, made durable and, where the disk refuses it, logged here.
 * Nothing else commits a step (`test/gateway/engine/recorder.test.ts` looks for who does).
 */
import type { Measurement } from '#fhir/measurement.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { AlarmAction } from '#gateway/model/alarm-action.js'
import { asksForCommit, type PipelineStep } from '#gateway/model/step.js'
import type { Clock } from '#gateway/platform/clock.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { Timekeeper } from '#gateway/time/timekeeper.js'
import { Committer } from './committer.js'

export interface RecorderDependencies {
  readonly journal: Pick<Journal, 'commit'>
  /** Turns run time into stored time. Without one, a step is stored as the pipeline gave it. */
  readonly timekeeper?: Pick<Timekeeper, 'stamp'> | undefined
  /** Told of each step before its commit: live values must not wait for the disk. */
  readonly onStep?: (step: PipelineStep) => void
  readonly clock: Clock
  readonly logger: Logger
}

export interface Recorded {
  /** With the times and names that are stored. */
  readonly step: PipelineStep
  /** Resolves when the step is durable, rejects as `Committer.commit`; null where there is nothing to keep. */
  readonly durable: Promise<void> | null
}

export class Recorder {
  readonly #dependencies: RecorderDependencies
  readonly #committer: Committer

  constructor(dependencies: RecorderDependencies) {
    this.#dependencies = dependencies
    this.#committer = new Committer(dependencies)
  }

  /** @param actionOf what a person did with this step, kept in the same transaction; null where it came to nothing */
  record(step: PipelineStep, actionOf?: (step: PipelineStep) => AlarmAction | null): Recorded {
    const { timekeeper, onStep } = this.#dependencies
    const stamped = timekeeper?.stamp(step) ?? step
    onStep?.(stamped)
    const action = actionOf?.(stamped)
    if (action) return { step: stamped, durable: this.#committer.commit({ ...stamped, actions: [action] }) }
    return { step: stamped, durable: asksForCommit(stamped) ? this.#committer.commit(stamped) : null }
  }

  /** Records a step that nobody waits for: a refusal is logged. */
  note(step: PipelineStep): void {
    this.record(step).durable?.catch((error) =>
      this.#dependencies.logger.error({ err: error }, 'an alert transition could not be stored'),
    )
  }

  /** Records what a person did without a step of its own. Resolves when it is durable. */
  log(action: AlarmAction): Promise<void> {
    return this.#committer.commit({ measurements: [], transitions: [], actions: [action] })
  }

  /**
   * Records what kept messages became. Their times are stored times already, and whoever asked waits: a refusal is not
   * tried again. @param ids of the messages
   */
  recover(measurements: readonly Measurement[], ids: readonly number[]): Promise<void> {
    return this.#dependencies.journal.commit({ measurements, transitions: [], mapped: ids })
  }

  /** Commits not yet durable; whoever feeds the recorder waits when they grow (see `Pump`). */
  get underWay(): number {
    return this.#committer.underWay
  }

  /** Whether the disk has refused a commit that is still tried again. */
  get isRefused(): boolean {
    return this.#committer.isRefused
  }

  /** Resolves when one of the commits under way has ended. */
  oneEnded(): Promise<void> {
    return this.#committer.oneEnded()
  }

  /** Waits for what is under way. What the disk still refuses then is given up, and its senders are told. */
  finish(): Promise<void> {
    return this.#committer.finish()
  }
}
