import { expect } from 'chai'
import { MemoryDumps, MOST_RECORDS } from '#gateway/intake/decode/memory-dumps.js'

describe('The dumps of a device’s memory', () => {
  const dump = (dumps: MemoryDumps, from: number, to: number) => {
    dumps.begin(to - from)
    for (let i = from; i < to; i++) dumps.add(`record ${i}`)
    return dumps.end()
  }

  it('say whether the newest record was there when the device was last asked', () => {
    const dumps = new MemoryDumps()
    expect(dump(dumps, 0, 80)).to.equal('no-last-poll')
    expect(dump(dumps, 0, 80)).to.equal('older')
    expect(dump(dumps, 3, 80), 'its oldest made room').to.equal('older')
    expect(dump(dumps, 4, 81)).to.equal('since-last-poll')
  })

  it('hold no more records than any device has, where one goes on without an end', () => {
    const dumps = new MemoryDumps()
    dumps.begin(1)
    for (let i = 0; i < 3 * MOST_RECORDS; i++) dumps.add(`record ${i}`)
    expect(dumps.size).to.equal(MOST_RECORDS)
    dumps.end()
    expect(dump(dumps, 3 * MOST_RECORDS - 80, 3 * MOST_RECORDS)).to.equal('older')
    expect(dump(dumps, 3 * MOST_RECORDS - 79, 3 * MOST_RECORDS + 1)).to.equal('since-last-poll')
  })
})
