/** lineCpuPct: the whole gateway, fed a kit's full line rate in real time over TCP; share of one core. */
import { GatewayProcess } from './gateway-process.js'
import type { KitSourceOptions } from './kit-source.js'
import { Helper, sleep } from './processes.js'

/** Start-up is not the steady state that a home sees. */
const WARM_UP_S = 5

export async function lineCpu(seconds: number) {
  const options: KitSourceOptions = { seconds: seconds + 2 * WARM_UP_S, pace: 'real-time' }
  const kit = new Helper('./kit-source.ts', options)
  const gateway = new GatewayProcess()
  try {
    const { port } = await kit.next<{ port: number }>()
    await gateway.start({ transports: [{ name: 'kit', url: `serial+tcp://127.0.0.1:${port}`, device: 'kit-1' }] })
    await sleep(WARM_UP_S * 1000)
    const before = { cpuS: gateway.usage().cpuS, frames: (await gateway.status()).frames, at: performance.now() }
    await sleep(seconds * 1000)
    const cpuS = gateway.usage().cpuS - before.cpuS
    const passed = (performance.now() - before.at) / 1000
    const { frames } = await gateway.status()
    if (frames.lost + frames.refused > 0) throw new Error(`${frames.lost} lines lost, ${frames.refused} refused`)
    return { lineCpuPct: (100 * cpuS) / passed, linesPerSecond: (frames.received - before.frames.received) / passed }
  } finally {
    await gateway.stop()
    await kit.stop()
    gateway.remove()
  }
}
