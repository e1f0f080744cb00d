/** Where the sealed form of a batch comes from. Implemented by `gateway/sealing`; delivery only carries it. */
import type { DataClass } from '#fhir/measurement.js'
import type { ClosedBatch } from '#gateway/anchoring/batch.js'

/** One sealed document: the Observations of one data class and day of one batch. */
export interface Envelope {
  /** Deterministic and unique per gateway: sealing the same batch again gives the same identifiers. */
  readonly identifier: string
  readonly dataClass: DataClass
  /** `YYYY-MM-DD`, UTC: with the data class it names the epoch key that opens it. */
  readonly day: string
  /** The JWE (A256GCM), compact or JSON serialisation, ASCII. */
  readonly jwe: string
  /** Observations inside. */
  readonly count: number
  /** Epoch milliseconds: start of the earliest and end of the latest Observation inside. */
  readonly periodStart: number
  readonly periodEnd: number
}

export interface EnvelopeSource {
  /** The envelopes of a closed batch, in a stable order. Rejects with a HomebeatError when they cannot be made. */
  envelopes(batch: ClosedBatch): Promise<Envelope[]>
}
