/** Seals batches: one envelope for each data class and UTC day, so that a grant's keys open exactly what it names. */
import type { DataClass } from '#fhir/measurement.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import type { Envelope, EnvelopeSource } from '#gateway/outbound/fhir/envelope-source.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { treeOf } from '#gateway/proofs/record.js'
import { dataClassOf as dataClassByCode } from './data-class.js'
import { sealEnvelope } from './envelope.js'
import type { EpochKeys } from './epoch-keys.js'

export interface SealerOptions {
  readonly epochKeys: EpochKeys
  /** Data class of an Observation; by its code unless given. */
  readonly dataClassOf?: (observation: unknown) => DataClass
}

interface Group {
  readonly dataClass: DataClass
  readonly day: string
  readonly indexes: number[]
  start: number
  end: number
}

export class Sealer implements EnvelopeSource {
  readonly #epochKeys: EpochKeys
  readonly #dataClassOf: (observation: unknown) => DataClass

  constructor({ epochKeys, dataClassOf = dataClassByCode }: SealerOptions) {
    this.#epochKeys = epochKeys
    this.#dataClassOf = dataClassOf
  }

  async envelopes(batch: ClosedBatch): Promise<Envelope[]> {
    const { gateway, number, root } = batch.header
    // A journal restored from a backup may give a number anew before anything was anchored under it.
    const content = root.slice(2, 18)
    const sealed: Envelope[] = []
    const tree = treeOf(batch)
    for (const { dataClass, day, indexes, start, end } of this.#groups(batch)) {
      const epochKey = await this.#epochKeys.keyFor(dataClass, day)
      sealed.push({
        identifier: `${gateway.toLowerCase()}-${number}-${dataClass}-${day}-${content}`,
        dataClass,
        day,
        jwe: await sealEnvelope(batch, indexes, epochKey, tree),
        count: indexes.length,
        periodStart: start,
        periodEnd: end,
      })
    }
    return sealed
  }

  /** Sorted by class and day: the same batch gives the same groups in the same order. */
  #groups(batch: ClosedBatch): Group[] {
    const groups = new Map<string, Group>()
    for (const [index, leaf] of batch.leaves.entries()) {
      const observation: unknown = JSON.parse(leaf.observation)
      const dataClass = this.#dataClassOf(observation)
      const { start, end } = effective(observation)
      const day = new Date(start).toISOString().slice(0, 10)
      const key = `${dataClass}/${day}`
      const group = groups.get(key) ?? { dataClass, day, indexes: [], start, end }
      group.indexes.push(index)
      group.start = Math.min(group.start, start)
      group.end = Math.max(group.end, end)
      groups.set(key, group)
    }
    return [...groups.keys()].sort().map((key) => groups.get(key) as Group)
  }
}

/** Start and end of an Observation's `effective[x]`, epoch milliseconds. The start names the day. */
function effective(observation: unknown): { start: number; end: number } {
  const { effectiveDateTime, effectivePeriod } = observation as {
    effectiveDateTime?: string
    effectivePeriod?: { start?: string; end?: string }
  }
  const start = Date.parse(effectiveDateTime ?? effectivePeriod?.start ?? '')
  const end = Date.parse(effectivePeriod?.end ?? '')
  if (Number.isNaN(start))
    throw new HomebeatError('sealing.time', 'An Observation has no time: without it there is no epoch to seal it in.')
  return { start, end: Number.isNaN(end) ? start : end }
}
