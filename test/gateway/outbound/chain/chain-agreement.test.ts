import { randomBytes } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import fc from 'fast-check'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { signedForm } from '#fhir/signed-form.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import { type AnchorDomain, type ClosedBatch, type Leaf, NO_CHAIN } from '#gateway/model/batch.js'
import { type Lane, laneOf } from '#gateway/model/lane.js'
import type { DeliveryOutcome } from '#gateway/model/outcome.js'
import { Batcher } from '#gateway/outbound/batches/batcher.js'
import { AnchorDeliverer } from '#gateway/outbound/chain/anchor-deliverer.js'
import { ChainAgreement } from '#gateway/outbound/chain/chain-agreement.js'
import { anchorRoute, fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { dataClassOf } from '#gateway/outbound/sealing/data-class.js'
import { EpochKeys } from '#gateway/outbound/sealing/epoch-keys.js'
import { Sealer } from '#gateway/outbound/sealing/sealer.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { batchSigner } from '#gateway/proofs/batch-signature.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { Home, pulse, START, TEST_DOMAIN } from '#test/gateway/outbound/batches/home.js'
import { TestClock } from '#test/support/test-clock.js'
import { SimulatedContract } from './simulated-contract.js'

const MINUTE = 60_000
const ARCHIVE = laneOf('fhir:archive')
const ANCHOR = laneOf('anchor:test')
const identifierOf = ({ identifier }: Leaf) => identifier

/** A home with its data folder, a sealed FHIR server, and the contract; the folder can be backed up and restored. */
class World {
  readonly folder = mkdtempSync(join(tmpdir(), 'homebeat-agreement-'))
  readonly data = join(this.folder, 'data')
  readonly clock = new TestClock(START)
  readonly contract = new SimulatedContract()
  wallet = new Wallet(`0x${'42'.repeat(32)}`)
  journal!: Journal
  agreement!: ChainAgreement
  batcher!: Batcher
  anchors!: AnchorDeliverer
  hasChain = true
  read = 0
  /** What is in each root that was ever closed. */
  readonly content = new Map<string, readonly string[]>()
  /** What the sealed server has, by identifier: it keeps the first that comes under one. */
  readonly archive = new Map<string, readonly string[]>()
  /** Readings that a restored folder did not have, and no anchored batch either. */
  readonly gone = new Set<string>()
  /** Readings of anchored batches that a restored folder did not know to be in one. */
  readonly declared = new Set<string>()

  async start(): Promise<void> {
    const { clock, contract, wallet: signer } = this
    this.journal = journalOf({
      path: join(this.data, 'journal.db'),
      lanes: [...fhirRoutes('archive', 'sealed'), anchorRoute('test')],
      ...{ clock, logger: silentLogger, commit: { maxDelayMs: 0, maxCount: 1 } },
    })
    await this.journal.start()
    const { journal } = this
    const agreement = new ChainAgreement({
      ...{ batches: journal.batches, ledger: this.hasChain ? contract : null },
      ...{ signer, clock, logger: silentLogger },
    })
    this.agreement = agreement
    this.batcher = new Batcher({
      ...{
        journal,
        signer,
        domain: this.hasChain ? TEST_DOMAIN : NO_CHAIN,
        clock,
        maxCount: 3,
        mayClose: () => agreement.mayClose(),
      },
      observationOf: (one) => signedForm(observationOf(one, { patient: 'patient-1', home: 'home-1' })),
      random: randomBytes,
    })
    this.anchors = new AnchorDeliverer({
      ...{ ledger: contract, journal, signer, clock, logger: silentLogger, held: () => agreement.heldAnchors() },
      ...{ confirmations: 0, gasPrice: 0, pollMs: 1000, patienceMs: 0 },
    })
    await agreement.start()
    await clock.advance(0)
  }

  async stop(): Promise<void> {
    await this.agreement.stop()
    await this.journal.stop()
  }

  async close(): Promise<void> {
    await this.stop()
    rmSync(this.folder, { recursive: true, force: true })
  }

  async readings(count: number): Promise<void> {
    const measurements = Array.from({ length: count }, () => pulse(this.read++))
    await this.journal.commit({ measurements, transitions: [] })
  }

  async closeBatches(): Promise<void> {
    await this.batcher.closeIfDue('time')
    const { batches } = this.journal
    for (const number of batches.numbers()) {
      const { header, leaves } = batches.byNumber(number) ?? {}
      if (header && leaves && leaves.length > 0) this.content.set(header.root, leaves.map(identifierOf))
    }
  }

  async deliver(lane: Lane, one: (entry: OutboxEntry) => Promise<DeliveryOutcome>): Promise<void> {
    const { outbox } = this.journal
    for (let entry = outbox.claim(lane); entry; entry = outbox.claim(lane)) {
      outbox.launch(entry)
      const outcome = await one(entry)
      outbox.settle(entry, outcome, 1)
      if (outcome.class !== 'delivered') return
    }
  }

  anchor(): Promise<void> {
    return this.deliver(ANCHOR, async (entry) => {
      return (await this.anchors.deliver(entry, new AbortController().signal)).outcome
    })
  }

  push(): Promise<void> {
    const epochKeys = new EpochKeys({
      ...{ store: this.journal.epochKeys, masterKey: new Uint8Array(32), patient: 'patient-1', random: randomBytes },
    })
    return this.deliver(ARCHIVE, async ({ ref }) => {
      const batch = this.journal.batches.byNumber(ref) as ClosedBatch
      for (const { identifier, dataClass, day } of await new Sealer({ epochKeys }).envelopes(batch)) {
        expect(batch.leaves.every(({ observation }) => dataClassOf(JSON.parse(observation)) === dataClass)).to.equal(
          true,
        )
        expect(day).to.equal('2026-01-01')
        if (!this.archive.has(identifier)) this.archive.set(identifier, batch.leaves.map(identifierOf))
      }
      return { class: 'delivered' }
    })
  }

  async backUp(): Promise<void> {
    await this.stop()
    rmSync(join(this.folder, 'backup'), { recursive: true, force: true })
    cpSync(this.data, join(this.folder, 'backup'), { recursive: true })
    await this.start()
  }

  async restore(): Promise<void> {
    if (!existsSync(join(this.folder, 'backup'))) return
    const before = this.held()
    await this.stop()
    rmSync(this.data, { recursive: true })
    cpSync(join(this.folder, 'backup'), this.data, { recursive: true })
    await this.start()
    const after = this.held()
    const anchored = new Set(this.contract.events.flatMap(({ root }) => this.content.get(root) ?? []))
    for (const id of before) if (!after.has(id) && !anchored.has(id)) this.gone.add(id)
    for (const id of after) if (anchored.has(id)) this.declared.add(id)
  }

  /** Identifiers of what the journal holds. */
  held(): Set<string> {
    const { measurements } = this.journal
    return new Set(
      Array.from({ length: this.read }, (_, i) => pulse(i).identifier).filter((id) => measurements.has(id)),
    )
  }

  raised(): string[] {
    return this.agreement.check().flatMap(({ condition, present }) => (present ? [condition] : []))
  }

  async batch(count = 2): Promise<void> {
    await this.readings(count)
    await this.closeBatches()
  }
}

describe('Journal and contract', function () {
  this.timeout(120_000)
  let world: World
  beforeEach(async () => {
    world = new World()
    await world.start()
  })
  afterEach(() => world.close())

  /** A folder of after batch 1 is put back when the contract is at batch 3. */
  async function restored(): Promise<void> {
    await world.batch()
    await world.anchor()
    await world.readings(1)
    await world.backUp()
    await world.batch()
    await world.batch()
    await world.anchor()
    expect(world.contract.events).to.have.length(3)
    await world.restore()
  }

  it('agree at the start of a home, after batches, and where anchors are still owed', async () => {
    for (const step of [() => world.batch(), () => world.anchor(), () => world.batch()]) {
      await step()
      await world.stop()
      await world.start()
      expect(world.agreement.mayClose()).to.equal(true)
      expect(world.raised()).to.deep.equal([])
    }
    expect(await codeOf(() => world.agreement.continue('nurse-1'))).to.equal('journal.nothing-to-continue')
  })

  it('of a restored folder do not: readings are kept, no batch is closed, and it is an alert', async () => {
    await restored()
    expect(world.raised()).to.deep.equal(['journal-older-than-chain'])
    await world.batch()
    expect(world.journal.batches.last()?.number).to.equal(1)
    expect(world.journal.measurements.unbatchedCount()).to.equal(3)
    await world.clock.advance(24 * 60 * MINUTE)
    await world.closeBatches()
    expect(world.journal.batches.last()?.number).to.equal(1)
    expect(world.raised()).to.deep.equal(['journal-older-than-chain'])
  })

  it('go on after the contract’s last batch once a person says so, and who it was is kept', async () => {
    await restored()
    await world.batch()
    const said = await world.agreement.continue('nurse-1')
    expect(said).to.deep.equal({ by: 'nurse-1', shared: 1, head: 3, renumbered: 0 })
    expect(world.raised()).to.deep.equal([])
    await world.closeBatches()
    await world.anchor()
    expect(world.journal.batches.last()).to.include({ number: 4, previousRoot: world.contract.events[2]?.root })
    expect(world.contract.events.map(({ number }) => number)).to.deep.equal([1, 2, 3, 4])
    expect(world.contract.events[3]?.root).to.equal(world.journal.batches.last()?.root)
    expect(world.journal.batches.continuations()).to.deep.equal([{ at: world.clock.now(), ...said }])
    await world.stop()
    await world.start()
    expect(world.raised()).to.deep.equal([])
    expect(world.journal.damages.open()).to.deep.equal([])
  })

  it('wait ten minutes for each other, then batches are closed provisionally, with an alert', async () => {
    await world.batch()
    await world.stop()
    world.contract.isUp = false
    await world.start()
    await world.clock.advance(9 * MINUTE)
    await world.batch()
    expect(world.journal.batches.last()?.number).to.equal(1)
    expect(world.raised()).to.deep.equal([])
    await world.clock.advance(2 * MINUTE)
    expect(world.raised()).to.deep.equal(['batches-provisional'])
    await world.closeBatches()
    expect(world.journal.batches.last()?.number).to.equal(2)
    world.contract.isUp = true
    await world.anchor()
    expect(world.contract.sent.size, 'no anchor before the answer').to.equal(0)
    await world.clock.advance(MINUTE)
    expect(world.raised()).to.deep.equal([])
    await world.anchor()
    expect(world.contract.events).to.have.length(2)
  })

  it('give provisional batches that stand where others are anchored new numbers, and owe them anew', async () => {
    world.contract.isUp = true
    await restored()
    await world.stop()
    world.contract.isUp = false
    await world.start()
    await world.clock.advance(11 * MINUTE)
    await world.batch(4)
    await world.push()
    expect(world.journal.batches.last()?.number).to.equal(3)
    world.contract.isUp = true
    await world.clock.advance(MINUTE)
    expect(world.raised()).to.deep.equal(['journal-older-than-chain'])
    await world.anchor()
    const roots = [2, 3].map((number) => world.journal.batches.rootOf(number))
    expect(await world.agreement.continue('nurse-1')).to.deep.include({ shared: 1, head: 3, renumbered: 2 })
    expect(world.journal.batches.numbers()).to.deep.equal([1, 4, 5])
    await world.anchor()
    await world.push()
    expect(world.contract.events.slice(3).map(({ root }) => root)).to.deep.equal(roots)
    for (const number of [4, 5]) {
      const batch = world.journal.batches.byNumber(number)
      expect(batch && batchSigner(batch.header, batch.domain, batch.signature)).to.equal(world.wallet.address)
      const envelope = [...world.archive].find(([name]) => name.includes(`-${number}-`))
      expect(envelope?.[1]).to.deep.equal(batch?.leaves.map(identifierOf))
    }
    for (const roots of world.contract.sent.values()) expect(roots.size).to.equal(1)
  })

  /** Restored, then three provisional batches where the contract has others. */
  async function conflict(): Promise<void> {
    await restored()
    await world.stop()
    world.contract.isUp = false
    await world.start()
    await world.clock.advance(11 * MINUTE)
    await world.batch(7)
    expect(world.journal.batches.numbers()).to.deep.equal([1, 2, 3, 4])
    world.contract.isUp = true
    await world.clock.advance(MINUTE)
  }

  it('owe a batch anew that was on its way to a server while it got another number', async () => {
    await conflict()
    const { outbox } = world.journal
    const first = outbox.claim(ARCHIVE) as OutboxEntry
    outbox.launch(first)
    outbox.settle(first, { class: 'delivered' }, 1)
    const entry = outbox.claim(ARCHIVE) as OutboxEntry
    expect(entry.ref).to.equal(2)
    outbox.launch(entry)
    await world.agreement.continue('nurse-1')
    outbox.settle(entry, { class: 'delivered' }, 1)
    expect(outbox.claim(ARCHIVE)).to.include({ id: entry.id, ref: 4, state: 'claimed' })
  })

  it('go on with a continuation that the power ended in the middle', async () => {
    await conflict()
    const roots = [2, 3, 4].map((number) => world.journal.batches.rootOf(number))
    const { batches } = world.journal
    const renumber = batches.renumber
    let moves = 0
    batches.renumber = (number, as) => {
      if (++moves === 2) throw new Error('power cut')
      renumber(number, as)
    }
    expect(await codeOf(() => world.agreement.continue('nurse-1'))).to.equal('Error: power cut')
    await world.stop()
    await world.start()
    expect(world.journal.batches.numbers()).to.deep.equal([1, 2, 3, 6])
    expect(world.raised()).to.deep.equal(['journal-older-than-chain'])
    await world.agreement.continue('nurse-1')
    await world.anchor()
    expect(world.journal.batches.numbers()).to.deep.equal([1, 4, 5, 6])
    expect(world.contract.events.slice(3).map(({ root }) => root)).to.deep.equal(roots)
    expect(world.journal.damages.open()).to.deep.equal([])
  })

  it('need not agree where there is no chain: batches go on after the last one', async () => {
    await world.stop()
    world.hasChain = false
    await world.start()
    await world.batch()
    await world.stop()
    await world.start()
    expect(world.agreement.mayClose()).to.equal(true)
    expect(world.raised()).to.deep.equal([])
    await world.batch()
    expect(world.journal.batches.last()?.number).to.equal(2)
    expect(await codeOf(() => world.agreement.continue('nurse-1'))).to.equal('journal.nothing-to-continue')
  })

  it('of which the key is another one: an alert, and nothing is signed with it', async () => {
    await world.batch()
    await world.stop()
    world.wallet = new Wallet(`0x${'43'.repeat(32)}`)
    await world.start()
    expect(world.raised()).to.deep.equal(['gateway-key-changed'])
    await world.batch()
    expect(world.journal.batches.last()?.number).to.equal(1)
    expect(world.journal.measurements.unbatchedCount()).to.equal(2)
    expect(await codeOf(() => world.agreement.continue('nurse-1'))).to.equal('journal.other-key')
  })

  it('of which the contract does not know the key: an alert until it is enrolled', async () => {
    await world.stop()
    world.contract.enrolled = false
    await world.start()
    expect(world.raised()).to.deep.equal(['gateway-not-enrolled'])
    world.contract.enrolled = true
    await world.clock.advance(MINUTE)
    expect(world.raised()).to.deep.equal([])
  })

  it('lose no reading, and number none twice undeclared, whatever is backed up, restored and out of reach', async () => {
    const steps = {
      read: () => world.readings(2),
      batch: () => world.batch(4),
      close: () => world.closeBatches(),
      anchor: () => world.anchor(),
      push: () => world.push(),
      backUp: () => world.backUp(),
      restore: () => world.restore(),
      down: async () => void Object.assign(world.contract, { isUp: false }),
      up: async () => void Object.assign(world.contract, { isUp: true }),
      loseAnswer: async () => void Object.assign(world.contract, { losesAnswer: true }),
      restart: async () => {
        await world.stop()
        await world.start()
      },
      /** Restored, or after a power cut, with a chain that is out of reach for long. */
      outage: async () => {
        await steps.down()
        await steps.restart()
        await steps.patience()
        await steps.batch()
      },
      minute: () => world.clock.advance(MINUTE),
      patience: () => world.clock.advance(11 * MINUTE),
      continue: async () => void (await codeOf(() => world.agreement.continue('nurse-1'))),
    }
    type Name = keyof typeof steps
    const any = fc.constantFrom(...(Object.keys(steps) as Name[]))
    const busy = fc.constantFrom<Name>('batch', 'batch', 'anchor', 'anchor', 'read', 'push', 'loseAnswer')
    /** A backup, some time, and mostly its being put back, with whatever else. */
    const episode = fc
      .tuple(fc.array(any, { maxLength: 4 }), fc.array(busy, { maxLength: 8 }), any, fc.array(any, { maxLength: 8 }))
      .map(([before, after, or, then]): Name[] => {
        const restored: Name[] =
          or === 'down' ? ['down', 'restore', 'patience', 'batch', 'push', 'up'] : ['restore', or]
        return [...before, 'up', 'minute', 'backUp', ...after, ...restored, ...then]
      })
    const runs = fc.array(episode, { minLength: 1, maxLength: 3 }).map((episodes) => episodes.flat())
    await world.close()
    const seen = { renumbered: 0, twice: 0 }
    await fc.assert(
      fc.asyncProperty(runs, async (run) => {
        world = new World()
        try {
          await world.start()
          for (const name of run) await steps[name]()
          world.contract.isUp = true
          await world.clock.advance(MINUTE)
          if (world.raised().includes('journal-older-than-chain')) await world.agreement.continue('nurse-1')
          await world.closeBatches()
          await world.anchor()
          await world.anchor()
          await world.push()

          expect(world.raised()).to.deep.equal([])
          for (const [number, roots] of world.contract.sent) expect(roots.size, `batch ${number}`).to.equal(1)
          const { events } = world.contract
          expect(world.journal.batches.last()?.number ?? 0).to.equal(events.length)
          const times = new Map<string, number>()
          for (const { root } of events)
            for (const id of world.content.get(root) ?? []) times.set(id, (times.get(id) ?? 0) + 1)
          const archived = new Set([...world.archive.values()].flat())
          for (let i = 0; i < world.read; i++) {
            const { identifier } = pulse(i)
            if (!world.gone.has(identifier)) expect(times.get(identifier), identifier).to.be.at.least(1)
            if (!world.declared.has(identifier)) expect(times.get(identifier) ?? 0, identifier).to.be.at.most(1)
            else if ((times.get(identifier) ?? 0) > 1) seen.twice++
          }
          for (const id of world.held()) expect(archived.has(id), `${id} at the server`).to.equal(true)
          seen.renumbered += world.journal.batches.continuations().reduce((sum, one) => sum + one.renumbered, 0)
        } finally {
          await world.stop()
          rmSync(world.folder, { recursive: true, force: true })
        }
      }),
      { numRuns: 50, seed: 11 },
    )
    // What is not reached is not tested.
    expect(seen.renumbered).to.be.above(5)
    expect(seen.twice).to.be.above(5)
    world = new World()
    await world.start()
  })
})

describe('A gateway without a chain', () => {
  async function standing(domain: AnchorDomain, batches: number) {
    const home = await Home.open(domain)
    for (let i = 0; i < batches; i++) await home.batch(1)
    const { journal, wallet: signer, clock } = home
    const agreement = new ChainAgreement({
      batches: journal.batches,
      ledger: null,
      signer,
      clock,
      logger: silentLogger,
    })
    await agreement.start()
    const present = agreement.check().flatMap((one) => (one.present ? [one.condition] : []))
    await agreement.stop()
    await home.close()
    return { mayClose: agreement.mayClose(), present }
  }

  it('closes batches where none of this home was ever anchored', async () => {
    for (const batches of [0, 2])
      expect(await standing(NO_CHAIN, batches)).to.deep.equal({ mayClose: true, present: [] })
  })

  it('closes none without its chain where earlier ones are on it, and says so', async () => {
    expect(await standing(TEST_DOMAIN, 1)).to.deep.equal({ mayClose: false, present: ['chain-missing'] })
  })
})
