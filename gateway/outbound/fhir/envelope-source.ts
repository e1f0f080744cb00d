/** The source of a batch's envelopes. `gateway/outbound/sealing` implements it; a FHIR deliverer only carries them. */
import type { SealedDocument } from '#fhir/document.js'
import type { ClosedBatch } from '#gateway/model/batch.js'

/** One sealed document: the Observations of one data class and day of one batch. */
export type Envelope = SealedDocument

export interface EnvelopeSource {
  /** The envelopes of a closed batch, in a stable order. Rejects with a HomebeatError when they cannot be made. */
  envelopes(batch: ClosedBatch): Promise<Envelope[]>
}
