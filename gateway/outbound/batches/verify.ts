/**
 * Verifies a record: leaf → root → signature → anchor → block time, and no gap from the first anchored batch on. A batch that was
 * signed without a chain is anchored by the joining batch that commits to it: it is proved to have existed then, not in its period. It needs the record and
 * any node of the chain. It trusts the ledger's domain (chain and contract) and the contract's rule. The verifier must
 * know which gateway (address) stands in which home: the record says only which one signed.
 */
import { signedForm, unsignedPaths } from '#fhir/signed-form.js'
import {
  type Address,
  type BatchHeader,
  type Hash32,
  type JoinedBy,
  NO_ROOT,
  type VerifiableRecord,
} from '#gateway/model/batch.js'
import type { AnchoredEvent, LedgerReader } from '#gateway/outbound/chain/ledger.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { batchSigner } from '#gateway/proofs/batch-signature.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { commitmentTo, firstJoined, isWithoutChain } from '#gateway/proofs/joining.js'
import { leafHash, rootFromProof } from '#gateway/proofs/merkle.js'
import { observationWords } from '#gateway/wording/observation-words.js'

export const VERIFY_STEPS = ['leaf', 'root', 'signature', 'joined', 'anchor', 'block-time', 'no-gap'] as const
export type VerifyStepName = (typeof VERIFY_STEPS)[number]

export interface VerifyStep {
  readonly name: VerifyStepName
  readonly ok: boolean
  /** One sentence for people: what was found, or why the step fails. Holds no health value. */
  readonly detail: string
}

export interface VerifyReport {
  readonly ok: boolean
  /** In order; the first that fails is the last. */
  readonly steps: readonly VerifyStep[]
  /** Why it fails, or null. */
  readonly reason: string | null
  readonly gateway: Address
  readonly batch: number
  /** The batch by which it was anchored: itself, or the one by which its gateway joined the chain. */
  readonly anchoredBy: number
  /** Epoch milliseconds of the anchoring block, once that step is reached. */
  readonly blockTime: number | null
  /** What the record's Observation says, in words; proved only where `ok`. */
  readonly says: string
  /** Paths of the Observation that the signature does not cover: a server, or anybody, may have written them. */
  readonly unsigned: readonly string[]
}

export interface VerifyOptions {
  /** Refuse a record that holds more than what is signed. */
  readonly strict?: boolean
}

class Failure extends Error {}

/**
 * @param asked null only for a record that was signed without a chain and has joined none: it fails before one is asked
 * @throws HomebeatError `ledger.unreachable`, `ledger.refused`, `ledger.no-contract`: nothing was proved or disproved,
 * ask another node. An endpoint of a wrong chain is a failed step and no error.
 */
export async function verifyRecord(
  record: VerifiableRecord,
  asked: LedgerReader | null,
  { strict = false }: VerifyOptions = {},
): Promise<VerifyReport> {
  const { header, joined } = record
  const ledger = asked as LedgerReader
  const anchoredBatch = joined ?? record
  const unsigned = unsignedPaths(record.observation)
  const says = observationWords(record.observation)
  const steps: VerifyStep[] = []
  let blockTime: number | null = null
  const report = (reason: string | null): VerifyReport => {
    return {
      ok: reason === null,
      steps,
      reason,
      gateway: header.gateway,
      batch: header.number,
      anchoredBy: anchoredBatch.header.number,
      blockTime,
      says,
      unsigned,
    }
  }

  let leaf: Hash32 = NO_ROOT
  let event: AnchoredEvent | null = null
  const checks: Record<VerifyStepName, () => string | Promise<string>> = {
    leaf: () => {
      if (strict && unsigned.length > 0)
        throw new Failure(
          `The record holds what nobody signed: ${unsigned.join(', ')}. Leave it out, or verify without --strict.`,
        )
      leaf = checkLeaf(record)
      return `SHA-256 of the salted Observation is ${leaf}`
    },
    root: () => checkRoot(leaf, record),
    signature: () => checkSignature(record),
    joined: () => checkJoined(record),
    anchor: async () => {
      event = await findAnchor(anchoredBatch, ledger)
      return `transaction ${event.transactionHash} in block ${event.blockNumber} of chain ${ledger.domain.chainId}`
    },
    'block-time': async () => {
      const found = await checkBlock(event as unknown as AnchoredEvent, record, ledger)
      blockTime = found.time
      return found.detail
    },
    'no-gap': () => checkNoGap(anchoredBatch.header, ledger),
  }
  for (const name of VERIFY_STEPS) {
    try {
      steps.push({ name, ok: true, detail: await checks[name]() })
    } catch (error) {
      const wrongChain = error instanceof HomebeatError && error.code === 'ledger.wrong-chain'
      if (!(error instanceof Failure) && !wrongChain) throw error
      steps.push({ name, ok: false, detail: error.message })
      return report(error.message)
    }
  }
  return report(null)
}

function checkLeaf({ observation, salt }: VerifiableRecord): Hash32 {
  try {
    return leafHash(salt, canonicalJson(signedForm(observation)))
  } catch (error) {
    throw new Failure(`The record has no leaf: ${(error as Error).message}`)
  }
}

function checkRoot(leaf: Hash32, { proof, header }: VerifiableRecord): string {
  if (proof.count !== header.count)
    throw new Failure(`The proof is for a batch of ${proof.count} leaves, the signed batch has ${header.count}.`)
  const root = rootFromProof(leaf, proof)
  if (root === null)
    throw new Failure(`The proof path has the wrong length for leaf ${proof.index} of ${proof.count}: it was altered.`)
  if (root !== header.root)
    throw new Failure(
      `The Observation, its salt or its proof path was altered: they lead to root ${root}, not to the batch's ${header.root}.`,
    )
  return `leaf ${proof.index} of ${proof.count} leads to ${root}`
}

