import { expect } from 'chai'
import type { ClosedBatch } from '#gateway/model/batch.js'
import { MAX_RECORD_BYTES, parseRecord, recordOf } from '#gateway/proofs/record.js'
import { Home } from '#test/gateway/outbound/batches/home.js'

describe('a record', () => {
  let home: Home
  let batch: ClosedBatch
  before(async () => {
    home = await Home.open()
    batch = await home.batch(5)
  })
  after(() => home.close())

  const codeOf = (text: string) => {
    try {
      parseRecord(text)
      return null
    } catch (error) {
      return (error as { code: string }).code
    }
  }

  it('is made by index or by identifier', () => {
    expect(recordOf(batch, 3)).to.deep.equal(recordOf(batch, batch.leaves[3]?.identifier ?? ''))
  })

  it('is not made of what the batch does not hold', () => {
    for (const which of [5, -1, 'unknown']) expect(() => recordOf(batch, which)).to.throw(/does not hold/)
  })

  it('survives a file', () => {
    const record = recordOf(batch, 1)
    expect(parseRecord(JSON.stringify(record))).to.deep.equal(record)
  })

  it('is refused when it is no JSON, too large, of another shape or has more members', () => {
    const record = recordOf(batch, 1)
    expect(codeOf('{')).to.equal('record.not-json')
    expect(codeOf(' '.repeat(MAX_RECORD_BYTES + 1))).to.equal('record.too-large')
    for (const wrong of [
      null,
      [],
      {},
      { ...record, type: 'other' },
      { ...record, version: 2 },
      { ...record, observation: 'text' },
      { ...record, salt: record.salt.slice(2) },
      { ...record, signature: '0x' },
      { ...record, header: { ...record.header, number: 0 } },
      { ...record, header: { ...record.header, number: 1.5 } },
      { ...record, header: { ...record.header, root: record.header.root.toUpperCase() } },
      { ...record, proof: { ...record.proof, path: Array(21).fill(record.header.root) } },
      { ...record, extra: 1 },
    ])
      expect(codeOf(JSON.stringify(wrong)), JSON.stringify(wrong)).to.equal('record.shape')
  })

  it('tells no health value when it is refused', () => {
    const record = { ...recordOf(batch, 1), salt: 'x' }
    expect(() => parseRecord(JSON.stringify(record))).to.throw(/^The record was altered or is none: salt: [^{]*$/)
    expect(() => parseRecord('{"value": 123.456,,')).to.throw(/^((?!123).)*$/)
  })
})
