import { expect } from 'chai'
import fc from 'fast-check'
import { UnmappedCheck } from '#gateway/intake/mapping/unmapped-check.js'
import { MAX_MESSAGE_BYTES } from '#gateway/intake/transports/mqtt/address.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import type { UnmappedMessage } from '#gateway/model/unmapped.js'
import { journalAt, measurement, TemporaryFolder } from '#test/gateway/journal/journal-fixture.js'

const MIB = 1024 * 1024

function message(over: Partial<UnmappedMessage> = {}): UnmappedMessage {
  return {
    ...{ deviceId: 'bridge', topic: 'a/b', receivedAt: 1_700_000_000_000, code: 'map.topic', reason: 'No mapping.' },
    payload: new Uint8Array([0, 255, 1]),
    ...over,
  }
}

describe('The journal’s unmapped messages', () => {
  let folder: TemporaryFolder
  let journal: Journal

  async function open(bounds = { maxMessages: 3, maxBytes: MIB }): Promise<void> {
    journal = journalAt(folder.journal, { unmapped: bounds })
    await journal.start()
  }
  const keep = (...unmapped: UnmappedMessage[]) => journal.commit({ measurements: [], transitions: [], unmapped })

  beforeEach(async () => {
    folder = new TemporaryFolder()
    await open()
  })
  afterEach(async () => {
    await journal.stop()
    folder.remove()
  })

  it('are there as they were sent, after a restart and for a reader beside the gateway', async () => {
    await keep(message(), message({ topic: 'c', deviceId: 'other' }))
    await journal.stop()
    await open()
    expect(journal.unmapped.after(0, 10)).to.deep.equal([
      { id: 1, ...message({ payload: Buffer.from([0, 255, 1]) }) },
      { id: 2, ...message({ topic: 'c', deviceId: 'other', payload: Buffer.from([0, 255, 1]) }) },
    ])
    const reader = openJournalReader(folder.journal)
    expect(reader.unmapped.latest(1).map(({ topic }) => topic)).to.deep.equal(['c'])
    expect(reader.unmapped.counts()).to.deep.equal([
      { deviceId: 'bridge', waiting: 1, bytes: 6, overflowed: 0 },
      { deviceId: 'other', waiting: 1, bytes: 4, overflowed: 0 },
    ])
    reader.close()
  })

  it('of one device stay within its room: the oldest are kept, the newest counted, and a condition says so', async () => {
    const check = new UnmappedCheck(() => journal.unmapped.isFull())
    const present = () => check.check()[0]?.present
    await keep(message({ topic: '1' }), message({ topic: '2' }))
    expect(present()).to.equal(false)
    await keep(message({ topic: '3' }), message({ topic: '4' }), message({ topic: '5' }))
    expect(journal.unmapped.latest(10).map(({ topic }) => topic)).to.deep.equal(['3', '2', '1'])
    expect(journal.unmapped.counts()).to.deep.include({ deviceId: 'bridge', waiting: 3, bytes: 12, overflowed: 2 })
    expect(present()).to.equal(true)
    await keep(message({ deviceId: 'other' }))
    expect(journal.unmapped.counts()[1]).to.deep.equal({ deviceId: 'other', waiting: 1, bytes: 6, overflowed: 0 })
    expect(journal.unmapped.discard('bridge')).to.equal(3)
    expect(present()).to.equal(false)
    expect(journal.unmapped.counts().map(({ deviceId }) => deviceId)).to.deep.equal(['other'])
  })

  it('are bounded in bytes too', async () => {
    await journal.stop()
    await open({ maxMessages: 1000, maxBytes: MIB })
    const long = message({ payload: new Uint8Array(300 * 1024) })
    await keep(long, long, long, long)
    expect(journal.unmapped.counts()[0]).to.include({ waiting: 3, overflowed: 1 })
    await keep(message())
    expect(journal.unmapped.counts()[0]).to.include({ waiting: 4, overflowed: 1 })
  })

  it('are bounded with their topics, which a sender makes as long as it likes', async () => {
    await journal.stop()
    await open({ maxMessages: 1000, maxBytes: MIB })
    const long = message({ topic: 't'.repeat(60_000) })
    await keep(...Array.from({ length: 30 }, () => long))
    expect(journal.unmapped.counts()[0]).to.include({ waiting: 17, overflowed: 13 })
  })

  it('are said to find no room where the longest message that is taken finds none', async () => {
    await journal.stop()
    await open({ maxMessages: 1000, maxBytes: MIB })
    const long = message({ payload: new Uint8Array(MAX_MESSAGE_BYTES - 3) })
    await keep(long, long, long)
    expect(journal.unmapped.isFull()).to.equal(false)
    await keep(message(), long)
    expect(journal.unmapped.counts()[0]).to.include({ waiting: 4, overflowed: 1 })
    expect(journal.unmapped.isFull()).to.equal(true)
  })

  it('do not add up over names that a sender makes up', async () => {
    for (let i = 0; i < 300; i++) await keep(message({ deviceId: `d${i}` }))
    const counts = journal.unmapped.counts()
    expect(counts.reduce((sum, { waiting }) => sum + waiting, 0)).to.equal(12)
    expect(counts.reduce((sum, { overflowed }) => sum + overflowed, 0)).to.equal(288)
    expect(counts.length).to.be.at.most(201)

    await journal.stop()
    await open({ maxMessages: 1000, maxBytes: MIB })
    for (const { deviceId } of counts) journal.unmapped.discard(deviceId)
    for (let i = 0; i < 250; i++) await keep(message({ deviceId: `d${i}` }))
    expect(journal.unmapped.after(0, 1000)).to.have.length(200)
    expect(journal.unmapped.counts()).to.deep.include({ deviceId: '(others)', waiting: 0, bytes: 0, overflowed: 50 })
  })

  it('are marked mapped in the commit that stores their measurements, once, and make room', async () => {
    await keep(message(), message(), message())
    const mapped = { measurements: [measurement('m-1')], transitions: [], mapped: [1, 1, 99] }
    await journal.commit(mapped)
    await journal.commit(mapped)
    expect(journal.measurements.has('m-1')).to.equal(true)
    expect(journal.unmapped.after(0, 10).map(({ id }) => id)).to.deep.equal([2, 3])
    expect(journal.unmapped.counts()[0]).to.deep.include({ waiting: 2, bytes: 12 })
  })

  it('are counted as they are, whatever comes', async () => {
    const step = fc.oneof(
      fc.record({ do: fc.constant('keep' as const), device: fc.constantFrom('a', 'b'), bytes: fc.nat(50) }),
      fc.record({ do: fc.constant('map' as const), id: fc.nat(12) }),
      fc.record({ do: fc.constant('discard' as const), device: fc.constantFrom('a', 'b') }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 15 }), async (steps) => {
        for (const one of steps) {
          if (one.do === 'keep') await keep(message({ deviceId: one.device, payload: new Uint8Array(one.bytes) }))
          else if (one.do === 'map') await journal.commit({ measurements: [], transitions: [], mapped: [one.id] })
          else journal.unmapped.discard(one.device)
        }
        for (const { deviceId, waiting, bytes } of journal.unmapped.counts()) {
          const own = journal.unmapped.after(0, 100).filter((kept) => kept.deviceId === deviceId)
          expect(own.length).to.equal(waiting)
          expect(own.reduce((sum, { topic, payload }) => sum + topic.length + payload.byteLength, 0)).to.equal(bytes)
          expect(waiting).to.be.at.most(3)
        }
      }),
      { numRuns: 30 },
    )
  })
})
