import type { Bundle, Resource } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { KIT_SENSORS } from '#gateway/clinical/sensors/registry.js'
import { loadConfig } from '#gateway/config/load.js'
import { storedStatus } from '#gateway/surfaces/status/status.js'
import { Demo } from '#simulators/demo/demo.js'
import { demoResult, shortcomings } from '#simulators/demo/result.js'
import { verifyBatches } from '#simulators/demo/verify-batches.js'
import { admitGateway, foundConsortium, GETH_TERMS } from '#test/support/consortium.js'
import { type GethNetwork, requireGeth, startGethNetwork } from '#test/support/geth.js'
import { type Hapi, requireJava, startHapi, validateWithHapi } from '#test/support/hapi.js'

const RUN_MS = 50_000
/** A Flag needs an alert that stands for half an hour. */
const TYPES = [
  ...(['Patient', 'Device', 'Observation', 'DetectedIssue', 'Task'] as const),
  ...(['CommunicationRequest', 'Communication', 'DocumentReference'] as const),
]

/** Everything of these types that the server holds, and the sealed documents' Binaries. */
async function everything(fhirUrl: string): Promise<Resource[]> {
  const found: Resource[] = []
  for (const type of TYPES) {
    let next: string | undefined = `${fhirUrl}/${type}?_count=200`
    while (next) {
      const page = (await (await fetch(next)).json()) as Bundle
      for (const { resource } of page.entry ?? []) if (resource) found.push(resource)
      next = page.link?.find(({ relation }) => relation === 'next')?.url
    }
  }
  for (const resource of [...found]) {
    if (resource.resourceType !== 'DocumentReference') continue
    const url = `${fhirUrl}/${resource.content[0]?.attachment.url}`
    const binary = await fetch(url, { headers: { accept: 'application/fhir+json' } })
    found.push((await binary.json()) as Resource)
  }
  return found
}

describe('the whole line against HAPI FHIR and five geth validators', function () {
  this.timeout(12 * 60_000)
  let hapi: Hapi | undefined
  let network: GethNetwork | undefined
  let demo: Demo | undefined

  before(async function () {
    this.timeout(30 * 60_000)
    await requireJava(this)
    await requireGeth(this)
    hapi = await startHapi()
    network = await startGethNetwork()
  })
  after(async function () {
    this.timeout(120_000)
    await demo?.stop()
    demo?.removeFolder()
    await network?.stop()
    await hapi?.stop()
  })

  it('delivers every sensor, anchors every batch, and verifies all of it from the far ends', async () => {
    const servers = { fhir: hapi as Hapi, chain: network as GethNetwork }
    demo = new Demo({
      batches: '*/15 * * * * *',
      drainSeconds: 300,
      farEnds: async (gateway) => {
        const contract = await foundConsortium(servers.chain)
        await admitGateway(servers.chain, contract, gateway)
        const { endpoints, chainId } = servers.chain
        return { fhirUrl: servers.fhir.url, chain: { endpoints, chainId, contract, ...GETH_TERMS } }
      },
    })
    await demo.start(0)
    await new Promise((resolve) => setTimeout(resolve, RUN_MS))
    const running = await demo.status()
    await demo.stopGateway()

    const loaded = loadConfig(demo.home.configFile)
    const verification = await verifyBatches(loaded, servers.fhir.url)
    expect(verification.problems).to.deep.equal([])
    const result = demoResult(running, storedStatus(loaded), verification.verified)
    expect(shortcomings(result), JSON.stringify(result)).to.deep.equal([])
    expect(result.fhir.failed).to.equal(0)
    for (const sensor of KIT_SENSORS) expect(result.measurements[sensor], sensor).to.be.greaterThan(0)
  })

  it('made only resources that the HAPI validator accepts', async () => {
    const resources = await everything((hapi as Hapi).url)
    for (const type of [...TYPES, 'Binary']) {
      expect(
        resources.some((resource) => resource.resourceType === type),
        type,
      ).to.equal(true)
    }
    const { invalid, output } = await validateWithHapi(resources)
    expect(invalid, output).to.equal(0)
  })
})
