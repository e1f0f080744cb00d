import { expect } from 'chai'
import fc from 'fast-check'
import { BoundedQueue } from '#gateway/intake/transports/bounded-queue.js'
import { settle } from '#test/support/test-clock.js'

async function drain<T>(queue: BoundedQueue<T>): Promise<T[]> {
  const items: T[] = []
  for await (const item of queue) items.push(item)
  return items
}

describe('A bounded queue', () => {
  it('says when it is full, and when there is room again', async () => {
    const queue = new BoundedQueue<number>(2)
    expect(queue.push(1)).to.equal(true)
    expect(queue.push(2)).to.equal(false)
    let room = false
    void queue.whenRoom().then(() => {
      room = true
    })
    await settle()
    expect(room).to.equal(false)
    await queue[Symbol.asyncIterator]().next()
    await settle()
    expect(room).to.equal(true)
  })

  it('keeps what is pushed although it is full', async () => {
    const queue = new BoundedQueue<number>(1)
    for (let i = 0; i < 5; i++) queue.push(i)
    queue.close()
    expect(await drain(queue)).to.deep.equal([0, 1, 2, 3, 4])
  })

  it('gives an item to a consumer that waits', async () => {
    const queue = new BoundedQueue<number>(1)
    const next = queue[Symbol.asyncIterator]().next()
    expect(queue.push(7)).to.equal(true)
    expect(await next).to.deep.equal({ value: 7, done: false })
    expect(queue.size).to.equal(0)
  })

  it('takes no second consumer', async () => {
    const queue = new BoundedQueue<number>(1)
    const iterator = queue[Symbol.asyncIterator]()
    void iterator.next()
    const failure = await iterator.next().catch((error: Error) => error.message)
    expect(failure).to.match(/one consumer/)
    queue.close()
  })

  it('lets everybody go when it is closed', async () => {
    const queue = new BoundedQueue<number>(1)
    queue.push(1)
    const room = queue.whenRoom()
    queue.close()
    queue.close()
    await room
    expect(queue.push(3)).to.equal(false)
    expect(await drain(queue)).to.deep.equal([1])
  })

  it('ends a waiting consumer when it is closed', async () => {
    const queue = new BoundedQueue<number>(1)
    const all = drain(queue)
    queue.close()
    expect(await all).to.deep.equal([])
  })

  it('keeps the order, and holds no more than its capacity of a producer that waits for room', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.integer(), { maxLength: 40 }),
        async (capacity, items) => {
          const queue = new BoundedQueue<number>(capacity)
          const produced = (async () => {
            for (const item of items) {
              await queue.whenRoom()
              queue.push(item)
            }
          })()
          const taken: number[] = []
          const iterator = queue[Symbol.asyncIterator]()
          for (let i = 0; i < items.length; i++) {
            expect(queue.size).to.be.at.most(capacity)
            const result = await iterator.next()
            if (!result.done) taken.push(result.value)
          }
          expect(taken).to.deep.equal(items)
          await produced
        },
      ),
      { numRuns: 50 },
    ))
})
