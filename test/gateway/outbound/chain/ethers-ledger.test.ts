import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { zeroPadValue } from 'ethers'
import { ANCHORED_TOPIC, anchorRegistry } from '#contracts/anchor-registry.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import { TEST_DOMAIN } from '#test/gateway/outbound/batches/home.js'

const GATEWAY = '0x70997970C51812dc3A010C7d01b50e0d17dc79C8'
const HASH = `0x${'ab'.repeat(32)}`

type Answers = Record<string, (params: never[]) => unknown>

/** A node that answers what a test tells it to; a thrown error becomes a JSON-RPC error. */
describe('the ledger, with nodes that behave badly', () => {
  let server: Server
  let ledger: EthersLedger
  let answers: Answers
  let asked: { method: string; params: never[] }[]

  beforeEach(async () => {
    asked = []
    answers = { eth_chainId: () => `0x${TEST_DOMAIN.chainId.toString(16)}` }
    server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const { id, method, params } = JSON.parse(body)
      asked.push({ method, params })
      let answer: object
      try {
        answer = { result: answers[method]?.(params) ?? null }
      } catch (error) {
        response.statusCode = (error as { status?: number }).status ?? 200
        answer = response.statusCode === 200 ? { error: { code: -32000, message: (error as Error).message } } : {}
      }
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    ledger = new EthersLedger({ endpoints: [`http://127.0.0.1:${port}/secret-path-key`], ...TEST_DOMAIN })
  })
  /** Further servers of a test. */
  const servers: Server[] = []
  const served = (answer: RequestListener): Server => {
    const further = createServer(answer).listen(0, '127.0.0.1')
    servers.push(further)
    return further
  }
  afterEach(() => {
    ledger.close()
    for (const one of [server, ...servers.splice(0)]) {
      one.closeAllConnections()
      one.close()
    }
  })

  const codeOf = (promise: Promise<unknown>) =>
    promise.then(
      () => 'no error',
      (error) => error.code,
    )

  function log(number: number, over: object = {}) {
    const topics = [
      ANCHORED_TOPIC,
      zeroPadValue(GATEWAY.toLowerCase(), 32),
      zeroPadValue(`0x${number.toString(16).padStart(2, '0')}`, 32),
    ]
    const data = anchorRegistry.encodeEventLog('Anchored', [GATEWAY, number, HASH, HASH]).data
    const place = { transactionHash: HASH, blockHash: HASH, blockNumber: `0x${(number * 1000).toString(16)}` }
    return { address: TEST_DOMAIN.contract, topics, data, ...place, ...over }
  }

  it('asks for the history in smaller spans where a node limits them', async () => {
    answers['eth_blockNumber'] = () => '0x2710'
    answers['eth_getLogs'] = ([filter]: { fromBlock: string; toBlock: string }[]) => {
      const [from, to] = [Number(filter?.fromBlock), Number(filter?.toBlock)]
      if (to - from > 3000) throw new Error('query exceeds max block range')
      return [1, 4, 9].filter((n) => n * 1000 >= from && n * 1000 <= to).map((n) => log(n))
    }
    expect((await ledger.history(GATEWAY)).map((event) => event.number)).to.deep.equal([1, 4, 9])
  })

  const limitedTo = (blocks: number, refuse: () => never) => {
    answers['eth_blockNumber'] = () => '0x2710'
    answers['eth_getLogs'] = ([filter]: { fromBlock: string; toBlock: string }[]) => {
      const [from, to] = [Number(filter?.fromBlock), Number(filter?.toBlock)]
      if (to - from + 1 > blocks) refuse()
      return [1, 4, 9].filter((n) => n * 1000 >= from && n * 1000 <= to).map((n) => log(n))
    }
  }
  const refusals: Record<string, () => never> = {
    'an error that names the limit': () => {
      throw new Error('eth_getLogs is limited to 500 blocks')
    },
    'an error that names nothing': () => {
      throw new Error('block range too wide')
    },
    'HTTP 413': () => {
      throw Object.assign(new Error('x'), { status: 413 })
    },
    'HTTP 400': () => {
      throw Object.assign(new Error('x'), { status: 400 })
    },
  }
  for (const [name, refuse] of Object.entries(refusals))
    it(`finds the span of 500 blocks that a node takes, said by ${name}, and remembers it`, async () => {
      limitedTo(500, refuse)
      expect((await ledger.history(GATEWAY)).map((event) => event.number)).to.deep.equal([1, 4, 9])
      asked.length = 0
      await ledger.history(GATEWAY)
      const spans = asked
        .filter(({ method }) => method === 'eth_getLogs')
        .map(({ params }) => Number(params[0]?.['toBlock']) - Number(params[0]?.['fromBlock']) + 1)
      expect(Math.max(...spans)).to.be.within(250, 500)
    })

  it('leaves a node that drips bytes after its deadline, closes its socket, and asks the next', async () => {
    const dripping = served((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const drip = setInterval(() => response.write(' '), 5)
      response.on('close', () => clearInterval(drip))
    })
    await once(dripping, 'listening')
    const closed = once(dripping, 'connection').then(
      ([socket]) => new Promise((resolve) => socket.on('error', () => {}).once('close', resolve)),
    )
    answers['eth_blockNumber'] = () => '0x10'
    const { port } = dripping.address() as AddressInfo
    const good = (server.address() as AddressInfo).port
    const both = new EthersLedger({
      endpoints: [`http://127.0.0.1:${port}`, `http://127.0.0.1:${good}`],
      ...TEST_DOMAIN,
      timeoutMs: 1000,
    })
    expect(await both.latestBlock()).to.equal(16)
    await closed
    expect(both.status().map(({ ok, sentence }) => `${ok}: ${sentence}`)).to.deep.equal([
      'false: does not answer: no whole answer within 1 s',
      'true: answers',
    ])
  })

  it('follows no redirect', async () => {
    const elsewhere = served((_request, response) => {
      const { port } = server.address() as AddressInfo
      response.writeHead(307, { location: `http://127.0.0.1:${port}/` }).end()
    })
    await once(elsewhere, 'listening')
    answers['eth_blockNumber'] = () => '0x10'
    const { port } = elsewhere.address() as AddressInfo
    const redirected = new EthersLedger({ endpoints: [`http://127.0.0.1:${port}`], ...TEST_DOMAIN })
    expect(await codeOf(redirected.latestBlock())).to.equal('ledger.unreachable')
    expect(asked).to.deep.equal([])
  })

  it('gives up where a node refuses even small spans', async () => {
    answers['eth_blockNumber'] = () => '0x2710'
    answers['eth_getLogs'] = () => {
      throw new Error('method disabled')
    }
    expect(await codeOf(ledger.history(GATEWAY))).to.equal('ledger.refused')
    expect(asked.length).to.be.lessThan(20)
  })

  it('takes no log that was not asked for', async () => {
    answers['eth_blockNumber'] = () => '0x10'
    for (const wrong of [{ address: GATEWAY }, { topics: log(3).topics }, { transactionHash: '0x12' }]) {
      answers['eth_getLogs'] = () => [log(2, wrong)]
      expect(await codeOf(ledger.anchored(GATEWAY, 2))).to.equal('ledger.refused')
    }
    answers['eth_getLogs'] = () => [log(2)]
    expect((await ledger.anchored(GATEWAY, 2))?.number).to.equal(2)
  })

  it('takes nothing for a number that is none', async () => {
    for (const wrong of [null, '', 'x', '0x', {}, '0xffffffffffffffffffff', 7]) {
      answers['eth_blockNumber'] = () => wrong
      expect(await codeOf(ledger.latestBlock()), JSON.stringify(wrong)).to.equal('ledger.refused')
    }
  })

  it('takes a receipt without a block for none', async () => {
    answers['eth_getTransactionReceipt'] = () => ({ transactionHash: HASH, blockHash: null })
    expect(await ledger.receipt(HASH as `0x${string}`)).to.equal(null)
  })

  it('says why a node did not take a transaction, and believes it where it has it all the same', async () => {
    answers['eth_sendRawTransaction'] = () => {
      throw new Error('transaction underpriced')
    }
    const refused = await ledger.broadcast('0x00', HASH as `0x${string}`)
    expect(refused.accepted).to.equal(false)
    expect(refused.problems[0]).to.contain('transaction underpriced')
    answers['eth_getTransactionByHash'] = () => ({ hash: HASH })
    expect((await ledger.broadcast('0x00', HASH as `0x${string}`)).accepted).to.equal(true)
  })

  it('asks again for the chain after a node was away', async () => {
    answers['eth_blockNumber'] = () => '0x1'
    await ledger.latestBlock()
    await ledger.latestBlock()
    expect(asked.filter(({ method }) => method === 'eth_chainId').length).to.equal(1)
    answers['eth_chainId'] = () => '0x1'
    server.closeAllConnections()
    const { port } = server.address() as AddressInfo
    await new Promise((resolve) => server.close(resolve))
    expect(await codeOf(ledger.latestBlock())).to.equal('ledger.unreachable')
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    expect(await codeOf(ledger.latestBlock())).to.equal('ledger.wrong-chain')
  })

  it('shows no path of an endpoint, where hosted nodes keep their key', async () => {
    answers['eth_chainId'] = () => '0x1'
    const error = await ledger.latestBlock().catch((e) => e)
    expect(`${error.message} ${JSON.stringify(ledger.status())}`).not.to.contain('secret')
  })
})
