/** Records: one Observation with everything that proves it, as it is handed to a doctor, an insurer or a court. */
import { isAddress } from 'ethers'
import { z } from 'zod'
import type { Address, ClosedBatch, Hash32, JoinedBy, Leaf, VerifiableRecord } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { firstJoined } from './joining.js'
import { leafHash, MerkleTree } from './merkle.js'
import { parseStrictJson } from './strict-json.js'

/** A record's text is refused above this; the longest waveform Observation is far below. */
export const MAX_RECORD_BYTES = 16 * 1024 * 1024
const MAX_LEAVES = 1_000_000

const hash32 = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/, 'needs 0x and 64 lower-case hex digits')
  .transform((text) => text as Hash32)
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'needs 0x and 40 hex digits')
  .refine((text) => !/^0x[0-9a-fA-F]{40}$/.test(text) || isAddress(text), 'has a wrong checksum (EIP-55)')
  .transform((text) => text as Address)
const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)

export const batchHeaderSchema = z.strictObject({
  gateway: address,
  number: whole.min(1),
  previousRoot: hash32,
  root: hash32,
  count: whole.min(1).max(MAX_LEAVES),
  periodStart: whole,
  periodEnd: whole,
})

export const anchorDomainSchema = z.strictObject({ chainId: whole, contract: address })

export const saltSchema = z.string().regex(/^[0-9a-f]{64}$/, 'needs 64 lower-case hex digits')
export const pathSchema = z.array(hash32).max(20)
export const signatureSchema = z.string().regex(/^0x[0-9a-fA-F]{130}$/, 'needs 0x and 130 hex digits')
export const resourceSchema = z.record(z.string(), z.unknown())

const signed = {
  proof: z.strictObject({ index: whole, count: whole.min(1).max(MAX_LEAVES), path: pathSchema }),
  header: batchHeaderSchema,
  domain: anchorDomainSchema,
  signature: signatureSchema,
}
const record = {
  type: z.literal('homebeat-record'),
  observation: resourceSchema,
  salt: saltSchema,
  ...signed,
}
const recordSchema = z.discriminatedUnion('version', [
  z.strictObject({ ...record, version: z.literal(1) }),
  z.strictObject({ ...record, version: z.literal(2), joined: z.strictObject(signed) }),
])

/** The batch's tree. */
export function treeOf(batch: Pick<ClosedBatch, 'leaves' | 'leafHashes'>): MerkleTree {
  return new MerkleTree(batch.leafHashes ?? batch.leaves.map((leaf) => leafHash(leaf.salt, leaf.observation)))
}

/** Where a leaf stood in its batch: its index, or by its hash where not all leaves are there. */
export function positionOf(batch: Pick<ClosedBatch, 'leaves' | 'leafHashes'>, index: number): number {
  const { salt, observation } = batch.leaves[index] as Leaf
  return batch.leafHashes?.indexOf(leafHash(salt, observation)) ?? index
}

/**
 * The record of one leaf.
 * @param which its index, or its Measurement's identifier
 * @param joining the batch that commits to this one, where it was signed without a chain and has been joined
 * @throws HomebeatError `record.no-leaf`
 */
export function recordOf(
  batch: ClosedBatch,
  which: number | string,
  joining: ClosedBatch | null = null,
): VerifiableRecord {
  const index = typeof which === 'number' ? which : batch.leaves.findIndex((leaf) => leaf.identifier === which)
  const leaf = batch.leaves[index]
  if (!leaf)
    throw new HomebeatError(
      'record.no-leaf',
      `Batch ${batch.header.number} does not hold ${which}: check the identifier.`,
    )
  return {
    type: 'homebeat-record',
    version: joining ? 2 : 1,
    observation: JSON.parse(leaf.observation),
    salt: leaf.salt,
    proof: treeOf(batch).proof(positionOf(batch, index)),
    header: batch.header,
    domain: batch.domain,
    signature: batch.signature,
    ...(joining && { joined: joinedBy(batch, joining) }),
  }
}

function joinedBy({ header: { number } }: ClosedBatch, joining: ClosedBatch): JoinedBy {
  const { header, domain, signature } = joining
  return { proof: treeOf(joining).proof(number - firstJoined(header)), header, domain, signature }
}

/**
 * Reads a record's file. Its content proves nothing before `verifyRecord`.
 * @throws HomebeatError `record.too-large`, `record.not-json`, `record.ambiguous`, `record.shape`; messages hold no health value
 */
export function parseRecord(text: string): VerifiableRecord {
  if (Buffer.byteLength(text) > MAX_RECORD_BYTES)
    throw new HomebeatError('record.too-large', `A record has at most ${MAX_RECORD_BYTES} bytes: is it the right file?`)
  const parsed = recordSchema.safeParse(parseStrictJson(text))
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.') || 'record'}: ${issue.message}`)
  throw new HomebeatError('record.shape', `The record was altered or is none: ${problems.join('; ')}`)
}
