/** Values as Ethereum's JSON-RPC writes them. */
import { zeroPadValue } from 'ethers'
import type { Hash32 } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'

/**
 * The number that a JSON-RPC quantity stands for. A missing or absurd one must not pass as NaN, which no comparison
 * catches: an anchor would count as final at once.
 * @throws HomebeatError `ledger.refused`
 */
export function whole(value: unknown): number {
  const number = typeof value === 'string' && /^0x[0-9a-f]+$/i.test(value) ? Number(value) : Number.NaN
  if (!Number.isSafeInteger(number)) throw wrongAnswer()
  return number
}

export function wrongAnswer(): HomebeatError {
  return new HomebeatError(
    'ledger.refused',
    'A chain endpoint gives answers that are no JSON-RPC of Ethereum: remove it.',
    { retry: 'transient' },
  )
}

export const quantity = (n: number) => `0x${n.toString(16)}`
export const topic = (value: string) => zeroPadValue(value.toLowerCase(), 32)

/** @throws HomebeatError `ledger.refused` where it is no 32-byte hash */
export function hash(value: unknown): Hash32 {
  if (typeof value !== 'string' || !/^0x[0-9a-f]{64}$/i.test(value)) throw wrongAnswer()
  return value.toLowerCase() as Hash32
}
