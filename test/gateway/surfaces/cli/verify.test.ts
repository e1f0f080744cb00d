import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { composeGateway } from '#gateway/compose/gateway.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import type { VerifiableRecord } from '#gateway/model/batch.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { needsOpenssl, selfSigned } from '#test/support/certificates.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

const RECORDING = join(packageRoot, 'test/fixtures/wfdb/one.hea')

/** Plays a recording through the whole gateway: one more batch. */
async function play(home: TestHome, at: string, chain: ChainSimulator | null, fetch = globalThis.fetch): Promise<void> {
  const loaded = home.configure({
    transports: [{ name: 'replay', url: `replay:${RECORDING}?speed=0&at=${at}`, device: 'replay-1' }],
    ...(chain && {
      chain: { endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract, pollSeconds: 0.1 },
    }),
  })
  const gateway = await composeGateway(loaded, { logger: silentLogger, fetch })
  await gateway.start()
  while (gateway.status().transports.some((transport) => transport.state !== 'ended')) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  await gateway.stop(2000)
}

describe('homebeat verify', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const chain = new ChainSimulator({ port: 0 })
  /** The same contract address on a chain of its own, as a fork or a test network would have it. */
  const otherChain = new ChainSimulator({ port: 0, chainId: 999 })
  let identifiers: string[] = []
  let recordFile = ''

  const oneBatch = (at: string, fetch = globalThis.fetch) => play(home, at, chain, fetch)

  before(async () => {
    await chain.start()
    await chain.enrol(await home.gatewayAddress())
    await otherChain.start()
    await oneBatch('2026-01-01T12:00:00Z')
    await oneBatch('2026-01-01T12:05:00Z')
    // This one never reaches the chain.
    await oneBatch('2026-01-01T12:10:00Z', async (url, init) => {
      if (String(init?.body).includes('eth_sendRawTransaction')) throw new TypeError('the line is cut')
      return fetch(url, init)
    })
    home.configure({
      transports: [{ name: 'replay', url: `replay:${RECORDING}`, device: 'replay-1' }],
      chain: { endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract },
    })
    const journal = openJournalReader(join(home.dataDir, 'journal.db'))
    identifiers = journal.batches
      .numbers()
      .map((number) => journal.batches.byNumber(number)?.leaves[0]?.identifier ?? '')
    journal.close()
    recordFile = join(home.folder, 'record.json')
  })
  after(async () => {
    await chain.stop()
    await otherChain.stop()
    home.remove()
  })

  const config = () => ['--config', join(home.folder, 'homebeat.yaml')]
  const node = () => ['--rpc', chain.url, '--chain-id', String(chain.chainId), '--contract', chain.contract]

  function altered(change: (record: VerifiableRecord & { observation: Record<string, unknown> }) => void): string {
    const record = JSON.parse(readFileSync(recordFile, 'utf8'))
    change(record)
    const file = join(home.folder, 'altered.json')
    writeFileSync(file, JSON.stringify(record))
    return file
  }

  it('prints leaf, root, signature, anchor, block time and that nothing is missing', async () => {
    const { code, stdout, stderr } = await homebeat('verify', identifiers[1] ?? '', ...config(), '--save', recordFile)
    expect(code, stderr).to.equal(0)
    const steps = [...stdout.matchAll(/^(\S+)\s+(\S+)\s{2}/gm)].map((match) => `${match[1]} ${match[2]}`)
    expect(steps).to.deep.equal([
      'ok leaf',
      'ok root',
      'ok signature',
      'ok joined',
      'ok anchor',
      'ok block-time',
      'ok no-gap',
    ])
    expect(stdout)
      .to.contain('batches 1 to 2 follow each other')
      .and.to.match(/Verified: .*anchored as batch 2\./)
  })

  it('needs only the file and a node', async () => {
    const { code, stdout } = await homebeat('verify', recordFile, ...node(), '--json')
    expect(code).to.equal(0)
    expect(JSON.parse(stdout)).to.include({ ok: true, batch: 2, reason: null })
  })

  it('fails on an altered value, with the reason', async () => {
    const file = altered((record) => {
      record.observation['status'] = 'amended'
    })
    const { code, stdout } = await homebeat('verify', file, ...node())
    expect(code).to.equal(3)
    expect(stdout).to.match(/FAIL root .*altered/)
  })

  it('says which Observation, patient, value and time it proved', async () => {
    const { stdout } = await homebeat('verify', recordFile, ...node())
    expect(stdout).to.match(
      /^Proved: Observation \S+, patient test-patient, ECG waveform \(\S+\) a waveform, at 2026-01-01T12:05:/m,
    )
  })

  it('names what the signature does not cover, and refuses it where that is asked for', async () => {
    const file = altered((record) => {
      Object.assign(record.observation['subject'] as object, { reference: 'Patient/somebody-else', display: 'X' })
      record.observation['meta'] = { tag: [{ code: 'mine' }], ...(record.observation['meta'] as object) }
    })
    const said = await homebeat('verify', file, ...node())
    expect(said.code, said.stdout).to.equal(0)
    expect(said.stdout).to.contain('Not covered by the signature: ')
    for (const path of ['subject.reference', 'subject.display', 'meta']) expect(said.stdout).to.contain(path)
    const strict = await homebeat('verify', file, ...node(), '--strict')
    expect(strict.code).to.equal(3)
    expect(strict.stdout).to.match(/FAIL leaf .*nobody signed: /)
    expect((await homebeat('verify', recordFile, ...node(), '--strict')).code).to.equal(0)
  })

  it('ends with 3 and one line on a record of which two programs would read two things, or that is of no form', async () => {
    const text = readFileSync(recordFile, 'utf8')
    const file = join(home.folder, 'ambiguous.json')
    const lower = /"gateway": "(0x[0-9a-fA-F]{40})"/.exec(text)?.[1] ?? ''
    const checksum = lower.replace(/[a-f]/, (letter) => letter.toUpperCase())
    const wrongs = {
      'stands twice': text.replace('"observation":', '"observation": {"status":"final"}, "observation":'),
      __proto__: text.replace('"observation": {', '"observation": { "__proto__": {"x":1},'),
      'nested more than': text.replace('"salt":', `"x": ${'['.repeat(200)}${']'.repeat(200)}, "salt":`),
      'wrong checksum': text.replace(lower, checksum === lower ? lower.toUpperCase().replace('0X', '0x') : checksum),
      'not JSON': text.slice(0, -20),
    }
    for (const [reason, wrong] of Object.entries(wrongs)) {
      writeFileSync(file, wrong)
      const { code, stderr } = await homebeat('verify', file, ...node())
      expect(code, reason).to.equal(3)
      expect(stderr.trim().split('\n'), reason).to.have.length(1)
      expect(stderr).to.contain(reason)
    }
  })

  it('fails on one altered byte of the signed header', async () => {
    const file = altered((record) => Object.assign(record.header, { periodEnd: record.header.periodEnd + 1 }))
    const { code, stdout } = await homebeat('verify', file, ...node())
    expect(code).to.equal(3)
    expect(stdout).to.match(/FAIL signature .*altered/)
  })

  it('fails on another chain, although the same contract is there', async () => {
    expect(otherChain.contract).to.equal(chain.contract)
    const other = ['--rpc', otherChain.url, '--chain-id', '999', '--contract', otherChain.contract]
    const { code, stdout } = await homebeat('verify', recordFile, ...other)
    expect(code).to.equal(3)
    expect(stdout).to.match(new RegExp(`The record is of chain ${chain.chainId}, and this is chain 999`))
  })

  it('fails on a batch that never reached the chain', async () => {
    const { code, stdout } = await homebeat('verify', identifiers[2] ?? '', ...config())
    expect(code).to.equal(3)
    expect(stdout).to.contain('Batch 3 is not anchored: the contract is at batch 2')
  })

  it('says what it does not know, and what it needs', async () => {
    const unknown = await homebeat('verify', 'nobody-knows', ...config())
    expect(unknown.code).to.equal(1)
    expect(unknown.stderr).to.match(/^homebeat: There is no file and no Observation called nobody-knows/)
    const half = await homebeat('verify', recordFile, '--contract', chain.contract)
    expect(half.code).to.equal(2)
    expect(half.stderr).to.contain('--rpc URL, --contract ADDRESS and --chain-id NUMBER')
    const deaf = ['--rpc', 'http://127.0.0.1:1', '--chain-id', String(chain.chainId), '--contract', chain.contract]
    const offline = await homebeat('verify', recordFile, ...deaf)
    expect(offline.code).to.equal(1)
    expect(offline.stderr.trim().split('\n')).to.have.length(1)
  })

  it('asks a node with the authority that the site trusts, as the gateway does', async function () {
    needsOpenssl(this)
    const { key, certificate } = selfSigned(home.folder)
    const server = createServer(
      { key: readFileSync(key), cert: readFileSync(certificate) },
      async (request, response) => {
        const body = (await request.toArray()).join('')
        const answer = await fetch(chain.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
        response.end(await answer.text())
      },
    )
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const endpoints = [`https://127.0.0.1:${(server.address() as AddressInfo).port}`]
    const transports = [{ name: 'replay', url: `replay:${RECORDING}`, device: 'replay-1' }]
    const own = { endpoints, chainId: chain.chainId, contract: chain.contract }
    try {
      home.configure({ transports, chain: { ...own, caFile: certificate } })
      const { code, stderr } = await homebeat('verify', recordFile, ...config())
      expect(code, stderr).to.equal(0)
      home.configure({ transports, chain: own })
      expect((await homebeat('verify', recordFile, ...config())).code).to.not.equal(0)
    } finally {
      server.closeAllConnections()
      server.close()
      home.configure({ transports, chain: { ...own, endpoints: [chain.url] } })
    }
  })
})

