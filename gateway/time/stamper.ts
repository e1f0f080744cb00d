/**
 * From the run's time, in which the pipeline counts, to wall time, in which things are stored and told. While nobody sets
 * the clock and it can be believed, the two are the same. No I/O and no clock.
 */
import type { Measurement } from '#fhir/measurement.js'
import { movedIdentifier } from '#gateway/clinical/normalise/identifier.js'
import { type AlertTransition, begins } from '#gateway/model/alert.js'
import type { Notification } from '#gateway/model/notification.js'
import { asksForCommit, type PipelineStep } from '#gateway/model/step.js'

/** The time was taken from a clock that nobody had set yet. */
export const CLOCK_UNSET = 'clock-unset'
/** The clock was set while this was being measured. */
export const CLOCK_STEP = 'clock-step'

/** A stretch of a run in which run time and wall time stay the same distance apart, but for slow corrections. */
export interface Stretch {
  /** Unique in the journal, growing. */
  readonly id: number
  readonly trusted: boolean
  /** The newest time stored before it began, epoch ms: up to there a time may have been used before. */
  readonly newest: number
}

/** What tells a measurement apart from another of the same time, where the clock may have shown that time before; else null. */
export const repeatIn =
  ({ id, newest }: Stretch) =>
  (at: number): number | null =>
    at <= newest ? id : null

interface Announced {
  readonly alertId: string
  readonly raisedAt: number
  /** Raised while the clock could not be believed. */
  readonly provisional: boolean
}

/** More than a day of low-priority alerts. */
const NAMES_KEPT = 1000

export class Stamper {
  readonly #shiftMs: () => number
  /** The last value of each device and observable: a delay that runs out names it once more. */
  readonly #latest = new Map<string, { readonly run: Measurement; readonly stamped: Measurement }>()
  /** How an active alert was announced, by the name that the pipeline has for it. */
  readonly #announced = new Map<string, Announced>()
  /** Announced names of alerts that are over, where the pipeline has another: a digest may still name them. */
  readonly #over = new Map<string, string>()
  #stretch: Stretch
  /** Run time of the last step of a believed clock. */
  #steppedAt: number | null = null

  /**
   * @param shiftMs from run time to wall time
   * @param active what the journal says is active
   */
  constructor(shiftMs: () => number, stretch: Stretch, active: readonly AlertTransition[] = []) {
    this.#shiftMs = shiftMs
    this.#stretch = stretch
    for (const { alertId, raisedAt } of active) this.#announced.set(alertId, { alertId, raisedAt, provisional: false })
  }

