import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Interface } from 'ethers'
import { ANCHORED_TOPIC, anchorRegistryAbi, revertName } from '#contracts/anchor-registry.js'
import { artifactText, CONTRACTS, compileContracts } from '#contracts/compile.js'
import { packageRoot } from '#gateway/platform/package-root.js'

describe('the compiled contracts', () => {
  it('are what their sources compile to, and no others', function () {
    this.timeout(120_000)
    const folder = join(packageRoot, 'contracts', 'artifacts')
    const artifacts = compileContracts()
    expect(readdirSync(folder).sort()).to.deep.equal(CONTRACTS.map((name) => `${name}.json`))
    for (const artifact of artifacts) {
      const committed = readFileSync(join(folder, `${artifact.contractName}.json`), 'utf8')
      expect(artifactText(artifact), artifact.contractName).to.equal(committed)
      // EIP-170.
      expect(artifact.bytecode.length / 2, artifact.contractName).to.be.below(24_576)
    }
    expect(ANCHORED_TOPIC).to.match(/^0x[0-9a-f]{64}$/)
  })

  it('names its custom errors and no others', () => {
    const abi = new Interface(anchorRegistryAbi)
    expect(revertName(abi.encodeErrorResult('AnchorRegistryZeroRoot'))).to.equal('AnchorRegistryZeroRoot')
    for (const data of [undefined, '0x', '0x12', '0xdeadbeef']) expect(revertName(data)).to.equal(null)
  })
})
