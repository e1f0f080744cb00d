/** A home's alarms in this process: real journal, pipeline, dispatcher and actions, a clock moved by hand. */
import { join } from 'node:path'
import { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { policyOf } from '#gateway/alarms/dispatch/policy.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { type Config, configSchema } from '#gateway/config/schema.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { Recorder } from '#gateway/engine/recorder.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { alertLanes } from '#gateway/outbound/lanes/configured-lanes.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestClock } from '#test/support/test-clock.js'
import { journalAt, TemporaryFolder } from '../journal/journal-fixture.js'

export const MINUTE = 60_000

/** Two contacts by one channel; the doctor is told after five minutes. */
export const ALERTS = {
  channels: [{ type: 'terminal', name: 'terminal' }],
  contacts: [
    { id: 'nurse-1', role: 'nurse', channel: 'terminal' },
    { id: 'doctor-1', role: 'doctor', channel: 'terminal' },
  ],
  escalation: {
    high: [
      { afterMinutes: 0, contacts: ['nurse-1'] },
      { afterMinutes: 5, contacts: ['doctor-1'] },
    ],
  },
}

export class AlarmHome {
  readonly clock = new TestClock()
  readonly #folder = new TemporaryFolder()
  readonly alerts: Config['alerts']
  /** Reminders and the like, as the dispatcher asked for them. */
  readonly told: string[] = []
  journal: Journal
  pipeline!: Pipeline
  actions!: AlarmActions
  #message = 0

  constructor(alerts: object = ALERTS) {
    this.alerts = configSchema.shape.alerts.parse(alerts)
    this.journal = this.#journal()
  }

  get path(): string {
    return join(this.#folder.path, 'journal.db')
  }

  #journal(): Journal {
    return journalAt(this.path, {
      clock: this.clock,
      lanes: alertLanes(this.alerts),
    })
  }

  async start(): Promise<this> {
    const { journal, clock } = this
    await journal.start()
    this.pipeline = new Pipeline({
      patient: 'p-1',
      limits: limitsInForce(this.alerts.limits),
      active: journal.alerts.active(),
      dispatcher: new Dispatcher(
        policyOf(this.alerts, () => 0),
        journal.notifications.openDispatch(),
      ),
    })
    const { pipeline } = this
    const recorder = new Recorder({ journal, clock, logger: silentLogger })
    this.actions = new AlarmActions({ pipeline, journal, recorder, clock, logger: silentLogger })
    return this
  }

  /** As a power cut and a new start would have it. */
  async restart(): Promise<void> {
    await this.journal.stop()
    this.journal = this.#journal()
    await this.start()
  }

  async stop(): Promise<void> {
    await this.journal.stop()
    this.#folder.remove()
  }

  /** A value of the glucose meter: below 54 raises `low-glucose` at once. @returns the ids of the alerts that it raised */
  async glucose(value: number): Promise<string[]> {
    const step = this.pipeline.accept(
      {
        ...{ format: 'mqtt-publish', transport: 'broker', deviceId: 'meter-1', receivedAt: this.clock.now() },
        topic: 'homebeat/v1/meter-1/glucose',
        payload: Buffer.from(JSON.stringify({ id: String(++this.#message), value, unit: 'mg/dL' })),
        settle: () => {},
      },
      this.clock.now(),
    )
    await this.take(step)
    return step.transitions.filter(({ state }) => state === 'active').map(({ alertId }) => alertId)
  }

  /** A second passes, or more. @param diskLow whether the gateway's disk is nearly full */
  async tick(ms = 1000, diskLow?: boolean): Promise<void> {
    await this.clock.advance(ms)
    const disk = { condition: 'disk-low', priority: 'medium', delayMs: 0 } as const
    await this.take(this.pipeline.tick(this.clock.now(), diskLow === undefined ? [] : [{ ...disk, present: diskLow }]))
  }

  async take(step: PipelineStep): Promise<void> {
    this.told.push(...step.notifications.map(({ reason, contact, channel }) => `${reason} ${contact ?? channel}`))
    await this.journal.commit(step)
  }
}
