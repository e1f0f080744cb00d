import type { AlarmPipeline } from '#gateway/alarms/actions/alarm-actions.js'
import type { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { ConditionSet } from '#gateway/clinical/evaluate/condition-set.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import type { Dispatch } from '#gateway/model/notification.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'

export interface ClinicPipelineOptions {
  /** Episodes that were open before a restart. */
  readonly active: readonly AlertTransition[]
  readonly dispatcher: Dispatcher
  /** Whether a condition is about something that is watched no longer. */
  readonly isOver: (condition: string) => boolean
}

/** From conditions to what is committed: the part of a gateway's pipeline that a receiver has. Reads no clock. */
export class ClinicPipeline implements AlarmPipeline {
  readonly #options: ClinicPipelineOptions
  readonly #conditions: ConditionSet

  constructor(options: ClinicPipelineOptions) {
    this.#options = options
    this.#conditions = new ConditionSet('technical', options.active)
  }

  /** Call about once a second. @param now epoch ms */
  tick(now: number, conditions: readonly SystemCondition[]): PipelineStep {
    const { dispatcher, isOver } = this.#options
    const seen = conditions.flatMap(({ present, ...condition }) =>
      this.#conditions.step(condition, present ? 'crossed' : 'safe', now),
    )
    const over = this.#conditions.open
      .filter(isOver)
      .flatMap((condition) => this.#conditions.step({ condition, priority: 'high', delayMs: 0 }, 'withdrawn', now))
    return this.#stepOf([...seen, ...over], now, dispatcher.tick(now))
  }

  acknowledge(alertIds: readonly string[], actor: Actor, now: number): PipelineStep {
    return this.#stepOf(
      alertIds.flatMap((id) => this.#conditions.acknowledge(id, now, actor)),
      now,
    )
  }

  silence(alertIds: readonly string[], until: number, now: number): PipelineStep {
    return this.#stepOf([], now, this.#options.dispatcher.silence(alertIds, until, now))
  }

  escalate(alertId: string, now: number): PipelineStep {
    return this.#stepOf([], now, this.#options.dispatcher.escalate(alertId, now))
  }

  /** A receiver has no physiological alarms to inhibit. */
  setInhibitions(): void {}

  #stepOf(transitions: readonly AlertTransition[], now: number, before?: Dispatch): PipelineStep {
    const taken = this.#options.dispatcher.take(transitions, now)
    return {
      ...{ measurements: [], transitions, live: [], lost: 0, refused: null, received: 0, events: [] },
      notifications: [...(before?.notifications ?? []), ...taken.notifications],
      digestItems: [...(before?.digestItems ?? []), ...taken.digestItems],
    }
  }
}
