import { randomBytes } from 'node:crypto'
import { expect } from 'chai'
import { decodeProtectedHeader } from 'jose'
import type { Measurement } from '#fhir/measurement.js'
import type { ClosedBatch } from '#gateway/model/batch.js'
import type { Envelope } from '#gateway/outbound/fhir/envelope-source.js'
import { dataClassOf } from '#gateway/outbound/sealing/data-class.js'
import { openEnvelope, sealEnvelope } from '#gateway/outbound/sealing/envelope.js'
import { EpochKeys } from '#gateway/outbound/sealing/epoch-keys.js'
import { Sealer } from '#gateway/outbound/sealing/sealer.js'
import { batchSigner } from '#gateway/proofs/batch-signature.js'
import { canonicalJson } from '#gateway/proofs/canonical-json.js'
import { leafHash, verifyInclusion } from '#gateway/proofs/merkle.js'
import { ecg, Home, pulse, START } from '#test/gateway/outbound/batches/home.js'

const DAY = 24 * 3_600_000

describe('the sealer', () => {
  let home: Home
  let epochKeys: EpochKeys
  let batch: ClosedBatch
  let envelopes: Envelope[]

  before(async () => {
    home = await Home.open()
    epochKeys = new EpochKeys({
      store: home.journal.epochKeys,
      masterKey: randomBytes(32),
      patient: 'patient-1',
      random: randomBytes,
    })
    const measurements: Measurement[] = [pulse(0), ecg(1), pulse(2), pulse(3, START + DAY), ecg(4), ecg(5, START + DAY)]
    await home.commit(measurements)
    batch = (await home.batcher().closeIfDue('time')) as ClosedBatch
    envelopes = await new Sealer({ epochKeys }).envelopes(batch)
  })
  after(() => home.close())

  const keyOf = ({ dataClass, day }: Envelope) => epochKeys.keyFor(dataClass, day)

  it('makes one envelope per data class and day, in a stable order', () => {
    const gateway = home.wallet.address.toLowerCase()
    expect(envelopes.map(({ jwe: _, ...rest }) => rest)).to.deep.equal([
      entry('vital-signs', '2026-01-01', 2, START, START + 2000),
      entry('vital-signs', '2026-01-02', 1, START + DAY, START + DAY),
      entry('waveform', '2026-01-01', 2, START + 1000, START + 4020),
      entry('waveform', '2026-01-02', 1, START + DAY, START + DAY + 20),
    ])
    function entry(dataClass: string, day: string, count: number, periodStart: number, periodEnd: number) {
      const name = `${gateway}-1-${dataClass}-${day}-${batch.header.root.slice(2, 18)}`
      return { identifier: name, dataClass, day, count, periodStart, periodEnd }
    }
  })

  it('gives the same identifiers, and other bytes, when it seals again', async () => {
    const again = await new Sealer({ epochKeys }).envelopes(batch)
    expect(again.map((e) => e.identifier)).to.deep.equal(envelopes.map((e) => e.identifier))
    for (const [i, envelope] of again.entries()) expect(envelope.jwe).not.to.equal(envelopes[i]?.jwe)
  })

  it('seals records of which each proves itself', async () => {
    const opened: string[] = []
    for (const envelope of envelopes)
      for (const record of await openEnvelope(envelope.jwe, await keyOf(envelope))) {
        const text = canonicalJson(record.observation)
        expect(verifyInclusion(leafHash(record.salt, text), record.proof, record.header.root)).to.equal(true)
        expect(batchSigner(record.header, record.domain, record.signature)).to.equal(home.wallet.address)
        opened.push(text)
      }
    expect(opened.sort()).to.deep.equal(batch.leaves.map((leaf) => leaf.observation).sort())
  })

  it('seals records that prove themselves where a leaf of the batch does not open any more', async () => {
    const leafHashes = batch.leaves.map(({ salt, observation }) => leafHash(salt, observation))
    const torn = { ...batch, leaves: batch.leaves.filter((_, index) => index !== 2), leafHashes }
    const opened: string[] = []
    for (const envelope of await new Sealer({ epochKeys }).envelopes(torn))
      for (const record of await openEnvelope(envelope.jwe, await keyOf(envelope))) {
        const text = canonicalJson(record.observation)
        expect(verifyInclusion(leafHash(record.salt, text), record.proof, record.header.root)).to.equal(true)
        opened.push(text)
      }
    expect(opened.sort()).to.deep.equal(torn.leaves.map((leaf) => leaf.observation).sort())
  })

  it('shows outside only the epoch, the gateway and the batch', () => {
    for (const { jwe, dataClass, day } of envelopes)
      expect(decodeProtectedHeader(jwe)).to.deep.equal({
        typ: 'homebeat-envelope+jwe',
        cty: 'json',
        kid: `patient-1/${dataClass}/${day}`,
        gateway: home.wallet.address,
        batch: 1,
        alg: 'A256KW',
        enc: 'A256GCM',
      })
  })

  it('opens with no other class’s or day’s key', async () => {
    for (const envelope of envelopes)
      for (const other of envelopes) {
        if (other === envelope) continue
        const { key } = await keyOf(other)
        const { epoch } = await keyOf(envelope)
        expect(await code(openEnvelope(envelope.jwe, { epoch, key }))).to.equal('envelope.not-opened')
      }
  })

  it('opens no envelope of which any part was altered', async () => {
    const { jwe } = envelopes[0] as Envelope
    const key = await keyOf(envelopes[0] as Envelope)
    const parts = jwe.split('.')
    for (let i = 0; i < parts.length; i++) {
      const part = parts[i] as string
      const altered = parts.with(i, (part.startsWith('A') ? 'B' : 'A') + part.slice(1)).join('.')
      expect(await code(openEnvelope(altered, key)), `part ${i}`).to.equal('envelope.not-opened')
    }
    expect(await code(openEnvelope('', key))).to.equal('envelope.not-opened')
  })

  it('opens no envelope that is sealed for another epoch under the same key', async () => {
    const key = await keyOf(envelopes[0] as Envelope)
    const moved = await sealEnvelope(batch, [0], { ...key, epoch: 'patient-2/vital-signs/2026-01-01' })
    expect(await code(openEnvelope(moved, key))).to.equal('envelope.content')
  })

  it('seals nothing of which it does not know the class or the time', async () => {
    const blind = (observation: object) => ({
      ...batch,
      leaves: [{ ...batch.leaves[0], observation: JSON.stringify(observation) } as ClosedBatch['leaves'][number]],
    })
    const sealer = new Sealer({ epochKeys })
    const unknown = { code: { coding: [{ system: 'urn:x', code: 'y' }] } }
    expect(await code(sealer.envelopes(blind(unknown)))).to.equal('sealing.data-class')
    const timeless = { ...JSON.parse(batch.leaves[0]?.observation ?? ''), effectiveDateTime: undefined }
    expect(await code(sealer.envelopes(blind(timeless)))).to.equal('sealing.time')
  })

  it('knows the class of an Observation by its code', () => {
    const classes = batch.leaves.map((leaf) => dataClassOf(JSON.parse(leaf.observation)))
    expect(classes).to.deep.equal(['vital-signs', 'waveform', 'vital-signs', 'vital-signs', 'waveform', 'waveform'])
  })
})

async function code(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'no error',
    (error) => error.code,
  )
}
