/** What may leave the journal: see README, "Retention". Every rule works in slices, so that ingest never waits for it. */
import { SENSORS } from '#gateway/clinical/sensors/registry.js'
import type { LaneRoute } from '#gateway/journal/routing.js'
import type { HeldLeaf } from '#gateway/journal/sqlite/leaves.js'
import { ALERTS, BATCHES, MEASUREMENTS, NOTIFICATIONS, QUEUE } from '#gateway/journal/sqlite/queries.js'
import type { Tables } from '#gateway/journal/sqlite/tables.js'
import type { Hash32 } from '#gateway/model/batch.js'
import { laneKey } from '#gateway/model/lane.js'
import type { Logger } from '#gateway/platform/logger.js'
import { leafHash } from '#gateway/proofs/merkle.js'
import type { PurgeLimits, PurgeRule } from './retention.js'

/** Rows of one transaction: milliseconds on a Pi's card. */
const SLICE = 50
/** Batches looked at in one step. */
const PAGE = 50

/** Stages of `batch.purged`. */
const HELD = 0
const GOING = 1
const GONE = 2
const FORGOTTEN = 3

/** In the place of one that does not open: it fits no Observation. */
const NO_SALT = '00'.repeat(32)

/** Cuffs and glucometers give their whole memory again with each reading; the others are streams. */
const FROM_MEMORY: ReadonlySet<string> = new Set(SENSORS.flatMap(({ kind, fromMemory }) => (fromMemory ? kind : [])))

export interface PurgeRulesOptions {
  readonly tables: Tables
  readonly lanes: readonly LaneRoute[]
  readonly logger: Logger
}

export function purgeRules(options: PurgeRulesOptions): PurgeRule[] {
  return [new BatchRule(options), toldRule(options), identifierRule(options), alertRule(options), proofRule(options)]
}

/** Leaves of batches that every FHIR target has and that are on the chain. */
class BatchRule implements PurgeRule {
  readonly name = 'batches'
  readonly #options: PurgeRulesOptions

  constructor(options: PurgeRulesOptions) {
    this.#options = options
  }

  *purge(limits: PurgeLimits): Iterable<number> {
    // A run was cut short there.
    for (const { number } of this.#inStage(GOING, 0)) yield* this.#empty(number)
    // Nobody else has it: the only copy is not thrown away by a timer.
    if (!this.#options.lanes.some(({ lane }) => lane.kind === 'fhir')) return
    for (let after = 0; ; ) {
      const page = this.#inStage(HELD, after)
      if (page.length === 0) return
      for (const { number, closedAt } of page) {
        after = number
        if (closedAt >= limits.floor || (closedAt >= limits.oldBefore && !limits.pressed())) return
        if (this.#isSettled(number)) yield* this.#purge(number)
      }
      yield 0
    }
  }

  *#purge(number: number): Iterable<number> {
    const { database, leaves } = this.#options.tables
    const kept = leaves.keptHashes(number)
    const hashes: Hash32[] = []
    // A server that got Observations in clear has no salts: without them nobody could ever prove one.
    const salts: string[] | null = this.#isSealedSomewhere(number) ? null : []
    for (;;) {
      const slice = this.#slice(number, hashes.length)
      if (slice.length === 0) break
      for (const { leaf, position } of slice) {
        const hash = leaf ? leafHash(leaf.salt, leaf.observation) : kept[position]
        // A batch of which a leaf does not open, and that has no hashes, stays: without that hash no other could be proved.
        if (hash === undefined || position !== hashes.length) return
        hashes.push(hash)
        salts?.push(leaf?.salt ?? NO_SALT)
      }
      yield 0
    }
    // By a joining batch the others are proved: it has no leaves that could go.
    if (hashes.length === 0) return
    database.transaction(() => leaves.saveProofs(number, hashes, salts))
    yield* this.#empty(number)
  }

  *#empty(number: number): Iterable<number> {
    for (let position = 0; ; ) {
      const slice = this.#slice(number, position)
      const last = slice.at(-1)
      if (!last) break
      this.#options.tables.database.transaction(() => {
        for (const held of slice) this.#release(number, held)
      })
      position = last.position + 1
      yield 0
    }
    const { database, queue, outbox } = this.#options.tables
    const dropped = database.transaction(() => {
      for (const lane of outbox.lanes()) database.run(QUEUE.deleteDelivered, laneKey(lane), 'batch', number)
      database.run(BATCHES.stage, GONE, number)
      return queue.dropFormer(number, 'the lane is not configured any more, and the batch was kept long enough')
    })
    if (dropped > 0)
      this.#options.logger.warn({ batch: number, dropped }, 'lanes no longer configured did not get a batch that goes')
    yield 1
  }

  #release(batch: number, { position, measurement, sensor, identifier }: HeldLeaf): void {
    const { database, leaves } = this.#options.tables
    if (database.get(ALERTS.names, identifier)) return
    leaves.delete(batch, position)
    if (!FROM_MEMORY.has(sensor)) database.run(MEASUREMENTS.delete, measurement)
  }

  #isSettled(number: number): boolean {
    return this.#options.tables.database.get(BATCHES.settledEverywhere, number) !== undefined
  }

  /** A target that takes no alerts is given sealed batches, which hold the salts. */
  #isSealedSomewhere(number: number): boolean {
    const { lanes, tables } = this.#options
    const { database } = tables
    const clear = new Set(lanes.flatMap(({ lane }) => (lane.kind === 'fhir-alert' ? [lane.name] : [])))
    return lanes.some(
      ({ lane }) =>
        lane.kind === 'fhir' &&
        !clear.has(lane.name) &&
        database.get<{ state: string }>(QUEUE.ofBatch, laneKey(lane), number)?.state === 'delivered',
    )
  }

  #slice(number: number, position: number): HeldLeaf[] {
    return this.#options.tables.leaves.held(number, position, SLICE)
  }

  #inStage(stage: number, after: number): { number: number; closedAt: number }[] {
    return this.#options.tables.database.all(BATCHES.inStage, stage, after, PAGE)
  }
}