function checkSignature({ header, domain, signature }: Omit<JoinedBy, 'proof'>): string {
  const signer = batchSigner(header, domain, signature)
  if (signer === null) throw new Failure('The signature is not a signature: it was altered.')
  // Addresses are compared without their checksum's letter case.
  if (!same(signer, header.gateway))
    throw new Failure(
      `The signature is not the gateway's: ${header.gateway} is named, ${signer} comes out. The header or the signature was altered, or somebody else signed.`,
    )
  return `batch ${header.number} is signed by ${signer}`
}

/** Which way the batch is on the chain: by its own anchor, or by that of the batch with which its gateway joined the chain. */
function checkJoined({ header, domain, joined }: VerifiableRecord): string {
  if (!isWithoutChain(domain)) {
    if (joined)
      throw new Failure(`Batch ${header.number} is signed for a chain, and yet another is said to commit to it.`)
    return `batch ${header.number} is signed for chain ${domain.chainId}, to be anchored itself`
  }
  if (!joined)
    throw new Failure(
      `Signed at home, not anchored: batch ${header.number} was signed without a chain, and no batch that joined one commits to it.`,
    )
  const { header: joining, proof } = joined
  if (!same(joining.gateway, header.gateway))
    throw new Failure(`Batch ${joining.number} is of another gateway: ${joining.gateway}.`)
  if (proof.count !== joining.count || proof.index !== header.number - firstJoined(joining))
    throw new Failure(`Batch ${joining.number} does not commit to batch ${header.number} at its place.`)
  if (rootFromProof(commitmentTo(header, domain), proof) !== joining.root)
    throw new Failure(
      `Batch ${joining.number} does not commit to this batch ${header.number}: one of them was altered.`,
    )
  checkSignature(joined)
  return `batch ${header.number} was signed without a chain; batch ${joining.number}, with which the gateway joined chain ${joined.domain.chainId}, commits to it`
}

async function findAnchor(
  { header, domain }: Pick<VerifiableRecord, 'header' | 'domain'>,
  ledger: LedgerReader,
): Promise<AnchoredEvent> {
  const { gateway, number, root, previousRoot } = header
  if (domain.chainId !== ledger.domain.chainId)
    throw new Failure(`The record is of chain ${domain.chainId}, and this is chain ${ledger.domain.chainId}.`)
  if (!same(domain.contract, ledger.domain.contract))
    throw new Failure(`The record is of contract ${domain.contract}, and this is ${ledger.domain.contract}.`)
  const event = await ledger.anchored(gateway, number)
  if (!event) {
    const head = await ledger.head(gateway)
    throw new Failure(
      head.number >= number
        ? `The node does not show the anchor of batch ${number}, though the contract is at ${head.number}: ask another node.`
        : `Batch ${number} is not anchored: the contract is at batch ${head.number} of ${gateway}.`,
    )
  }
  if (event.root !== root) throw new Failure(`Another root is anchored as batch ${number}: ${event.root}, not ${root}.`)
  if (event.previousRoot !== previousRoot)
    throw new Failure(`Batch ${number} is anchored after another root: ${event.previousRoot}, not ${previousRoot}.`)
  return event
}

async function checkBlock(
  event: AnchoredEvent,
  { header, joined }: VerifiableRecord,
  ledger: LedgerReader,
): Promise<{ time: number; detail: string }> {
  const block = await ledger.block(event.blockNumber)
  if (block?.hash !== event.blockHash)
    throw new Failure(`Block ${event.blockNumber} was replaced while it was looked at: verify again in a minute.`)
  const onTop = Math.max(0, (await ledger.latestBlock()) - event.blockNumber)
  const ended = new Date(header.periodEnd).toISOString()
  return {
    time: block.time,
    detail: `anchored at ${new Date(block.time).toISOString()}, ${onTop} blocks on top; the batch's last value says ${ended}${joined ? ': that it existed before it was anchored is not proved' : ''}`,
  }
}

/** Walks the events back from the contract's head: each root must be the one that the next batch names. */
async function checkNoGap({ gateway, number, root }: BatchHeader, ledger: LedgerReader): Promise<string> {
  const head = await ledger.head(gateway)
  const events = new Map((await ledger.history(gateway)).map((event) => [event.number, event]))
  const [first = 1] = events.keys()
  let expected = head.root
  for (let at = head.number; at >= first; at--) {
    const event = events.get(at)
    if (!event) throw new Failure(`Batch ${at} is missing from the chain's history: ask another node.`)
    if (event.root !== expected) throw new Failure(`Batch ${at} has another root than the one after it names.`)
    if (at === number && event.root !== root)
      throw new Failure(`Another root stands in the history as batch ${number}.`)
    expected = event.previousRoot
  }
  // The contract takes no root before a gateway's first batch, whatever that one's number.
  if (expected !== NO_ROOT)
    throw new Failure(`Batch ${first - 1} is missing from the chain's history: ask another node.`)
  if (head.number < number) throw new Failure(`The contract is at batch ${head.number}, before batch ${number}.`)
  return `batches ${first} to ${number} follow each other; the contract is at batch ${head.number}`
}

const same = (a: string, b: string) => a.toLowerCase() === b.toLowerCase()
