import { expect } from 'chai'
import fc from 'fast-check'
import { accelerationOf } from '#gateway/intake/transports/firmata/accelerometer.js'
import { type TickBlock, Ticks } from '#gateway/intake/transports/firmata/ticks.js'

const CHANNELS = 4
const LENGTH = 5

function ticks() {
  const blocks: TickBlock[] = []
  let now = 0
  const made = new Ticks({ channels: CHANNELS, intervalMs: 20, length: LENGTH, now: () => now }, (block) =>
    blocks.push(block),
  )
  const pass = (ms: number) => {
    now += ms
  }
  return { ticks: made, blocks, pass }
}

describe('Ticks', () => {
  it('never mixes intervals as long as one message of each arrives, whichever are lost', () => {
    const intervals = fc.array(fc.subarray([0, 1, 2, 3], { minLength: 1 }), { minLength: 4, maxLength: 60 })
    fc.assert(
      fc.property(intervals, (heard) => {
        const { ticks: made, blocks } = ticks()
        // An interval is told from the one before only when its first channel is not above that one's last.
        const told = heard.map((channels) => [0, ...channels.filter((channel) => channel > 0)])
        for (const [i, channels] of told.entries()) for (const channel of channels) made.analog(channel, i)
        const settled = told.slice(3, -1)
        const whole = settled.slice(0, Math.floor(settled.length / LENGTH) * LENGTH)
        for (let channel = 0; channel < CHANNELS; channel++) {
          expect(blocks.flatMap((block) => block.analog[channel] ?? [])).to.deep.equal(
            whole.map((channels, i) => (channels.includes(channel) ? i + 3 : null)),
          )
        }
        expect(blocks.map(({ clockMs }) => clockMs)).to.deep.equal(blocks.map((_, i) => i * LENGTH * 20))
      }),
    )
  })

  it('never goes back in time, however often and whenever the board is set up again', () => {
    const event = fc.oneof(
      { weight: 20, arbitrary: fc.constant('interval' as const) },
      { weight: 1, arbitrary: fc.constant('restart' as const) },
      { weight: 1, arbitrary: fc.constant('pause' as const) },
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 300 }), (events) => {
        const { ticks: made, blocks, pass } = ticks()
        for (const name of events) {
          // Half of the time that the board believes has passed: it runs fast.
          if (name === 'interval') pass(10)
          if (name === 'interval') made.analog(0, 1)
          else if (name === 'restart') made.restart()
          else pass(1000)
        }
        let end = 0
        for (const { clockMs, analog } of blocks) {
          expect(clockMs).to.be.at.least(end)
          end = clockMs + (analog[0]?.length ?? 0) * 20
        }
      }),
    )
  })
})

describe('An accelerometer’s answer', () => {
  it('gives every value of 12 bits with its sign', () => {
    const axis = fc.integer({ min: -2048, max: 2047 })
    fc.assert(
      fc.property(axis, axis, axis, (x, y, z) => {
        fc.pre(x !== 0 || y !== 0 || z !== 0)
        const reply = [x, y, z].flatMap((counts) => [(counts >> 4) & 0xff, (counts << 4) & 0xf0])
        expect(accelerationOf(reply)).to.deep.equal([x, y, z])
      }),
    )
  })

  it('is nothing when it is short, or when the sensor stands by', () => {
    expect(accelerationOf([])).to.equal(null)
    expect(accelerationOf([1, 2, 3, 4, 5])).to.equal(null)
    expect(accelerationOf([0, 0, 0, 0, 0, 0])).to.equal(null)
  })
})