describe('homebeat verify of a record that was signed without a chain', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const chain = new ChainSimulator({ port: 0 })
  let identifier = ''

  before(async () => {
    await chain.start()
    await play(home, '2026-01-01T12:00:00Z', null)
    const journal = openJournalReader(join(home.dataDir, 'journal.db'))
    identifier = journal.batches.byNumber(1)?.leaves[0]?.identifier ?? ''
    journal.close()
  })
  after(async () => {
    await chain.stop()
    home.remove()
  })

  const verify = () => homebeat('verify', identifier, '--config', join(home.folder, 'homebeat.yaml'))

  it('checks what can be checked where no chain is configured, and says that it is not anchored', async () => {
    const { code, stdout, stderr } = await verify()
    expect(stderr).to.equal('')
    expect(code).to.equal(3)
    expect(stdout)
      .to.match(/^ok {3}signature/m)
      .and.to.match(/^FAIL joined +Signed at home, not anchored/m)
    expect(stdout).to.match(/Not verified: Signed at home, not anchored: batch 1 .*\n$/)
    expect(stdout).to.not.contain('Verified:')
  })

  it('ends by saying which batch anchored it, and since when it is proved', async () => {
    await chain.enrol(await home.gatewayAddress())
    await play(home, '2026-01-01T12:05:00Z', chain)
    const { code, stdout, stderr } = await verify()
    expect(code, stderr).to.equal(0)
    expect(stdout).to.not.contain('anchored as batch 1')
    expect(stdout).to.match(
      /Verified: .*signed at home as batch 1, and anchored by batch 2, which joined the chain: proved to exist since 20\S+Z, not since its own period\.\n$/,
    )
  })

  it('says what it needs where the record was anchored and no chain is configured', async () => {
    home.configure({ transports: [{ name: 'replay', url: `replay:${RECORDING}`, device: 'replay-1' }] })
    const { code, stdout, stderr } = await verify()
    expect(code).to.equal(2)
    expect(stdout).to.equal('')
    expect(stderr).to.match(
      /^homebeat: .* names no chain that could be asked: .*--rpc URL, --contract ADDRESS and --chain-id NUMBER\.\n$/,
    )
  })
})
