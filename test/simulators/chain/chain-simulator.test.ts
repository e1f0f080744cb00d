import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { expect } from 'chai'
import { Wallet } from 'ethers'
import type { Address } from '#gateway/model/batch.js'
import { AnchorDeliverer } from '#gateway/outbound/chain/anchor-deliverer.js'
import { EthersLedger } from '#gateway/outbound/chain/ethers-ledger.js'
import { systemClock } from '#gateway/platform/clock.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { AnvilChain } from '#simulators/chain/anvil.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { anchorEntry, Home } from '#test/gateway/outbound/batches/home.js'

describe('the simulated chain', function () {
  this.timeout(60_000)
  const gateway = Wallet.createRandom().address as Address

  it('runs, with the contract deployed and only the named gateways enrolled', async () => {
    const chain = new ChainSimulator({ port: 0, chainId: 4711, enrol: [gateway] })
    await chain.start()
    const ledger = new EthersLedger({ endpoints: [chain.url], chainId: 4711, contract: chain.contract })
    try {
      expect((await ledger.head(gateway)).enrolled).to.equal(true)
      expect((await ledger.head(Wallet.createRandom().address as Address)).enrolled).to.equal(false)
    } finally {
      ledger.close()
      await chain.stop()
    }
  })

  it('starts and stops twice without harm', async () => {
    const chain = new ChainSimulator({ port: 0 })
    await Promise.all([chain.anvil.start(), chain.anvil.start()])
    await chain.start()
    await chain.start()
    const url = chain.url
    await chain.stop()
    await chain.stop()
    expect(() => chain.url).to.throw(/not running/)
    expect(await fetch(url).catch(() => 'closed')).to.equal('closed')
  })

  it('keeps its state from one run to the next', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'homebeat-chain-'))
    const options = { port: 0, stateFile: join(folder, 'chain.json') }
    const first = new ChainSimulator(options)
    const second = new ChainSimulator(options)
    let home: Home | undefined
    let ledger: EthersLedger | undefined
    try {
      await first.start()
      const domain = { chainId: first.chainId, contract: first.contract }
      home = await Home.open(domain)
      await first.enrol(home.wallet.address)
      ledger = new EthersLedger({ endpoints: [first.url], ...domain })
      const options = { signer: home.wallet, clock: systemClock, logger: silentLogger, pollMs: 10 }
      const deliverer = new AnchorDeliverer({
        ...{ ...options, ledger, journal: home.journal },
        ...{ confirmations: 0, gasPrice: 0 },
      })
      const batch = await home.batch()
      await deliverer.deliver(anchorEntry(1), new AbortController().signal)
      ledger.close()
      await first.stop()

      await second.start()
      expect(second.contract).to.equal(domain.contract)
      ledger = new EthersLedger({ endpoints: [second.url], ...domain })
      expect((await ledger.history(batch.header.gateway)).map((event) => event.root)).to.deep.equal([batch.header.root])
    } finally {
      ledger?.close()
      await home?.close()
      await first.stop()
      await second.stop()
      await rm(folder, { recursive: true, force: true })
    }
  })

  it('says so when its port is in use', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    try {
      const error = await new AnvilChain({ port }).start().catch((e) => e)
      expect(error.code).to.equal('chain.port')
    } finally {
      server.close()
    }
  })

  it('is a command that prints where it listens and leaves no node behind', async () => {
    const script = `
      import { chainCommand } from '#simulators/chain/command.js'
      await chainCommand().parseAsync(['--exit-with-parent', '--enrol', '${gateway}', '${gateway}'], { from: 'user' })`
    const child = spawn(
      process.execPath,
      ['--import=tsx', '--conditions=homebeat-source', '--input-type=module', '-e', script],
      { cwd: packageRoot, stdio: ['pipe', 'pipe', 'inherit'] },
    )
    const ended = once(child, 'exit')
    try {
      const [line] = await once(createInterface(child.stdout), 'line')
      const { listening, chainId, contract } = JSON.parse(line)
      const ledger = new EthersLedger({ endpoints: [listening], chainId, contract })
      expect((await ledger.head(gateway)).enrolled).to.equal(true)
      ledger.close()
      child.stdin.end()
      expect((await ended)[0]).to.equal(0)
      expect(await fetch(listening).catch(() => 'closed')).to.equal('closed')
    } finally {
      child.kill('SIGKILL')
    }
  })
})
