/** The content of each table's sealed blob, and the context that binds it to its row. */
import type { Leaf } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import type { RowCipher } from './cipher.js'

export interface MeasurementBody {
  readonly payload: string
  readonly samples: Uint8Array | null
}

const SALT_BYTES = 32
/** Instead of the samples' length: there are none, which is not the same as none of them. */
const NO_SAMPLES = 0xffffffff

const measurementContext = (identifier: string) => `measurement/payload/${identifier}`
export const leafContext = (batch: number, position: number) => `leaf/observation/${batch}/${position}`
const saltsContext = (batch: number) => `batch/leaf_salts/${batch}`
const transitionContext = (alertId: string, state: string, at: number) =>
  `alert_transition/value/${alertId}/${state}/${at}`

/** Samples' length (4 bytes), samples, payload. */
export function sealMeasurement(cipher: RowCipher, identifier: string, { payload, samples }: MeasurementBody) {
  const offset = 4 + (samples?.length ?? 0)
  const plain = Buffer.allocUnsafe(offset + Buffer.byteLength(payload))
  plain.writeUInt32LE(samples?.length ?? NO_SAMPLES, 0)
  if (samples) plain.set(samples, 4)
  plain.write(payload, offset)
  return cipher.seal(plain, measurementContext(identifier))
}

export function openMeasurement(cipher: RowCipher, identifier: string, sealed: Uint8Array): MeasurementBody {
  const plain = bytes(cipher.open(sealed, measurementContext(identifier)))
  const length = plain.readUInt32LE(0)
  const offset = length === NO_SAMPLES ? 4 : 4 + length
  return { samples: length === NO_SAMPLES ? null : plain.subarray(4, offset), payload: plain.toString('utf8', offset) }
}

/**
 * Salt (32 bytes), the identifier's length (2), identifier, observation. The identifier inside binds the leaf to its
 * measurement, and names it where the measurement's row is lost.
 */
export function sealLeaf(cipher: RowCipher, batch: number, position: number, leaf: Leaf): Uint8Array {
  const name = Buffer.from(leaf.identifier)
  const offset = SALT_BYTES + 2 + name.length
  const plain = Buffer.allocUnsafe(offset + Buffer.byteLength(leaf.observation))
  plain.write(leaf.salt, 0, 'hex')
  plain.writeUInt16LE(name.length, SALT_BYTES)
  name.copy(plain, SALT_BYTES + 2)
  plain.write(leaf.observation, offset)
  return cipher.seal(plain, leafContext(batch, position))
}

export function openLeaf(cipher: RowCipher, batch: number, position: number, sealed: Uint8Array): Leaf {
  const plain = bytes(cipher.open(sealed, leafContext(batch, position)))
  const offset = SALT_BYTES + 2 + plain.readUInt16LE(SALT_BYTES)
  return {
    identifier: plain.toString('utf8', SALT_BYTES + 2, offset),
    salt: plain.toString('hex', 0, SALT_BYTES),
    observation: plain.toString('utf8', offset),
  }
}

/** Anything small that JSON carries. @param context table, column and row */
export function sealJson(cipher: RowCipher, value: unknown, context: string): Uint8Array {
  return cipher.seal(Buffer.from(JSON.stringify(value)), context)
}

export function openJson(cipher: RowCipher, sealed: Uint8Array, context: string): unknown {
  return JSON.parse(bytes(cipher.open(sealed, context)).toString('utf8'))
}

/** Salts of a batch whose leaves have gone, packed. */
export function sealSalts(cipher: RowCipher, batch: number, packed: Uint8Array): Uint8Array {
  return cipher.seal(packed, saltsContext(batch))
}

export function openSalts(cipher: RowCipher, batch: number, sealed: Uint8Array): Buffer {
  return bytes(cipher.open(sealed, saltsContext(batch)))
}

export interface TransitionKey {
  readonly alertId: string
  readonly state: string
  readonly at: number
}

/** Causing value and limit; null where the transition has neither. */
export function sealTransition(
  cipher: RowCipher,
  { alertId, state, at }: TransitionKey,
  value: number | null,
  limit: number | null,
  worst?: number | null,
): Uint8Array | null {
  if (value === null && limit === null) return null
  const numbers = worst == null ? [value, limit] : [value, limit, worst]
  return cipher.seal(Buffer.from(JSON.stringify(numbers)), transitionContext(alertId, state, at))
}

export function openTransition(
  cipher: RowCipher,
  { alertId, state, at }: TransitionKey,
  sealed: Uint8Array,
): [value: number | null, limit: number | null, worst?: number] {
  return JSON.parse(bytes(cipher.open(sealed, transitionContext(alertId, state, at))).toString('utf8'))
}

/** Stands where no key is at hand: all but the sealed values can be read. */
export function lockedCipher(error: HomebeatError): RowCipher {
  const refuse = () => {
    throw error
  }
  return { seal: refuse, open: refuse }
}

/** Whether a row stayed closed for want of the key, not because it is damaged. */
export function isLocked(error: unknown): boolean {
  return error instanceof HomebeatError && error.code !== 'journal.altered'
}

/** Null where the row is altered: it costs only itself. Whoever opens for a writer has noted it (`UnopenedRows`). */
export function opened<Result>(open: () => Result): Result | null {
  try {
    return open()
  } catch (error) {
    if (error instanceof HomebeatError && error.code === 'journal.altered') return null
    throw error
  }
}

function bytes(array: Uint8Array): Buffer {
  return Buffer.from(array.buffer, array.byteOffset, array.byteLength)
}
