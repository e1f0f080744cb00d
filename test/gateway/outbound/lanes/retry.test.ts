import { expect } from 'chai'
import fc from 'fast-check'
import { backoffCeiling, RETRY_POLICY, retryDelay } from '#gateway/outbound/lanes/retry.js'

describe('When a delivery is tried again', () => {
  const failures = fc.integer({ min: 1, max: 100_000 })
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

  it('doubles from one second to five minutes', () => {
    const ceilings = [1, 2, 3, 9, 10, 1000].map((count) => backoffCeiling(count))
    expect(ceilings).to.deep.equal([1000, 2000, 4000, 256_000, 300_000, 300_000])
  })

  it('is never later than the ceiling, and spread over all of it', () => {
    fc.assert(
      fc.property(failures, random, (count, chance) => {
        const delay = retryDelay(count, chance, undefined)
        expect(delay).to.be.within(0, backoffCeiling(count))
      }),
    )
    expect(retryDelay(1, 0, undefined)).to.equal(0)
    expect(retryDelay(1, 0.5, undefined)).to.equal(500)
  })

  it('has a ceiling that never falls while failures go on', () => {
    fc.assert(
      fc.property(failures, (count) => {
        expect(backoffCeiling(count + 1)).to.be.at.least(backoffCeiling(count))
      }),
    )
  })

  it('is never sooner than the other end asked for, up to an hour', () => {
    fc.assert(
      fc.property(failures, random, fc.nat(10_000_000_000), (count, chance, asked) => {
        const delay = retryDelay(count, chance, asked)
        expect(delay).to.be.at.least(Math.min(asked, RETRY_POLICY.maxRetryAfterMs))
        expect(delay).to.be.at.most(RETRY_POLICY.maxRetryAfterMs)
      }),
    )
  })
})
