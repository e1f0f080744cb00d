/**
 * A batch's signature: EIP-712 typed data, so that chain, contract, gateway and number are part of what is signed, and
 * a contract could check it too.
 */
import { getAddress, recoverAddress, type SigningKey, TypedDataEncoder } from 'ethers'
import type { Address, AnchorDomain, BatchHeader } from '#gateway/model/batch.js'

/** In this order; another order is another signature. */
export const BATCH_HEADER_TYPES = {
  BatchHeader: [
    { name: 'gateway', type: 'address' },
    { name: 'number', type: 'uint64' },
    { name: 'previousRoot', type: 'bytes32' },
    { name: 'root', type: 'bytes32' },
    { name: 'count', type: 'uint32' },
    { name: 'periodStart', type: 'uint64' },
    { name: 'periodEnd', type: 'uint64' },
  ],
}

/** The EIP-712 digest of a header, 32 bytes hex. Times are whole epoch milliseconds. */
export function batchDigest(header: BatchHeader, domain: AnchorDomain): string {
  return TypedDataEncoder.hash(
    { name: 'Homebeat', version: '1', chainId: domain.chainId, verifyingContract: domain.contract },
    BATCH_HEADER_TYPES,
    header,
  )
}

/** @returns 65 bytes r ‖ s ‖ v, 0x hex; deterministic (RFC 6979). */
export function signBatch(header: BatchHeader, domain: AnchorDomain, key: SigningKey): string {
  return key.sign(batchDigest(header, domain)).serialized
}

/** Who signed this header for this domain, or null where it is no signature at all. */
export function batchSigner(header: BatchHeader, domain: AnchorDomain, signature: string): Address | null {
  try {
    return getAddress(recoverAddress(batchDigest(header, domain), signature)) as Address
  } catch {
    return null
  }
}