  /** The clock can be believed from here on. @param byMs what it was wrong by, now part of the shift */
  trust(stretch: Stretch, byMs: number): void {
    this.#stretch = stretch
    for (const [name, one] of this.#announced) {
      if (one.provisional) this.#announced.set(name, { ...one, raisedAt: one.raisedAt + byMs, provisional: false })
    }
    for (const [row, { stamped }] of this.#latest) if (stamped.remarks.includes(CLOCK_UNSET)) this.#latest.delete(row)
  }

  /** A believed clock was set. @param runAt when, in run time */
  step(stretch: Stretch, runAt: number): void {
    this.#stretch = stretch
    this.#steppedAt = runAt
  }

  stamp(step: PipelineStep): PipelineStep {
    if (!asksForCommit(step)) return step
    const measurements = step.measurements.map((one) => this.#measurement(one))
    if (step.transitions.length + step.notifications.length + step.digestItems.length === 0 && !step.unmapped)
      return measurements.every((one, i) => one === step.measurements[i]) ? step : { ...step, measurements }
    const transitions = step.transitions.map((one) => this.#transition(one))
    const shift = this.#shiftMs()
    return {
      ...step,
      measurements,
      transitions,
      notifications: step.notifications.map((one) => this.#notification(one, shift)),
      digestItems: step.digestItems.map((one) => ({
        ...one,
        alertId: this.#nameOf(one.alertId),
        at: one.at + shift,
      })),
      ...(step.unmapped && {
        unmapped: step.unmapped.map((one) => ({ ...one, receivedAt: one.receivedAt + shift })),
      }),
    }
  }

  /** The name that the pipeline has for an alert that was announced under this one. */
  runAlertId(announced: string): string {
    for (const [runId, { alertId }] of this.#announced) if (alertId === announced) return runId
    return announced
  }

  /** The name under which an alert was announced. It stays known after the end, for what is still said of the alert. */
  #nameOf(runAlertId: string): string {
    return this.#announced.get(runAlertId)?.alertId ?? this.#over.get(runAlertId) ?? runAlertId
  }

  #notification(run: Notification, shift: number): Notification {
    const alertId = this.#nameOf(run.alertId)
    return {
      ...run,
      alertId,
      // Keys hold the alert's name: only the announced one is unique over the runs of the gateway.
      key: run.key.replace(run.alertId, alertId),
      at: run.at + shift,
      ...(run.until !== undefined && { until: run.until + shift }),
      ...(run.covers && { covers: run.covers.map((id) => this.#nameOf(id)) }),
    }
  }

  #measurement(run: Measurement): Measurement {
    const row = `${run.deviceId} ${run.observable}`
    const known = this.#latest.get(row)
    if (known?.run === run) return known.stamped
    const stamped = this.#stamped(run)
    this.#latest.set(row, { run, stamped })
    return stamped
  }

  #stamped(run: Measurement): Measurement {
    if (run.timedByDevice) return run
    const shift = this.#shiftMs()
    const { at, until } = run
    const remarks = [...run.remarks]
    if (!this.#stretch.trusted) remarks.push(CLOCK_UNSET)
    const steppedAt = this.#steppedAt
    if (steppedAt !== null && until !== undefined && at < steppedAt && steppedAt < until) remarks.push(CLOCK_STEP)
    const marked = remarks.length > run.remarks.length
    if (shift === 0 && !marked && at > this.#stretch.newest) return run
    return {
      ...run,
      identifier: movedIdentifier(run.identifier, shift, repeatIn(this.#stretch)),
      at: at + shift,
      ...(until !== undefined && { until: until + shift }),
      quality: marked && run.quality === 'good' ? 'questionable' : run.quality,
      remarks,
    }
  }

  #transition(run: AlertTransition): AlertTransition {
    const shift = this.#shiftMs()
    const announced = this.#announced.get(run.alertId) ?? this.#announce(run, shift)
    if (run.state === 'cleared') this.#forget(run.alertId, announced.alertId)
    return {
      ...run,
      alertId: announced.alertId,
      raisedAt: announced.raisedAt,
      at: begins(run) ? announced.raisedAt : Math.max(run.at + shift, announced.raisedAt),
      ...(run.measurement !== undefined && { measurement: this.#cause(run.measurement, shift) }),
    }
  }

  #forget(runAlertId: string, announced: string): void {
    this.#announced.delete(runAlertId)
    if (runAlertId === announced) return
    this.#over.set(runAlertId, announced)
    const [oldest] = this.#over.keys()
    if (this.#over.size > NAMES_KEPT && oldest !== undefined) this.#over.delete(oldest)
  }

  #announce({ alertId, condition, raisedAt: runAt }: AlertTransition, shift: number): Announced {
    const raisedAt = runAt + shift
    const again = repeatIn(this.#stretch)(raisedAt)
    const name = `${condition}-${raisedAt}${again === null ? '' : `.${again}`}`
    const announced = { alertId: name, raisedAt, provisional: !this.#stretch.trusted }
    this.#announced.set(alertId, announced)
    return announced
  }

  #cause(identifier: string, shift: number): string {
    for (const { run, stamped } of this.#latest.values()) if (run.identifier === identifier) return stamped.identifier
    return movedIdentifier(identifier, shift, repeatIn(this.#stretch))
  }
}
