/** ofLimit: the whole gateway over the bare limit, in turns. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BareOptions } from './bare-limit.js'
import { DEFAULT_COMMIT, GatewayProcess } from './gateway-process.js'
import { freePort, Helper, median } from './processes.js'
import { measureRate, type Rate } from './rate.js'

export interface OfLimit {
  readonly ofLimit: number
  readonly gateway: Rate
  readonly bare: Rate
}

/** @param batches of the gateway's configuration; its own defaults where left out. */
export async function ofLimit(count: number, turns: number, batches?: object): Promise<OfLimit> {
  const gateways: Rate[] = []
  const bares: Rate[] = []
  for (let turn = 0; turn < turns; turn++) {
    bares.push(await bareRate(count))
    gateways.push(await gatewayRate(count, batches))
  }
  const gateway = medians(gateways)
  const bare = medians(bares)
  return { ofLimit: gateway.perSecond / bare.perSecond, gateway, bare }
}

export async function gatewayRate(count: number, batches?: object, nodeFlags?: readonly string[]): Promise<Rate> {
  const gateway = new GatewayProcess()
  const port = await freePort()
  try {
    await gateway.start({ transports: [gateway.broker(port)], ...(batches && { batches }) }, nodeFlags)
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
