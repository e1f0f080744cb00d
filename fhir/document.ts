/**
 * A sealed envelope → R4 Binary + DocumentReference. The server learns the pseudonym, data class, day, size and hash,
 * never a value.
 */
import { createHash } from 'node:crypto'
import type { Binary, DocumentReference } from '@medplum/fhirtypes'
import { instant } from './instant.js'
import type { DataClass } from './measurement.js'
import {
  CODES,
  CONFIDENTIALITY,
  EXTENSIONS,
  gatewayIdentifier,
  IDENTIFIERS,
  logicalReference,
  patientIdentifier,
} from './systems.js'

/** One sealed envelope: the Observations of one data class and day of one batch. */
export interface SealedDocument {
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

export interface SealedResources {
  readonly binary: Binary & { id: string }
  readonly document: DocumentReference
}

/**
 * R4 Binary and DocumentReference, base resources. Sizes are bytes of the JWE; times epoch ms.
 * The Binary's id is made from the identifier (R4 gives Binary no identifier to be conditional on), so that a repeated
 * push replaces it instead of leaving a second one.
 * @throws RangeError where a period is no time
 */
export function sealedResourcesOf(sealed: SealedDocument, context: { patient: string; home: string }): SealedResources {
  const bytes = Buffer.from(sealed.jwe, 'utf8')
  const contentType = sealed.jwe.startsWith('{') ? 'application/jose+json' : 'application/jose'
  // `hb` keeps the id from being purely numeric, which some servers refuse; 2 + 40 of the 64 characters allowed.
  const id = `hb${createHash('sha256').update(sealed.identifier).digest('hex').slice(0, 40)}`
  const binary: Binary & { id: string } = {
    resourceType: 'Binary',
    id,
    contentType,
    data: bytes.toString('base64'),
  }
  const document: DocumentReference = {
    resourceType: 'DocumentReference',
    extension: [
      { url: EXTENSIONS.epochDay, valueDate: sealed.day },
      { url: EXTENSIONS.observationCount, valuePositiveInt: sealed.count },
    ],
    identifier: [{ system: IDENTIFIERS.envelope, value: sealed.identifier }],
    status: 'current',
    type: { coding: [{ system: CODES.documentType, code: 'sealed-observations' }], text: 'Sealed Observations' },
    category: [{ coding: [{ system: CODES.dataClass, code: sealed.dataClass }] }],
    subject: logicalReference('Patient', patientIdentifier(context.patient)),
    date: instant(sealed.periodEnd),
    author: [logicalReference('Device', gatewayIdentifier(context.home))],
    securityLabel: [{ coding: [{ system: CONFIDENTIALITY, code: 'R', display: 'restricted' }] }],
    content: [
      {
        attachment: {
          extension: [{ url: EXTENSIONS.sha256, valueBase64Binary: digest('sha256', bytes) }],
          contentType,
          url: `Binary/${id}`,
          size: bytes.length,
          // R4 fixes SHA-1 here; what the gateway relies on is the SHA-256 beside it and the JWE's own tag.
          hash: digest('sha1', bytes),
        },
      },
    ],
    context: { period: { start: instant(sealed.periodStart), end: instant(sealed.periodEnd) } },
  }
  return { binary, document }
}

function digest(algorithm: 'sha1' | 'sha256', bytes: Buffer): string {
  return createHash(algorithm).update(bytes).digest('base64')
}
