import { createHash } from 'node:crypto'
import { expect } from 'chai'
import fc from 'fast-check'
import type { Hash32 } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import {
  hashLeaf,
  inclusionProof,
  leafHash,
  merkleRoot,
  rootFromProof,
  verifyInclusion,
} from '#gateway/proofs/merkle.js'

/** The test data of RFC 6962's reference implementation: eight leaves, the roots of their prefixes, audit paths. */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'].map(
  (hex) => hashLeaf(Buffer.from(hex, 'hex')),
)
const ROOTS = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
const PATHS: [index: number, size: number, path: string[]][] = [
  [0, 1, []],
  [
    0,
    8,
    [
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ],
  ],
  [
    5,
    8,
    [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ],
  ],
  [2, 3, ['fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125']],
  [
    1,
    5,
    [
      '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
    ],
  ],
]

const leavesOf = (count: number): Hash32[] =>
  Array.from({ length: count }, (_, i) => hashLeaf(Buffer.from(`leaf ${i}`)))
const tree = fc.integer({ min: 1, max: 200 }).chain((count) => {
  return fc.record({ leaves: fc.constant(leavesOf(count)), index: fc.integer({ min: 0, max: count - 1 }) })
})

describe('the Merkle tree', () => {
  it('gives the roots of the published test data', () => {
    expect(ROOTS.map((_, size) => merkleRoot(LEAVES.slice(0, size)))).to.deep.equal(ROOTS.map((root) => `0x${root}`))
  })

  it('gives the audit paths of the published test data', () => {
    for (const [index, size, path] of PATHS)
      expect(inclusionProof(LEAVES.slice(0, size), index)).to.deep.equal({
        index,
        count: size,
        path: path.map((hash) => `0x${hash}`),
      })
  })

  it('proves every leaf of a tree of any size', () => {
    fc.assert(
      fc.property(tree, ({ leaves, index }) => {
        const proof = inclusionProof(leaves, index)
        expect(verifyInclusion(leaves[index] as Hash32, proof, merkleRoot(leaves))).to.equal(true)
      }),
    )
  })

  it('proves no leaf at another place, and no other leaf', () => {
    fc.assert(
      fc.property(tree, fc.nat(), ({ leaves, index }, other) => {
        const proof = inclusionProof(leaves, index)
        const root = merkleRoot(leaves)
        const leaf = leaves[index] as Hash32
        const elsewhere = other % leaves.length
        fc.pre(elsewhere !== index)
        expect(verifyInclusion(leaf, { ...proof, index: elsewhere }, root)).to.equal(false)
        expect(verifyInclusion(leaves[elsewhere] as Hash32, proof, root)).to.equal(false)
      }),
    )
  })

  it('refuses a path that has one hash changed, missing or too many', () => {
    fc.assert(
      fc.property(tree, fc.nat(), fc.integer({ min: 0, max: 255 }), ({ leaves, index }, at, bit) => {
        const proof = inclusionProof(leaves, index)
        const root = merkleRoot(leaves)
        const leaf = leaves[index] as Hash32
        expect(rootFromProof(leaf, { ...proof, path: [...proof.path, root] })).to.equal(null)
        fc.pre(proof.path.length > 0)
        expect(rootFromProof(leaf, { ...proof, path: proof.path.slice(1) })).to.equal(null)
        const path = proof.path.map((hash, i) => (i === at % proof.path.length ? flip(hash, bit) : hash))
        expect(verifyInclusion(leaf, { ...proof, path }, root)).to.equal(false)
      }),
    )
  })

  it('does not take a node for a leaf', () => {
    const [left, right] = leavesOf(2) as [Hash32, Hash32]
    const inside = Buffer.from(left.slice(2) + right.slice(2), 'hex')
    expect(hashLeaf(inside)).not.to.equal(merkleRoot([left, right]))
  })

  it('refuses an index that is not in the tree', () => {
    for (const index of [-1, 3, 0.5, Number.NaN]) {
      expect(() => inclusionProof(leavesOf(3), index)).to.throw(HomebeatError)
      expect(rootFromProof(LEAVES[0] as Hash32, { index, count: 3, path: [] })).to.equal(null)
    }
  })

  it('hashes a leaf as 0x00, salt and text', () => {
    const salt = 'ab'.repeat(32)
    const bytes = Buffer.concat([Buffer.of(0), Buffer.from(salt, 'hex'), Buffer.from('{"a":"ä"}', 'utf8')])
    expect(leafHash(salt, '{"a":"ä"}')).to.equal(`0x${createHash('sha256').update(bytes).digest('hex')}`)
    expect(() => leafHash('ab', '{}')).to.throw(HomebeatError)
  })
})

function flip(hash: Hash32, bit: number): Hash32 {
  const bytes = Buffer.from(hash.slice(2), 'hex')
  bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7))
  return `0x${bytes.toString('hex')}`
}
