import { expect } from 'chai'
import { SigningKey, verifyTypedData, Wallet } from 'ethers'
import type { BatchHeader } from '#gateway/model/batch.js'
import { BATCH_HEADER_TYPES, batchSigner, signBatch } from '#gateway/proofs/batch-signature.js'
import { TEST_DOMAIN } from '#test/gateway/outbound/batches/home.js'

const key = new SigningKey(`0x${'11'.repeat(32)}`)
const wallet = new Wallet(key)
const header: BatchHeader = {
  gateway: wallet.address as BatchHeader['gateway'],
  number: 7,
  previousRoot: `0x${'aa'.repeat(32)}`,
  root: `0x${'bb'.repeat(32)}`,
  count: 500,
  periodStart: 1_767_268_800_000,
  periodEnd: 1_767_268_860_000,
}

describe('a batch signature', () => {
  it('is EIP-712: any wallet library comes to the same signer', () => {
    const signature = signBatch(header, TEST_DOMAIN, key)
    const domain = { name: 'Homebeat', version: '1', chainId: 4242, verifyingContract: TEST_DOMAIN.contract }
    expect(verifyTypedData(domain, BATCH_HEADER_TYPES, header, signature)).to.equal(wallet.address)
    expect(batchSigner(header, TEST_DOMAIN, signature)).to.equal(wallet.address)
  })

  it('is the same each time', () => {
    expect(signBatch(header, TEST_DOMAIN, key)).to.equal(signBatch(header, TEST_DOMAIN, key))
  })

  it('binds every member of the header, the chain and the contract', () => {
    const signature = signBatch(header, TEST_DOMAIN, key)
    const others: BatchHeader[] = [
      { ...header, gateway: TEST_DOMAIN.contract },
      { ...header, number: 8 },
      { ...header, previousRoot: header.root },
      { ...header, root: header.previousRoot },
      { ...header, count: 499 },
      { ...header, periodStart: header.periodStart + 1 },
      { ...header, periodEnd: header.periodEnd + 1 },
    ]
    for (const other of others) expect(batchSigner(other, TEST_DOMAIN, signature)).not.to.equal(wallet.address)
    for (const domain of [
      { ...TEST_DOMAIN, chainId: 1 },
      { ...TEST_DOMAIN, contract: header.gateway },
    ])
      expect(batchSigner(header, domain, signature)).not.to.equal(wallet.address)
  })

  it('is nobody’s where it is no signature', () => {
    for (const signature of ['0x', '0x1234', `0x${'00'.repeat(65)}`, `0x${'ff'.repeat(65)}`, 'zz'])
      expect(batchSigner(header, TEST_DOMAIN, signature)).to.equal(null)
  })
})
