import type { AnalysisOptions } from '#gateway/clinical/analyse/options.js'
import type { Inhibition } from '#gateway/clinical/evaluate/inhibition.js'
import type { FindingRow } from '#gateway/clinical/limits/findings.js'
import type { Limit } from '#gateway/clinical/limits/limits.js'
import type { Pipeline } from '#gateway/engine/pipeline.js'
import type { Actor } from '#gateway/model/alert.js'
import type { Reading } from '#gateway/model/reading.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { SteadyClock } from '#gateway/time/steady-clock.js'
import type { Timekeeper } from '#gateway/time/timekeeper.js'

/** The pipeline as people act on it: with the names and the wall times that are stored, not those it counts in. */
export class AlarmLine {
  readonly #pipeline: Pipeline
  readonly #timekeeper: Pick<Timekeeper, 'stamp' | 'runAlertId'>
  readonly #clock: SteadyClock

  constructor(options: {
    pipeline: Pipeline
    timekeeper: Pick<Timekeeper, 'stamp' | 'runAlertId'>
    clock: SteadyClock
  }) {
    this.#pipeline = options.pipeline
    this.#timekeeper = options.timekeeper
    this.#clock = options.clock
  }

  acknowledge(alertIds: readonly string[], actor: Actor): PipelineStep {
    return this.#stamped(this.#pipeline.acknowledge(this.#runIds(alertIds), actor, this.#clock.run.now()))
  }

  silence(alertIds: readonly string[], until: number): PipelineStep {
    const { run, shiftMs } = this.#clock
    return this.#stamped(this.#pipeline.silence(this.#runIds(alertIds), until - shiftMs, run.now()))
  }

  escalate(alertId: string): PipelineStep {
    return this.#stamped(this.#pipeline.escalate(this.#timekeeper.runAlertId(alertId), this.#clock.run.now()))
  }

  setInhibitions(inhibitions: readonly Inhibition[]): void {
    const { shiftMs } = this.#clock
    this.#pipeline.setInhibitions(inhibitions.map((one) => ({ ...one, until: one.until - shiftMs })))
  }

  setLimits(limits: readonly Limit[], findings: readonly FindingRow[]): PipelineStep {
    return this.#stamped(this.#pipeline.setLimits(limits, findings, this.#clock.run.now()))
  }

  setAnalysis(options: AnalysisOptions): PipelineStep {
    return this.#stamped(this.#pipeline.setAnalysis(options, this.#clock.run.now()))
  }

  /** @param reading timed in run time */
  enter(reading: Reading, performer: string, now: number): PipelineStep {
    return this.#stamped(this.#pipeline.enter(reading, performer, now))
  }

  #runIds(alertIds: readonly string[]): string[] {
    return alertIds.map((id) => this.#timekeeper.runAlertId(id))
  }

  #stamped(step: PipelineStep): PipelineStep {
    return this.#timekeeper.stamp(step)
  }
}
