/** A home that can be alarmed, with a FHIR server in clear: pipeline, dispatcher, actions, journal, lane and Task poller. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Bundle, Resource } from '@medplum/fhirtypes'
import { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { policyOf } from '#gateway/alarms/dispatch/policy.js'
import { configSchema } from '#gateway/config/schema.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import { Recorder } from '#gateway/engine/recorder.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import { laneOf } from '#gateway/model/lane.js'
import { asksForCommit } from '#gateway/model/step.js'
import type { SystemCondition } from '#gateway/model/system-condition.js'
import { FhirDeliverer } from '#gateway/outbound/fhir/fhir-deliverer.js'
import { FlagSync } from '#gateway/outbound/fhir/flag-sync.js'
import { clientOf } from '#gateway/outbound/fhir/target-client.js'
import { TaskPoller } from '#gateway/outbound/fhir/task-poller.js'
import { alertRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { LaneWorker } from '#gateway/outbound/lanes/worker.js'
import { silentLogger } from '#gateway/platform/logger.js'
import type { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { TestClock } from '#test/support/test-clock.js'

const HIGH = { condition: 'journal-damaged', priority: 'high', delayMs: 0, present: true } as const

/** Two contacts: the second is told when nobody has acknowledged for ten minutes. Reminders every five. */
const POLICY = policyOf(
  configSchema.shape.alerts.parse({
    channels: [{ type: 'terminal' }],
    contacts: [
      { id: 'nurse-1', role: 'nurse', channel: 'terminal' },
      { id: 'doctor-1', role: 'nurse', channel: 'terminal' },
    ],
    escalation: {
      high: [
        { afterMinutes: 0, contacts: ['nurse-1'] },
        { afterMinutes: 600, contacts: ['doctor-1'] },
      ],
    },
  }),
  () => 0,
)

export class AlarmHome {
  readonly clock = new TestClock()
  readonly #folder = mkdtempSync(join(tmpdir(), 'homebeat-alarm-'))
  readonly #server: FhirServerSimulator
  journal!: Journal
  actions!: AlarmActions
  #pipeline!: Pipeline
  #lane!: LaneWorker
  #poller!: TaskPoller
  #flags!: FlagSync
  /** As long as there is one, an alert is open. */
  condition: SystemCondition = HIGH

  constructor(server: FhirServerSimulator) {
    this.#server = server
  }

  async start(): Promise<void> {
    const { clock } = this
    const logger = silentLogger
    this.journal = journalOf({
      path: join(this.#folder, 'journal.sqlite'),
      lanes: [...fhirRoutes('care', 'clear'), alertRoute({ channel: 'terminal' })],
      ...{ clock, logger },
      commit: { maxDelayMs: 0, maxCount: 100 },
    })
    const { journal } = this
    await journal.start()
    this.#pipeline = new Pipeline({
      ...{ patient: 'quiet-heron', limits: [], active: journal.alerts.active() },
      dispatcher: new Dispatcher(POLICY, journal.notifications.openDispatch()),
    })
    this.actions = new AlarmActions({
      ...{ pipeline: this.#pipeline, journal, clock, logger },
      recorder: new Recorder({ journal, clock, logger }),
    })
    const target = configSchema.shape.fhir
      .unwrap()
      .parse({ targets: [{ name: 'care', url: this.#server.url, mode: 'clear', timeoutSeconds: 10 }] }).targets[0]
    if (!target) throw new Error('no target')
    const fetch = globalThis.fetch
    const names = { home: 'home-1', patient: 'quiet-heron' }
    const envelopes = { envelopes: async () => [] }
    const deliverer = new FhirDeliverer({ target, journal, envelopes, ...names, fetch, clock, logger })
    this.#lane = new LaneWorker({ lane: laneOf('fhir-alert:care'), journal, deliverer, clock, logger })
    const client = clientOf(target, fetch, '.', undefined, clock)
    this.#poller = new TaskPoller({ target, client, home: 'home-1', journal, actions: this.actions, clock, logger })
    this.#flags = new FlagSync({ journal, afterMs: 30 * 60_000, clock, logger })
    await this.#lane.start()
    await this.#poller.start()
    await this.#flags.start()
  }

  async stop(): Promise<void> {
    await this.#flags.stop()
    await this.#poller.stop()
    await this.#lane.stop()
    await this.journal.stop()
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }

  /** One tick of the gateway. @returns who is told, and why */
  async tick(): Promise<string[]> {
    const step = this.#pipeline.tick(this.clock.now(), [this.condition])
    if (asksForCommit(step)) await this.journal.commit(step)
    return step.notifications.map(({ reason, contact }) => `${reason} ${contact}`)
  }

  /** What the FHIR server is owed has reached it. */
  delivered(): Promise<void> {
    return this.#lane.drained()
  }

  async read<T extends Resource>(type: T['resourceType']): Promise<T[]> {
    const response = await fetch(`${this.#server.url}/${type}`)
    return (((await response.json()) as Bundle).entry ?? []).map(({ resource }) => resource as T)
  }
}

/** Resolves once it is so; the test's own time limit ends it otherwise. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((resolve) => setImmediate(resolve))
}
