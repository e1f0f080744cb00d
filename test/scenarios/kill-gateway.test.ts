import { existsSync, readFileSync } from 'node:fs'
import { expect } from 'chai'
import { loadConfig } from '#gateway/config/load.js'
import { measurementIdentifier } from '#gateway/pipeline/normalise/identifier.js'
import { storedStatus } from '#gateway/status/status.js'
import { Demo } from '#simulators/demo/demo.js'
import { verifyBatches } from '#simulators/demo/verify-batches.js'

const MEASUREMENT_SYSTEM = 'urn:homebeat:measurement'

interface Acknowledged {
  readonly id: string
  readonly deviceId: string
  readonly sensor: string
}

/** What the MQTT devices were told is safe. */
function acknowledged(demo: Demo): Acknowledged[] {
  if (!existsSync(demo.acknowledgedFile)) return []
  return readFileSync(demo.acknowledgedFile, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Acknowledged)
}

async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  for (let i = 0; i < 1200; i++) {
    if (await condition()) return
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  throw new Error(`waited in vain for ${what}`)
}

async function observations(fhirUrl: string, identifier: string): Promise<number> {
  const query = encodeURIComponent(`${MEASUREMENT_SYSTEM}|${identifier}`)
  const response = await fetch(`${fhirUrl}/Observation?identifier=${query}&_summary=count&_total=accurate`)
  expect(response.status).to.equal(200)
  return ((await response.json()) as { total: number }).total
}

describe('killing the gateway in the middle of its work', function () {
  this.timeout(300_000)
  const demo = new Demo({ devicesEvery: '400ms' })

  after(async () => {
    await demo.stop()
    demo.removeFolder()
  })

  it('loses nothing that it acknowledged, and doubles nothing', async () => {
    await demo.start(0)
    await until('some acknowledgements', () => acknowledged(demo).length >= 6)
    await until('a batch', async () => (await demo.status()).batches.closed >= 1)
    await demo.killGateway()
    const before = acknowledged(demo).length

    await demo.startGateway()
    await until('acknowledgements after the restart', () => acknowledged(demo).length >= before + 6)
    await demo.killGateway()
    await demo.startGateway()
    await until('acknowledgements after the second restart', () => acknowledged(demo).length >= before + 12)
    await demo.stopGateway()

    const all = acknowledged(demo)
    for (const { id, deviceId, sensor } of all) {
      const observable = sensor === 'glucose' ? 'bloodGlucose' : 'bloodPressure'
      const identifier = measurementIdentifier({ deviceId, patient: 'demo-patient', observable, messageId: id, at: 0 })
      expect(await observations(demo.fhirUrl, identifier), identifier).to.equal(1)
    }

    const loaded = loadConfig(demo.home.configFile)
    const stored = storedStatus(loaded)
    expect(stored.batches.open).to.equal(0)
    expect(stored.batches.anchored).to.equal(stored.batches.closed)
    const verification = await verifyBatches(loaded, demo.fhirUrl)
    expect(verification.problems).to.deep.equal([])
    expect(verification.verified).to.equal(stored.batches.closed)
  })
})
