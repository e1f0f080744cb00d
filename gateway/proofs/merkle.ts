/**
 * Merkle trees as RFC 9162 (Certificate Transparency 2.0) section 2.1 shapes them, over SHA-256: leaf = H(0x00 ‖ data),
 * node = H(0x01 ‖ left ‖ right), no padding, no doubled leaf. The two prefixes keep a node from passing as a leaf.
 */
import { createHash } from 'node:crypto'
import type { Hash32, InclusionProof } from '#gateway/model/batch.js'
import { HomebeatError } from '#gateway/platform/errors.js'

const LEAF = Uint8Array.of(0)
const NODE = Uint8Array.of(1)

/** RFC 9162 leaf hash of any bytes. */
export function hashLeaf(data: Uint8Array): Hash32 {
  return toHash(createHash('sha256').update(LEAF).update(data).digest())
}

/**
 * The leaf of an Observation.
 * @param salt 64 hex digits
 * @param canonicalJson RFC 8785 text; its UTF-8 bytes follow the salt's
 */
export function leafHash(salt: string, canonicalJson: string): Hash32 {
  if (!/^[0-9a-f]{64}$/.test(salt))
    throw new HomebeatError('merkle.salt', 'A salt is 64 lower-case hex digits: the record is not one of Homebeat.')
  return hashLeaf(Buffer.concat([Buffer.from(salt, 'hex'), Buffer.from(canonicalJson, 'utf8')]))
}

/** A tree that is hashed once, for many proofs. */
export class MerkleTree {
  readonly root: Hash32
  readonly #leafHashes: readonly Hash32[]
  readonly #top: TreeNode | null

  constructor(leafHashes: readonly Hash32[]) {
    this.#leafHashes = leafHashes
    this.#top = leafHashes.length === 0 ? null : grow(leafHashes.map(toBytes), 0, leafHashes.length)
    // The root of nothing is the hash of nothing (RFC 9162, 2.1.1).
    this.root = toHash(this.#top?.hash ?? createHash('sha256').digest())
  }

  /** The audit path of leaf `index` (RFC 9162, 2.1.3.1). */
  proof(index: number): InclusionProof {
    const count = this.#leafHashes.length
    if (!Number.isSafeInteger(index) || index < 0 || index >= count)
      throw new HomebeatError('merkle.index', `There is no leaf ${index} among ${count}: ask for one that is there.`)
    const path: Hash32[] = []
    let at = this.#top
    let before = 0
    // From the root down; the path is told from the leaf up.
    while (at?.children) {
      const [left, right] = at.children
      const goLeft = index < before + left.size
      path.unshift(toHash(goLeft ? right.hash : left.hash))
      if (!goLeft) before += left.size
      at = goLeft ? left : right
    }
    return { index, count, path }
  }
}

export function merkleRoot(leafHashes: readonly Hash32[]): Hash32 {
  return new MerkleTree(leafHashes).root
}

export function inclusionProof(leafHashes: readonly Hash32[], index: number): InclusionProof {
  return new MerkleTree(leafHashes).proof(index)
}

/** The root that a leaf and its path lead to (RFC 9162, 2.1.3.2), or null where the path cannot be of such a tree. */
export function rootFromProof(leaf: Hash32, proof: InclusionProof): Hash32 | null {
  const { index, count, path } = proof
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(count) || index < 0 || index >= count) return null
  let position = index
  let last = count - 1
  let hash = toBytes(leaf)
  for (const sibling of path) {
    if (last === 0) return null
    if (position % 2 === 1 || position === last) {
      hash = node(toBytes(sibling), hash)
      // The last node of an odd row rises unpaired until it has a left sibling.
      while (position % 2 === 0 && position !== 0) {
        position = half(position)
        last = half(last)
      }
    } else {
      hash = node(hash, toBytes(sibling))
    }
    position = half(position)
    last = half(last)
  }
  return last === 0 ? toHash(hash) : null
}

/** Whether the leaf is in the tree of this root, at the place the proof says. */
export function verifyInclusion(leaf: Hash32, proof: InclusionProof, root: Hash32): boolean {
  return rootFromProof(leaf, proof) === root
}

interface TreeNode {
  readonly hash: Buffer
  readonly size: number
  readonly children?: readonly [TreeNode, TreeNode]
}

function grow(leaves: readonly Buffer[], from: number, to: number): TreeNode {
  if (to - from === 1) return { hash: leaves[from] as Buffer, size: 1 }
  const middle = from + split(to - from)
  const left = grow(leaves, from, middle)
  const right = grow(leaves, middle, to)
  return { hash: node(left.hash, right.hash), size: to - from, children: [left, right] }
}

/** The largest power of two below `size` (size > 1). */
function split(size: number): number {
  let power = 1
  while (power * 2 < size) power *= 2
  return power
}

const half = (n: number) => Math.floor(n / 2)
const node = (left: Buffer, right: Buffer) => createHash('sha256').update(NODE).update(left).update(right).digest()
const toHash = (bytes: Buffer): Hash32 => `0x${bytes.toString('hex')}`
const toBytes = (hash: Hash32): Buffer => Buffer.from(hash.slice(2), 'hex')
