import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { expectValidFhir } from '#test/support/fhir-validator.js'
import { itTakesDeliveries } from './fhir-server.behaviour.js'

describe('delivery to the FHIR server simulator', () => {
  const server = new FhirServerSimulator({ port: 0 })
  before(async function () {
    this.timeout(60_000)
    await server.start()
  })
  after(() => server.stop())
  itTakesDeliveries(
    () => server,
    (resource) => expectValidFhir(resource as Parameters<typeof expectValidFhir>[0]),
  )
})
