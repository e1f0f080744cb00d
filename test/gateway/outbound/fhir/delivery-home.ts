/** A home with a real journal in a temporary folder, one batch closed, one alert raised, delivered and cleared. */

import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Task } from '@medplum/fhirtypes'
import type { Measurement } from '#fhir/measurement.js'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { signedForm } from '#fhir/signed-form.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import type { Actor, AlertTransition } from '#gateway/model/alert.js'
import { type ClosedBatch, NO_ROOT } from '#gateway/model/batch.js'
import { type Lane, laneOf } from '#gateway/model/lane.js'
import type { TargetConfig } from '#gateway/outbound/fhir/config.js'
import { FhirClient } from '#gateway/outbound/fhir/fhir-client.js'
import { FhirDeliverer, type FhirDelivererOptions } from '#gateway/outbound/fhir/fhir-deliverer.js'
import { TaskPoller, type TaskPollerOptions } from '#gateway/outbound/fhir/task-poller.js'
import { alertRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { EpochKeys } from '#gateway/outbound/sealing/epoch-keys.js'
import { Sealer } from '#gateway/outbound/sealing/sealer.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { TestClock } from '#test/support/test-clock.js'
import { told } from '#test/support/told.js'

export class DeliveryHome {
  readonly home: string
  readonly patient: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'homebeat-delivery-'))
  readonly journal: Journal
  batch!: ClosedBatch

  constructor(home = 'home-1', patient = 'quiet-heron') {
    this.home = home
    this.patient = patient
    this.journal = journalOf({
      path: join(this.#folder, 'journal.sqlite'),
      lanes: [
        ...[...fhirRoutes('care', 'clear'), ...fhirRoutes('archive', 'sealed')],
        ...[alertRoute({ channel: 'doctor' }), alertRoute({ channel: 'doctor', contact: 'doctor-1' })],
      ],
      clock: new TestClock(),
      logger: silentLogger,
      commit: { maxDelayMs: 0, maxCount: 100 },
    })
  }

  /** @param change what to do to an Observation's JSON on its way into the batch. */
  async start(
    measurements: readonly Measurement[],
    change: (observation: string, index: number) => string = (observation) => observation,
  ): Promise<void> {
    await this.journal.start()
    await this.journal.commit({ measurements, transitions: [] })
    const observations = measurements.map((measurement, index) =>
      change(canonicalJson(signedForm(observationOf(measurement, this))), index),
    )
    this.batch = {
      header: {
        gateway: '0x5B38Da6a701c568545dCfcB03FcB875f56beddC4',
        number: 1,
        previousRoot: NO_ROOT,
        root: `0x${'11'.repeat(32)}`,
        count: measurements.length,
        periodStart: Math.min(...measurements.map(({ at }) => at)),
        periodEnd: Math.max(...measurements.map(({ at }) => at)),
      },
      domain: { chainId: 1, contract: '0x5B38Da6a701c568545dCfcB03FcB875f56beddC4' },
      signature: `0x${'22'.repeat(65)}`,
      leaves: observations.map((observation, index) => ({
        identifier: measurements[index]?.identifier ?? '',
        salt: index.toString(16).padStart(64, '0'),
        observation,
      })),
      closedAt: Date.UTC(2026, 0, 2, 9),
    }
    this.journal.batches.close(this.batch)
  }

  /** Commits the transitions; each `active` one also reaches the channel `doctor`, as the alert lane would record it. */
  async alert(...transitions: AlertTransition[]): Promise<void> {
    await this.journal.commit({ measurements: [], ...told(transitions, ['doctor']) })
    for (
      let entry = this.journal.outbox.claim(laneOf('alert:doctor'));
      entry;
      entry = this.journal.outbox.claim(laneOf('alert:doctor'))
    ) {
      this.journal.outbox.launch(entry)
      this.journal.outbox.settle(entry, { class: 'delivered' }, 1)
    }
  }

  /** Raises an alert whose message to the channel `doctor` is refused for good. */
  async refused(alert: AlertTransition): Promise<void> {
    await this.journal.commit({ measurements: [], ...told([alert], ['doctor']) })
    const entry = this.journal.outbox.claim(laneOf('alert:doctor'))
    if (!entry) throw new Error('nothing is owed')
    this.journal.outbox.launch(entry)
    this.journal.outbox.settle(entry, { class: 'permanent', reason: 'HTTP 410' }, 1)
  }

  /** Everything the lane owes now, in order, marked as delivered. */
  owed(lane: Lane): OutboxEntry[] {
    const entries: OutboxEntry[] = []
    for (let entry = this.journal.outbox.claim(lane); entry; entry = this.journal.outbox.claim(lane)) {
      this.journal.outbox.launch(entry)
      this.journal.outbox.settle(entry, { class: 'delivered' }, 1)
      entries.push(entry)
    }
    return entries
  }

  deliverer(
    target: Partial<TargetConfig> & { url: string },
    fetch: typeof globalThis.fetch = globalThis.fetch,
    journal: FhirDelivererOptions['journal'] = this.journal,
  ): FhirDeliverer {
    const masterKey = Buffer.alloc(32, 7)
    const epochKeys = new EpochKeys({
      store: this.journal.epochKeys,
      masterKey,
      patient: this.patient,
      random: randomBytes,
    })
    return new FhirDeliverer({
      target: { name: 'care', mode: 'clear', timeoutSeconds: 60, tasks: true, pollSeconds: 15, ...target },
      journal,
      envelopes: new Sealer({ epochKeys }),
      home: this.home,
      patient: this.patient,
      fetch,
      logger: silentLogger,
    })
  }

  poller(
    url: string,
    actions: TaskPollerOptions['actions'],
    clock: Clock = systemClock,
    fetch: typeof globalThis.fetch = globalThis.fetch,
  ): TaskPoller {
    const client = new FhirClient({ url, timeoutMs: 60_000, fetch, monotonic: () => clock.monotonic() })
    const target = { name: 'care', pollSeconds: 15 }
    return new TaskPoller({
      target,
      client,
      home: this.home,
      journal: this.journal,
      actions,
      clock,
      logger: silentLogger,
    })
  }

  async stop(): Promise<void> {
    await this.journal.stop()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** Alarm actions that only say what they were asked. */
export class ActionsInWords {
  readonly words: string[] = []
  readonly actors: Actor[] = []
  #tell: () => void = () => {}
  /** Resolves at the first word. */
  readonly told = new Promise<void>((resolve) => {
    this.#tell = resolve
  })

  async acknowledge(alertIds: readonly string[] | 'all', actor: Actor): Promise<string[]> {
    this.#say(`acknowledge ${alertIds} by ${actor.by}`, actor)
    return [...alertIds]
  }

  async escalate(alertId: string, actor: Actor): Promise<void> {
    this.#say(`escalate ${alertId} by ${actor.by}`, actor)
  }

  #say(word: string, actor: Actor): void {
    this.words.push(word)
    this.actors.push(actor)
    this.#tell()
  }
}

/** What a doctor's program does: writes the version that it has read. @returns the HTTP status */
export async function putByDoctor(url: string, task: Task): Promise<number> {
  const response = await fetch(`${url}/Task/${task.id}`, {
    method: 'PUT',
    headers: { 'Content-Type': 'application/fhir+json', 'If-Match': `W/"${task.meta?.versionId}"` },
    body: JSON.stringify(task),
  })
  await response.arrayBuffer()
  return response.status
}

export function transition(changes: Partial<AlertTransition> = {}): AlertTransition {
  const raisedAt = Date.UTC(2026, 0, 2, 8, 31)
  return {
    alertId: `low-oxygen-saturation-${raisedAt}`,
    condition: 'low-oxygen-saturation',
    kind: 'physiological',
    priority: 'high',
    state: 'active',
    at: raisedAt,
    raisedAt,
    observable: 'oxygenSaturation',
    value: 88,
    limit: { comparator: '<=', value: 91 },
    ...changes,
  }
}
