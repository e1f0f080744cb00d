/** ofLimit and timesNodeRed: the whole gateway, the bare limit and Node-RED, in turns. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { median } from '#gateway/clinical/signals/statistics.js'
import { freePort } from '#simulators/free-port.js'
import type { BareOptions } from './bare-limit.js'
import { DEFAULT_COMMIT, GatewayProcess } from './gateway-process.js'
import { Helper } from './processes.js'
import { measureRate, type Rate } from './rate.js'

export interface OfLimit {
  readonly ofLimit: number
  readonly gateway: Rate
  readonly bare: Rate
  /** Messages a second; null where it is not there. */
  readonly nodeRed: number | null
}

/** @param nodeRed measures its rate once more; null where it cannot. */
export async function ofLimit(count: number, turns: number, nodeRed: () => Promise<number | null>): Promise<OfLimit> {
  const gateways: Rate[] = []
  const bares: Rate[] = []
  const nodeReds: number[] = []
  for (let turn = 0; turn < turns; turn++) {
    bares.push(await bareRate(count))
    gateways.push(await gatewayRate(count))
    const other = await nodeRed()
    if (other !== null) nodeReds.push(other)
  }
  const gateway = medians(gateways)
  const bare = medians(bares)
  const ofBare = gateway.perSecond / bare.perSecond
  return { ofLimit: ofBare, gateway, bare, nodeRed: nodeReds.length > 0 ? median(nodeReds) : null }
}

/** @param nodeFlags e.g. of the profiler */
export async function gatewayRate(count: number, nodeFlags?: readonly string[]): Promise<Rate> {
  const gateway = new GatewayProcess()
  const port = await freePort()
  try {
    await gateway.start({ transports: [gateway.broker(port)] }, nodeFlags)
    return await measureRate({ port, passwords: gateway.passwords, count, pid: gateway.pid })
  } finally {
    await gateway.stop()
    gateway.remove()
  }
}

async function bareRate(count: number): Promise<Rate> {
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-bench-'))
  const port = await freePort()
  const options: BareOptions = { file: join(folder, 'bare.db'), port, ...DEFAULT_COMMIT }
  const bare = new Helper('./bare-limit.ts', options)
  try {
    await bare.next()
    return await measureRate({ port, count, pid: bare.pid })
  } finally {
    await bare.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

function medians(rates: readonly Rate[]): Rate {
  return {
    perSecond: median(rates.map(({ perSecond }) => perSecond)),
    cpuShare: median(rates.map(({ cpuShare }) => cpuShare)),
    cpuUs: median(rates.map(({ cpuUs }) => cpuUs)),
  }
}
