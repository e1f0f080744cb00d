import { randomBytes } from 'node:crypto'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { signedForm } from '#fhir/signed-form.js'
import { limitsOnRecord } from '#gateway/clinical/limits/limits-on-record.js'
import { type Address, NO_CHAIN } from '#gateway/model/batch.js'
import { Batcher } from '#gateway/outbound/batches/batcher.js'
import { FullBatches } from '#gateway/outbound/batches/full-batches.js'
import type { Engine } from './engine.js'
import type { Part } from './program.js'
import type { Site } from './site.js'

export type Batches = ReturnType<typeof batchesOf>

/** Batches of signed Observations, each with the limits that its value was judged by. */
export function batchesOf(
  { config, home, patient, signer, journal, agreement, clock, logger }: Site,
  { settings }: Engine,
) {
  const { maxCount } = config.batches
  const { chainId, contract } = config.chain ?? NO_CHAIN
  const batcher = new Batcher({
    ...{ journal, signer, random: randomBytes, clock, maxCount },
    mayClose: () => agreement.mayClose(),
    domain: { chainId, contract: contract as Address },
    observationOf: (measurement) => {
      const limits = limitsOnRecord(measurement, settings.limitsAt(measurement.at))
      return signedForm(observationOf(measurement, { patient, home, ...limits }))
    },
  })
  return { batcher, full: new FullBatches({ measurements: journal.measurements, batcher, maxCount, clock, logger }) }
}

export function batchParts({ config }: Site, { batcher }: Batches): Part[] {
  const close = async () => void (await batcher.closeIfDue('time'))
  return [
    { name: 'batches', stage: 'inbound', jobs: [{ name: 'close batch', cron: config.batches.cron, action: close }] },
  ]
}
