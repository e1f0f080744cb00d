import { expect } from 'chai'
import { NoAgreement, untilAgreed } from './geth.js'

describe('a network of validators that does not agree', () => {
  const said: string[] = []
  const failing = (times: number, error: Error) => {
    let starts = 0
    return () => (++starts <= times ? Promise.reject(error) : Promise.resolve(starts))
  }
  beforeEach(() => {
    said.length = 0
  })

  it('is started anew, and that is said', async () => {
    const network = await untilAgreed(failing(2, new NoAgreement('5 chains')), (line) => said.push(line))
    expect(network).to.equal(3)
    expect(said).to.have.length(2)
    expect(said[0]).to.equal('geth: network 1 of at most 3 is given up and started anew: 5 chains')
  })

  it('is a failure after three', async () => {
    const ended = untilAgreed(failing(3, new NoAgreement('5 chains')), (line) => said.push(line))
    expect(await ended.catch((error) => error)).to.be.instanceOf(NoAgreement)
    expect(said).to.have.length(2)
  })

  it('is not started anew for another failure, which would come again', async () => {
    const ended = untilAgreed(failing(1, new Error('no geth')), (line) => said.push(line))
    expect((await ended.catch((error) => error)).message).to.equal('no geth')
    expect(said).to.deep.equal([])
  })
})
