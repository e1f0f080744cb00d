import { expect } from 'chai'
import fc from 'fast-check'
import { type BatchHeader, type Hash32, NO_CHAIN, NO_ROOT } from '#gateway/model/batch.js'
import { commitmentTo, firstJoined, isJoining } from '#gateway/proofs/joining.js'
import { hashLeaf, leafHash, MerkleTree, rootFromProof } from '#gateway/proofs/merkle.js'

const hash = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes): Hash32 => `0x${Buffer.from(bytes).toString('hex')}`)
const header = fc.record({
  gateway: fc.constant('0x70997970C51812dc3A010C7d01b50e0d17dc79C8' as const),
  number: fc.integer({ min: 1, max: 1_000_000 }),
  previousRoot: hash,
  root: hash,
  count: fc.integer({ min: 1, max: 1000 }),
  periodStart: fc.nat(),
  periodEnd: fc.nat(),
})

describe('A joining batch', () => {
  it('commits to everything that was signed of a batch', () => {
    fc.assert(
      fc.property(header, fc.constantFrom('number', 'count', 'periodStart', 'periodEnd'), (one, key) => {
        const other: BatchHeader = { ...one, [key]: (one[key as keyof BatchHeader] as number) + 1 }
        expect(commitmentTo(one, NO_CHAIN)).to.not.equal(commitmentTo(other, NO_CHAIN))
        expect(commitmentTo(one, NO_CHAIN)).to.not.equal(commitmentTo(one, { ...NO_CHAIN, chainId: 1 }))
      }),
    )
  })

  it('proves each of them at its place, and none elsewhere', () => {
    fc.assert(
      fc.property(fc.array(header, { minLength: 1, maxLength: 40 }), fc.nat(), (headers, which) => {
        const leaves = headers.map((one) => commitmentTo(one, NO_CHAIN))
        const tree = new MerkleTree(leaves)
        const index = which % headers.length
        const leaf = leaves[index] as Hash32
        expect(rootFromProof(leaf, tree.proof(index))).to.equal(tree.root)
        const elsewhere = (index + 1) % headers.length
        if (leaves[elsewhere] !== leaf) expect(rootFromProof(leaf, tree.proof(elsewhere))).to.not.equal(tree.root)
      }),
    )
  })

  it('has leaves that are no Observation’s: those are longer, whatever their salt', () => {
    const one = fc.sample(header, 1)[0] as BatchHeader
    const salt = Buffer.from('homebeat-batch-commitment-1'.padEnd(32, '\0')).toString('hex')
    // The shortest text that is a JSON object with a resourceType has more than the 32 bytes of a digest.
    const shortest = '{"resourceType":"Observation"}'.padEnd(33)
    expect(leafHash(salt, shortest)).to.not.equal(commitmentTo(one, NO_CHAIN))
    expect(hashLeaf(Buffer.concat([Buffer.from(salt, 'hex'), Buffer.alloc(32)]))).to.not.equal(
      commitmentTo(one, NO_CHAIN),
    )
  })

  it('is known by having no root before it without being the first', () => {
    expect(isJoining({ number: 1, previousRoot: NO_ROOT })).to.equal(false)
    expect(isJoining({ number: 41, previousRoot: NO_ROOT })).to.equal(true)
    expect(isJoining({ number: 41, previousRoot: `0x${'11'.repeat(32)}` })).to.equal(false)
    expect(firstJoined({ number: 41, count: 40 })).to.equal(1)
  })
})
