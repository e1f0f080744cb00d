import { join } from 'node:path'
import type { Bundle, Task } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { composeGateway } from '#gateway/compose/gateway.js'
import { fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { freePort } from '#simulators/free-port.js'
import { writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { journalAt } from '#test/gateway/journal/journal-fixture.js'
import { TestHome } from '#test/support/home.js'
import { putByDoctor, transition } from './delivery-home.js'

describe('A running gateway and the Tasks of its alerts', function () {
  this.timeout(60_000)
  const home = new TestHome()
  const server = new FhirServerSimulator({ port: 0 })

  after(async () => {
    await server.stop()
    home.remove()
  })

  it('acknowledges what a doctor accepts on the FHIR server in clear, and tells the sealed one nothing', async () => {
    await server.start()
    server.habits = { ...server.habits, transactions: false }
    await writeSecret(home.folder, 'secret', 'a-secret-of-the-bridge')
    const broker = `mqtt+broker://127.0.0.1:${await freePort()}`
    const loaded = home.configure({
      transports: [{ name: 'b', url: broker, devices: [{ id: 'bridge', secretFile: 'secret' }] }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
      fhir: {
        targets: [
          { name: 'care', url: server.url, mode: 'clear', pollSeconds: 1 },
          { name: 'vault', url: 'http://127.0.0.1:1/fhir', mode: 'sealed' },
        ],
      },
    })
    // Raised before the gateway was last stopped.
    ensureDataDir(home.dataDir)
    const lanes = fhirRoutes('care', 'clear')
    const journal = journalAt(join(home.dataDir, 'journal.db'), { lanes })
    await journal.start()
    await journal.commit({ measurements: [], transitions: [transition()] })
    await journal.stop()

    const gateway = await composeGateway(loaded, { logger: silentLogger })
    await gateway.start()
    try {
      const task = await theTask()
      expect(task.status).to.equal('requested')
      expect(await putByDoctor(server.url, { ...task, status: 'accepted' })).to.equal(200)
      while (gateway.status().alerts[0]?.state !== 'acknowledged') await turn()
      const lane = (name: string) => gateway.status().lanes.find((one) => one.lane === name)
      while (lane('fhir-alert:care')?.depth !== 0) await turn()
      expect(lane('fhir:vault')?.depth).to.equal(0)
      // Said before a batch was closed.
      expect(lane('fhir:care')?.remark).to.equal('lacks transactions (batches are sent)')
      expect(lane('fhir:vault')?.remark).to.equal(undefined)
    } finally {
      await gateway.stop(0)
    }
    expect(await theTask()).to.include({ status: 'accepted' })
  })

  const turn = () => new Promise((resolve) => setImmediate(resolve))
  const theTask = async (): Promise<Task> => {
    for (;;) {
      const bundle = (await (await fetch(`${server.url}/Task`)).json()) as Bundle
      const [task] = (bundle.entry ?? []).map(({ resource }) => resource as Task)
      if (task) return task
    }
  }
})
