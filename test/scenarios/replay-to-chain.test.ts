import { closeSync, openSync, readSync } from 'node:fs'
import type { Observation } from '@medplum/fhirtypes'
import { expect } from 'chai'
import { waveformOf } from '#fhir/sampled-data.js'
import { composeGateway } from '#gateway/compose/gateway.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { verifyBatches } from '#simulators/demo/verify-batches.js'
import { FhirServerSimulator } from '#simulators/fhir-server/server.js'
import { TestHome } from '#test/support/home.js'
import { sharedData } from '#test/support/shared-data.js'

const SECONDS = 60
const RATE = 360
/** mitdb/100.hea: `100.dat 212 200 11 1024 995 -22131 0 MLII`: 200 adu/mV around 1024. */
const ADU_PER_MV = 200
const BASELINE = 1024

/**
 * First signal of a two-signal format 212 file, read independently of the product's own parser: three bytes hold two
 * 12-bit two's complement numbers (WFDB signal(5)); the first is byte 0 and the low nibble of byte 1.
 */
function firstSignal(file: string, samples: number): number[] {
  const bytes = Buffer.alloc(samples * 3)
  const descriptor = openSync(file, 'r')
  readSync(descriptor, bytes, 0, bytes.length, 0)
  closeSync(descriptor)
  return Array.from({ length: samples }, (_, i) => {
    const raw = (bytes[3 * i] ?? 0) | (((bytes[3 * i + 1] ?? 0) & 0x0f) << 8)
    return raw > 2047 ? raw - 4096 : raw
  })
}

describe('a minute of a real recording, from the replay to the chain', function () {
  this.timeout(180_000)
  const home = new TestHome()
  const fhir = new FhirServerSimulator({ port: 0 })
  let chain: ChainSimulator | undefined

  after(async () => {
    await fhir.stop()
    await chain?.stop()
    home.remove()
  })

  it('comes out of the decrypted, verified FHIR waveform sample by sample', async function () {
    const header = sharedData(this, 'mitdb/100.hea')
    chain = new ChainSimulator({ port: 0, enrol: [await home.gatewayAddress()] })
    await chain.start()
    await fhir.start()
    const loaded = home.configure({
      transports: [
        {
          name: 'replay',
          url: `replay:${header}?signal=MLII&speed=0&for=${SECONDS}&at=2026-01-01T12:00:00Z`,
          device: 'replay-100',
        },
      ],
      fhir: { targets: [{ name: 'vault', url: fhir.url, mode: 'sealed' }] },
      chain: { endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract, pollSeconds: 0.1 },
    })

    const gateway = await composeGateway(loaded, { logger: silentLogger })
    await gateway.start()
    while (gateway.status().transports.some((transport) => transport.state !== 'ended')) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await gateway.stop(60_000)

    const verification = await verifyBatches(loaded, fhir.url)
    expect(verification.problems).to.deep.equal([])
    expect(verification.verified).to.be.greaterThan(0)

    const waveforms = [...verification.records.values()]
      .flat()
      .map((record) => record.observation as Observation)
      .filter((observation) => observation.code.coding?.some((coding) => coding.code === '11524-6'))
      .sort((a, b) => (a.effectivePeriod?.start ?? '').localeCompare(b.effectivePeriod?.start ?? ''))
    expect(waveforms[0]?.effectivePeriod?.start).to.equal('2026-01-01T12:00:00.000Z')
    const millivolts = waveforms.flatMap((observation) => {
      const sampled = observation.valueSampledData
      if (!sampled) throw new Error('an ECG Observation has no SampledData')
      const { origin, factor, samples } = waveformOf(sampled)
      return samples.map((sample) => (sample === null ? Number.NaN : origin + factor * sample))
    })

    const expected = firstSignal(header.replace(/\.hea$/, '.dat'), SECONDS * RATE)
    expect(millivolts).to.have.length(expected.length)
    const step = 1 / ADU_PER_MV
    const wrong = expected.filter(
      (adu, i) => !(Math.abs((millivolts[i] ?? Number.NaN) - (adu - BASELINE) / ADU_PER_MV) <= step),
    )
    expect(wrong).to.deep.equal([])
  })
})
