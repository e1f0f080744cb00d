import { expect } from 'chai'
import { NO_CHAIN } from '#gateway/model/batch.js'
import { WithoutChain } from '#gateway/outbound/chain/without-chain.js'
import { Home, TEST_DOMAIN } from '#test/gateway/outbound/batches/home.js'

describe('A gateway without a chain', () => {
  async function of(domain: typeof TEST_DOMAIN, batches: number) {
    const home = await Home.open(domain)
    for (let i = 0; i < batches; i++) await home.batch(1)
    const chain = new WithoutChain(home.journal.batches)
    const before = chain.mayClose()
    await chain.start()
    const after = { mayClose: chain.mayClose(), present: chain.check()[0]?.present }
    await home.close()
    return { before, ...after }
  }

  it('closes batches where none of this home was ever anchored', async () => {
    for (const batches of [0, 2])
      expect(await of(NO_CHAIN, batches)).to.deep.equal({ before: false, mayClose: true, present: false })
  })

  it('closes none, and says so, where earlier ones are on a chain: their numbers would be taken when it is back', async () => {
    expect(await of(TEST_DOMAIN, 1)).to.deep.equal({ before: false, mayClose: false, present: true })
  })
})
