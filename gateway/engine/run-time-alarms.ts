import type { Inhibition } from '#gateway/clinical/evaluate/inhibition.js'
import type { Actor } from '#gateway/model/alert.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { SteadyClock } from '#gateway/time/steady-clock.js'
import type { Timekeeper } from '#gateway/time/timekeeper.js'
import type { Pipeline } from './pipeline.js'

/** The pipeline's alarms under the names and wall times that are stored; the pipeline itself counts in run time. */
export class RunTimeAlarms {
  readonly #pipeline: Pipeline
  readonly #timekeeper: Pick<Timekeeper, 'runAlertId'>
  readonly #clock: SteadyClock

  constructor(options: { pipeline: Pipeline; timekeeper: Pick<Timekeeper, 'runAlertId'>; clock: SteadyClock }) {
    this.#pipeline = options.pipeline
    this.#timekeeper = options.timekeeper
    this.#clock = options.clock
  }

  acknowledge(alertIds: readonly string[], actor: Actor): PipelineStep {
    return this.#pipeline.acknowledge(this.#runIds(alertIds), actor, this.#clock.run.now())
  }

  silence(alertIds: readonly string[], until: number): PipelineStep {
    const { run, shiftMs } = this.#clock
    return this.#pipeline.silence(this.#runIds(alertIds), until - shiftMs, run.now())
  }

  escalate(alertId: string): PipelineStep {
    return this.#pipeline.escalate(this.#timekeeper.runAlertId(alertId), this.#clock.run.now())
  }

  setInhibitions(inhibitions: readonly Inhibition[]): void {
    const { shiftMs } = this.#clock
    this.#pipeline.setInhibitions(inhibitions.map((one) => ({ ...one, until: one.until - shiftMs })))
  }

  setMonitored(monitored: boolean): PipelineStep {
    return this.#pipeline.setMonitored(monitored, this.#clock.run.now())
  }

  #runIds(alertIds: readonly string[]): string[] {
    return alertIds.map((id) => this.#timekeeper.runAlertId(id))
  }
}
