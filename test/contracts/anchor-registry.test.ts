import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Contract, type HDNodeWallet, type TransactionReceipt, Wallet } from 'ethers'
import { anchorRegistry, anchorRegistryAbi, revertName } from '#contracts/anchor-registry.js'
import { deployAnchorRegistry } from '#contracts/deploy.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { ANVIL_KEY, AnvilChain } from '#simulators/chain/anvil.js'
import { ChainRpc } from '#test/gateway/outbound/batches/chain-rpc.js'

const ZERO = `0x${'00'.repeat(32)}`
const ADDRESS_ZERO = `0x${'00'.repeat(20)}`
const root = (n: number) => `0x${n.toString(16).padStart(64, '0')}`
const FREE = { type: 0, gasPrice: 0, gasLimit: 500_000 }

describe('the AnchorRegistry', function () {
  this.timeout(60_000)
  const anvil = new AnvilChain({ port: 0 })
  let rpc: ChainRpc
  let registrar: Wallet
  let gateway: HDNodeWallet
  let address: string

  before(async () => {
    await anvil.start()
    rpc = new ChainRpc(anvil.url, anvil.chainId)
    registrar = new Wallet(ANVIL_KEY, rpc.provider)
  })
  after(async () => {
    rpc?.close()
    await anvil.stop()
  })
  beforeEach(async () => {
    gateway = Wallet.createRandom().connect(rpc.provider)
    address = await deployAnchorRegistry(registrar, registrar.address)
  })

  async function send(from: Wallet | HDNodeWallet, name: string, ...args: unknown[]): Promise<TransactionReceipt> {
    const contract = new Contract(address, anchorRegistryAbi, from)
    const sent = await contract.getFunction(name)(...args, FREE)
    return sent.wait()
  }
  /** The custom error with which a call would end, or null. */
  async function refusal(from: { address: string }, name: string, ...args: unknown[]): Promise<string | null> {
    const data = anchorRegistry.encodeFunctionData(name, args)
    try {
      await rpc.provider.call({ from: from.address, to: address, data })
      return null
    } catch (error) {
      return revertName((error as { data?: string }).data)
    }
  }
  async function head(of = gateway.address) {
    const contract = new Contract(address, anchorRegistryAbi, rpc.provider)
    const { enrolled, number, time, root } = await contract.getFunction('head')(of)
    return { enrolled, number: Number(number), time: Number(time), root }
  }

  it('lets nobody anchor who is not enrolled', async () => {
    expect(await refusal(gateway, 'anchor', 1, ZERO, root(1))).to.equal('AnchorRegistryNotEnrolled')
    expect(await refusal(registrar, 'anchor', 1, ZERO, root(1))).to.equal('AnchorRegistryNotEnrolled')
    expect(await head()).to.deep.equal({ enrolled: false, number: 0, time: 0, root: ZERO })
  })

  it('lets only the registrar enrol and retire', async () => {
    expect(await refusal(gateway, 'enrol', gateway.address)).to.equal('AnchorRegistryNotRegistrar')
    expect(await refusal(gateway, 'retire', gateway.address)).to.equal('AnchorRegistryNotRegistrar')
    expect(await refusal(gateway, 'offerRegistrar', gateway.address)).to.equal('AnchorRegistryNotRegistrar')
  })

  it('refuses to enrol twice, to retire a stranger, and the zero address', async () => {
    await send(registrar, 'enrol', gateway.address)
    expect(await refusal(registrar, 'enrol', gateway.address)).to.equal('AnchorRegistryAlreadyEnrolled')
    expect(await refusal(registrar, 'retire', registrar.address)).to.equal('AnchorRegistryNotEnrolled')
    expect(await refusal(registrar, 'enrol', ADDRESS_ZERO)).to.equal('AnchorRegistryZeroAddress')
  })

  it('takes exactly the next number after exactly the last root', async () => {
    await send(registrar, 'enrol', gateway.address)
    expect(await refusal(gateway, 'anchor', 0, ZERO, root(1))).to.equal('AnchorRegistryWrongNumber')
    expect(await refusal(gateway, 'anchor', 1, root(9), root(1))).to.equal('AnchorRegistryWrongPreviousRoot')
    expect(await refusal(gateway, 'anchor', 1, ZERO, ZERO)).to.equal('AnchorRegistryZeroRoot')
    await send(gateway, 'anchor', 1, ZERO, root(1))

    expect(await refusal(gateway, 'anchor', 1, ZERO, root(1))).to.equal('AnchorRegistryWrongNumber')
    expect(await refusal(gateway, 'anchor', 2, ZERO, root(2))).to.equal('AnchorRegistryWrongPreviousRoot')
    expect(await refusal(gateway, 'anchor', 3, root(1), root(2))).to.equal('AnchorRegistryWrongNumber')
    await send(gateway, 'anchor', 2, root(1), root(2))
    const { number, root: last } = await head()
    expect([number, last]).to.deep.equal([2, root(2)])
  })

  it('lets a gateway begin with any number, but with no root before it, and then takes the next', async () => {
    await send(registrar, 'enrol', gateway.address)
    expect(await refusal(gateway, 'anchor', 41, root(40), root(41))).to.equal('AnchorRegistryWrongPreviousRoot')
    await send(gateway, 'anchor', 41, ZERO, root(41))
    expect(await refusal(gateway, 'anchor', 41, ZERO, root(41))).to.equal('AnchorRegistryWrongNumber')
    expect(await refusal(gateway, 'anchor', 43, root(41), root(43))).to.equal('AnchorRegistryWrongNumber')
    await send(gateway, 'anchor', 42, root(41), root(42))
  })

  it('emits the change, with the block’s time in the head', async () => {
    await send(registrar, 'enrol', gateway.address)
    const receipt = await send(gateway, 'anchor', 1, ZERO, root(1))
    const [event] = receipt.logs.map((log) => anchorRegistry.parseLog(log))
    expect(event?.name).to.equal('Anchored')
    expect([...(event?.args ?? [])]).to.deep.equal([gateway.address, 1n, ZERO, root(1)])
    expect((await head()).time).to.equal((await rpc.provider.getBlock(receipt.blockNumber))?.timestamp)
  })

  it('keeps gateways apart', async () => {
    const other = Wallet.createRandom().connect(rpc.provider)
    await send(registrar, 'enrol', gateway.address)
    await send(registrar, 'enrol', other.address)
    await send(gateway, 'anchor', 1, ZERO, root(1))
    await send(other, 'anchor', 1, ZERO, root(7))
    expect((await head()).root).to.equal(root(1))
    expect((await head(other.address)).root).to.equal(root(7))
  })

  it('keeps the head of a retired gateway, which goes on there when it is enrolled again', async () => {
    await send(registrar, 'enrol', gateway.address)
    await send(gateway, 'anchor', 1, ZERO, root(1))
    await send(registrar, 'retire', gateway.address)
    expect(await refusal(gateway, 'anchor', 2, root(1), root(2))).to.equal('AnchorRegistryNotEnrolled')
    expect(await head()).to.include({ enrolled: false, number: 1, root: root(1) })
    await send(registrar, 'enrol', gateway.address)
    expect(await refusal(gateway, 'anchor', 1, ZERO, root(5))).to.equal('AnchorRegistryWrongNumber')
    await send(gateway, 'anchor', 2, root(1), root(2))
  })

  it('passes the registrar’s office on in two steps', async () => {
    expect(await refusal(gateway, 'acceptRegistrar')).to.equal('AnchorRegistryNotCandidate')
    await send(registrar, 'offerRegistrar', gateway.address)
    expect(await refusal(gateway, 'enrol', gateway.address)).to.equal('AnchorRegistryNotRegistrar')
    await send(gateway, 'acceptRegistrar')
    expect(await refusal(registrar, 'enrol', gateway.address)).to.equal('AnchorRegistryNotRegistrar')
    await send(gateway, 'enrol', gateway.address)
    expect(await refusal(gateway, 'acceptRegistrar')).to.equal('AnchorRegistryNotCandidate')
  })

  it('takes an offer back', async () => {
    await send(registrar, 'offerRegistrar', gateway.address)
    await send(registrar, 'offerRegistrar', ADDRESS_ZERO)
    expect(await refusal(gateway, 'acceptRegistrar')).to.equal('AnchorRegistryNotCandidate')
  })

  it('cannot be deployed without a registrar', async () => {
    const error = await deployAnchorRegistry(registrar, ADDRESS_ZERO).catch((e) => e)
    expect(error).to.be.instanceOf(Error)
  })

  it('costs the gas that contracts/gas.json says', async () => {
    // Fixed bytes: a zero byte of calldata costs less than another.
    const account = Wallet.fromPhrase('test test test test test test test test test test test junk', rpc.provider)
    const hash = (byte: string) => `0x${byte.repeat(32)}`
    const deployed = await rpc.provider.getTransactionReceipt(
      (await rpc.provider.getBlock('latest'))?.transactions[0] ?? '',
    )
    const gas = {
      deploy: Number(deployed?.gasUsed),
      enrol: Number((await send(registrar, 'enrol', account.address)).gasUsed),
      anchorFirst: Number((await send(account, 'anchor', 1, ZERO, hash('a1'))).gasUsed),
      anchorNext: Number((await send(account, 'anchor', 2, hash('a1'), hash('a2'))).gasUsed),
      retire: Number((await send(registrar, 'retire', account.address)).gasUsed),
    }
    expect(gas).to.deep.equal(JSON.parse(readFileSync(join(packageRoot, 'contracts', 'gas.json'), 'utf8')))
  })
})
