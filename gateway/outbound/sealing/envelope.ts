/**
 * An envelope: a compact JWE (RFC 7516) of a FHIR collection Bundle with its salts, proofs and signature. Its content key
 * is random (A256GCM) and wrapped under the epoch key (A256KW). It is not compressed (`zip`): the compressed length would
 * tell of the content. It is not padded: the length follows from the number of values, which the DocumentReference
 * states anyway.
 *
 * The protected header holds epoch, gateway and batch number. Every carrier can read it; nobody can alter it unseen.
 */
import { createHash } from 'node:crypto'
import { CompactEncrypt, compactDecrypt } from 'jose'
import { z } from 'zod'
import type { BatchHeader, ClosedBatch, VerifiableRecord } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import {
  anchorDomainSchema,
  batchHeaderSchema,
  pathSchema,
  positionOf,
  resourceSchema,
  saltSchema,
  signatureSchema,
  treeOf,
} from '#gateway/proofs/record.js'
import type { EpochKey } from './epoch-keys.js'

const TYPE = 'homebeat-envelope'
/** A larger envelope is not opened. A day of waveforms in one batch stays below. */
export const MAX_ENVELOPE_BYTES = 64 * 1024 * 1024

const contentSchema = z.strictObject({
  type: z.literal(TYPE),
  version: z.literal(1),
  bundle: z.looseObject({
    resourceType: z.literal('Bundle'),
    type: z.literal('collection'),
    entry: z.array(z.looseObject({ fullUrl: z.string(), resource: resourceSchema })),
  }),
  /** In the order of the Bundle's entries. */
  leaves: z.array(
    z.strictObject({ identifier: z.string(), salt: saltSchema, index: z.number().int().min(0), path: pathSchema }),
  ),
  header: batchHeaderSchema,
  domain: anchorDomainSchema,
  signature: signatureSchema,
})

/**
 * Seals the leaves at `indexes` of a batch under an epoch key.
 * @param tree the batch's, where it is at hand
 * @returns the compact JWE, ASCII; other bytes at each call
 */
export async function sealEnvelope(
  batch: ClosedBatch,
  indexes: readonly number[],
  epochKey: EpochKey,
  tree = treeOf(batch),
): Promise<string> {
  const { header, domain, signature } = batch
  const leaves = indexes.map((index) => {
    const leaf = batch.leaves[index]
    if (!leaf) throw new HomebeatError('envelope.no-leaf', `Batch ${header.number} has no leaf ${index}.`)
    const position = positionOf(batch, index)
    return { ...leaf, index: position, path: tree.proof(position).path }
  })
  const content: z.input<typeof contentSchema> = {
    type: TYPE,
    version: 1,
    bundle: {
      resourceType: 'Bundle',
      type: 'collection',
      entry: leaves.map(({ identifier, observation }) => ({
        fullUrl: uuidUrl(identifier),
        resource: JSON.parse(observation),
      })),
    },
    leaves: leaves.map(({ identifier, salt, index, path }) => ({ identifier, salt, index, path: [...path] })),
    header: { ...header },
    domain: { ...domain },
    signature,
  }
  return new CompactEncrypt(new TextEncoder().encode(JSON.stringify(content)))
    .setProtectedHeader({ ...bound(header, epochKey.epoch), alg: 'A256KW', enc: 'A256GCM' })
    .encrypt(epochKey.key)
}

/**
 * Opens an envelope.
 * @param epochKey its key; the envelope must name the same epoch
 * @returns a record of each Observation inside; each verifies on its own
 * @throws HomebeatError `envelope.too-large`, `envelope.not-opened` (altered, or another key), `envelope.content`
 */
export async function openEnvelope(jwe: string, epochKey: EpochKey): Promise<VerifiableRecord[]> {
  if (jwe.length > MAX_ENVELOPE_BYTES)
    throw new HomebeatError('envelope.too-large', `An envelope has at most ${MAX_ENVELOPE_BYTES} bytes.`)
  const { plaintext, protectedHeader } = await compactDecrypt(jwe, epochKey.key, {
    keyManagementAlgorithms: ['A256KW'],
    contentEncryptionAlgorithms: ['A256GCM'],
  }).catch(() => {
    throw new HomebeatError(
      'envelope.not-opened',
      `The envelope does not open with the key of epoch ${epochKey.epoch}: it was altered, or is sealed with another key.`,
    )
  })
  const parsed = contentSchema.safeParse(json(plaintext))
  if (!parsed.success || parsed.data.leaves.length !== parsed.data.bundle.entry.length)
    throw new HomebeatError(
      'envelope.content',
      'The envelope does not hold what Homebeat seals: its sender is another.',
    )
  const { bundle, leaves, header, domain, signature } = parsed.data
  for (const [name, value] of Object.entries(bound(header, epochKey.epoch)))
    if (protectedHeader[name] !== value)
      throw new HomebeatError('envelope.content', `The envelope's outer ${name} is not that of the batch inside.`)
  return bundle.entry.map(({ resource }, i) => {
    const { salt, index, path } = leaves[i] as (typeof leaves)[number]
    return {
      type: 'homebeat-record',
      version: 1,
      observation: resource,
      salt,
      proof: { index, count: header.count, path },
      header,
      domain,
      signature,
    }
  })
}

/** The protected header: it binds the ciphertext to its epoch, gateway and batch. */
function bound(header: BatchHeader, epoch: string) {
  return {
    typ: `${TYPE}+jwe`,
    cty: 'json',
    kid: epoch,
    gateway: header.gateway as string,
    batch: header.number,
  }
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return null
  }
}

/** The fullUrl of an entry: deterministic, and it tells nothing of the identifier (RFC 9562, version 8). */
function uuidUrl(identifier: string): string {
  const hex = createHash('sha256').update(identifier).digest('hex')
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16)
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}