/** Outbox rows of alerts and Communications that were delivered: the alarm log says itself whom they reached. */
function toldRule({ tables }: PurgeRulesOptions): PurgeRule {
  return {
    name: 'delivered alert entries',
    *purge({ oldBefore }) {
      for (;;) {
        const { changes } = tables.database.run(QUEUE.deleteTold, oldBefore, SLICE)
        if (changes === 0) return
        yield changes
      }
    },
  }
}

/** Identifiers of what went long ago: until here a device's memory may be read again and nothing is stored twice. */
function identifierRule({ tables }: PurgeRulesOptions): PurgeRule {
  return {
    name: 'identifiers',
    *purge({ identifiersBefore }) {
      for (let after = 0; ; ) {
        const batches = tables.database.all<{ number: number; closedAt: number }>(BATCHES.inStage, GONE, after, PAGE)
        if (batches.length === 0) return
        for (const { number, closedAt } of batches) {
          if (closedAt >= identifiersBefore) return
          after = number
          yield* forget(tables, number)
        }
      }
    },
  }
}

/** Hashes (and salts) of batches that went long ago; a record that was given out carries its own proof. */
function proofRule({ tables }: PurgeRulesOptions): PurgeRule {
  return {
    name: 'proofs',
    *purge({ proofsBefore }) {
      for (;;) {
        const batches = tables.database.all<{ number: number; closedAt: number }>(BATCHES.inStage, FORGOTTEN, 0, PAGE)
        const old = batches.filter(({ closedAt }) => closedAt < proofsBefore)
        if (old.length === 0) return
        tables.database.transaction(() => {
          for (const { number } of old) tables.database.run(BATCHES.dropProofs, number)
        })
        yield old.length
      }
    },
  }
}

function* forget(tables: Tables, batch: number): Iterable<number> {
  for (;;) {
    const { database } = tables
    const ids = database.all<{ id: number }>(MEASUREMENTS.unneeded, batch, SLICE)
    if (ids.length === 0) break
    database.transaction(() => {
      for (const { id } of ids) database.run(MEASUREMENTS.delete, id)
    })
    yield ids.length
  }
  tables.database.run(BATCHES.stage, FORGOTTEN, batch)
  yield 0
}

/** Episodes that ended long ago and of which nothing waits anywhere, with the Observations they name. */
function alertRule({ tables }: PurgeRulesOptions): PurgeRule {
  interface Episode {
    readonly id: number
    readonly alertId: string
    readonly active: number
  }
  interface Transition {
    readonly id: number
    readonly measurement: string | null
    readonly at: number
  }
  const deliveriesOf = (transition: number) =>
    tables.database.all<{ id: number }>(ALERTS.deliveriesOf, transition).map(({ id }) => id)

  const notificationsOf = (transition: number) =>
    tables.database.all<{ id: number }>(NOTIFICATIONS.ofTransition, transition).map(({ id }) => id)

  /** The outbox entries about a transition: the alert itself, who was to be told, and that somebody was. */
  const entriesOf = (transition: number) => [
    { kind: 'alert', ref: transition },
    ...notificationsOf(transition).flatMap((ref) => [
      { kind: 'notification', ref },
      { kind: 'undelivered', ref },
    ]),
    ...deliveriesOf(transition).map((ref) => ({ kind: 'communication', ref })),
  ]
  const isOwed = (transition: number) => {
    const { database, outbox } = tables
    return entriesOf(transition).some(({ kind, ref }) =>
      outbox.lanes().some((lane) => {
        const entry = database.get<{ state: string }>(QUEUE.ofAlert, laneKey(lane), kind, ref)
        return entry !== undefined && entry.state !== 'delivered' && entry.state !== 'dropped'
      }),
    )
  }
  const remove = (episode: Episode, transitions: readonly Transition[]) => {
    const { database, leaves, outbox } = tables
    database.transaction(() => {
      database.run(ALERTS.deleteEpisode, episode.id)
      for (const { id, measurement } of transitions) {
        for (const { kind, ref } of entriesOf(id)) {
          for (const lane of outbox.lanes()) database.run(QUEUE.deleteDelivered, laneKey(lane), kind, ref)
        }
        database.run(ALERTS.deleteDeliveries, id)
        database.run(NOTIFICATIONS.deleteOfTransition, id)
        database.run(ALERTS.deleteTransition, id)
        if (measurement !== null && !database.get(ALERTS.names, measurement)) leaves.deleteLeftOver(measurement)
      }
    })
  }
  return {
    name: 'alerts',
    *purge({ alertsBefore }) {
      for (let after = 0; ; ) {
        const episodes = tables.database.all<Episode>(ALERTS.episodesAfter, after, PAGE)
        let old = 0
        for (const episode of episodes) {
          after = episode.id
          const transitions = tables.database.all<Transition>(ALERTS.transitionsOf, episode.alertId)
          if (transitions.some(({ at }) => at >= alertsBefore)) continue
          old++
          if (episode.active === 1 || transitions.some(({ id }) => isOwed(id))) continue
          remove(episode, transitions)
          yield transitions.length
        }
        // Episodes are numbered as they began: behind a page of young ones there are only younger ones.
        if (old === 0) return
        yield 0
      }
    },
  }
}
