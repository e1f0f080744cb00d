/** rssMb: the gateway's resident memory over an hour's lines of the kit, as fast as it takes them, and MQTT beside them. */
import { freePort } from '#simulators/free-port.js'
import { GatewayProcess } from './gateway-process.js'
import type { KitSourceOptions } from './kit-source.js'
import { Helper, sleep } from './processes.js'
import { WINDOW } from './rate.js'

const SAMPLE_MS = 100
/** Samples without a new line, once all were sent, until what is missing counts as lost. */
const PATIENCE = 20
/** What a home's devices send in an hour, and more. */
const MESSAGES_PER_HOUR = 4000
/** Share of the hour after which the program is loaded and compiled and its heap has found its size. */
const SETTLED = 0.25

export interface Memory {
  readonly rssMb: number
  /** Slope of a line fitted to the later part, MB per hour of the kit's time. */
  readonly slopeMbPerHour: number
  /** How much faster than real time the hour was. */
  readonly timesRealTime: number
}

export async function memory(hours: number): Promise<Memory> {
  const seconds = hours * 3600
  const kit = new Helper('./kit-source.ts', { seconds, pace: 'fast' } satisfies KitSourceOptions)
  const gateway = new GatewayProcess()
  let publishers: Helper | null = null
  try {
    const { port, linesPerSecond } = await kit.next<{ port: number; linesPerSecond: number }>()
    const brokerPort = await freePort()
    const serial = { name: 'kit', url: `serial+tcp://127.0.0.1:${port}`, device: 'kit-1' }
    await gateway.start({ transports: [serial, gateway.broker(brokerPort)] })
    publishers = new Helper('./publishers.ts', { port: brokerPort, window: WINDOW, passwords: gateway.passwords })
    await publishers.next()
    publishers.send({ count: Math.round((hours * MESSAGES_PER_HOUR) / 8) * 8 })
    const startedAt = performance.now()
    const samples: { share: number; rssMb: number }[] = []
    const expected = seconds * linesPerSecond
    let received = 0
    const sent = kit.next<{ seconds: number }>()
    let done = false
    let unchanged = 0
    void sent.then(() => {
      done = true
    })
    while (!done || received < expected) {
      await sleep(SAMPLE_MS)
      const before: number = received
      received = (await gateway.status()).frames.received
      unchanged = received === before ? unchanged + 1 : 0
      if (done && unchanged >= PATIENCE) break
      samples.push({ share: received / expected, rssMb: gateway.usage().rssMb })
    }
    const settled = samples.filter(({ share }) => share >= SETTLED)
    return {
      rssMb: Math.max(...samples.map(({ rssMb }) => rssMb)),
      slopeMbPerHour: slope(settled.map(({ share, rssMb }) => [share * hours, rssMb])),
      timesRealTime: seconds / ((performance.now() - startedAt) / 1000),
    }
  } finally {
    await publishers?.stop()
    await gateway.stop()
    await kit.stop()
    gateway.remove()
  }
}

/** Slope of the line of least squares. */
function slope(points: readonly (readonly [number, number])[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const x = mean(points.map(([value]) => value))
  const y = mean(points.map(([, value]) => value))
  const covariance = points.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0)
  return covariance / points.reduce((sum, [a]) => sum + (a - x) ** 2, 0)
}
