import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Interface } from 'ethers'
import { ANCHORED_TOPIC, anchorRegistryAbi, revertName } from '#contracts/anchor-registry.js'
import { artifactText, compileAnchorRegistry } from '#contracts/compile.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const committed = readFileSync(join(packageRoot, 'contracts', 'artifacts', 'AnchorRegistry.json'), 'utf8')

describe('the compiled contract', () => {
  it('is what its sources compile to', function () {
    this.timeout(120_000)
    expect(artifactText(compileAnchorRegistry())).to.equal(committed)
  })

  it('has the interface that the code speaks', () => {
    const signatures = (abi: Interface) => abi.fragments.map((fragment) => fragment.format('full')).sort()
    expect(signatures(new Interface(anchorRegistryAbi))).to.deep.equal(
      signatures(new Interface(JSON.parse(committed).abi)),
    )
    expect(ANCHORED_TOPIC).to.match(/^0x[0-9a-f]{64}$/)
  })

  it('names its custom errors and no others', () => {
    const abi = new Interface(anchorRegistryAbi)
    expect(revertName(abi.encodeErrorResult('AnchorRegistryZeroRoot'))).to.equal('AnchorRegistryZeroRoot')
    for (const data of [undefined, '0x', '0x12', '0xdeadbeef']) expect(revertName(data)).to.equal(null)
  })
})
