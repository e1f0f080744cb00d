/**
 * Memory and CPU of the gateway process in the demo, with a page open on its live feed. Prints both beside a bare Node
 * process measured in the same run: absolute numbers mean little on a shared machine.
 *
 * npm run bench:demo [-- --json] [-- --for 45]
 */
import { spawn } from 'node:child_process'
import { Demo } from '#simulators/demo/demo.js'
import { sleep, usage } from './ingest/processes.js'

const json = process.argv.includes('--json')
const at = process.argv.indexOf('--for')
const seconds = at > 0 ? Number(process.argv[at + 1]) : 45
/** Start-up is not the steady state that a home sees. */
const WARM_UP_S = 5
const bare = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' })
const demo = new Demo()
try {
  await demo.start(0)
  const page = await fetch(new URL('/api/live', demo.consoleUrl))
  void page.body?.pipeTo(new WritableStream()).catch(() => {})
  await sleep(WARM_UP_S * 1000)
  const pid = demo.gatewayPid ?? 0
  const first = usage(pid)
  const firstAt = performance.now()
  let peakMb = first.rssMb
  for (let s = 0; s < seconds; s++) {
    await sleep(1000)
    peakMb = Math.max(peakMb, usage(pid).rssMb)
  }
  const last = usage(pid)
  const cpuShare = (last.cpuS - first.cpuS) / ((performance.now() - firstAt) / 1000)
  const bareMb = usage(bare.pid ?? 0).rssMb
  const round = (value: number, digits: number) => Number(value.toFixed(digits))
  const result = {
    seconds,
    rssPeakMb: round(peakMb, 1),
    rssEndMb: round(last.rssMb, 1),
    bareNodeRssMb: round(bareMb, 1),
    rssOfBareNode: round(peakMb / bareMb, 2),
    cpuShareOfCore: round(cpuShare, 3),
  }
  console.log(
    json
      ? JSON.stringify(result)
      : [
          `gateway in the demo, ${seconds} s, one live page`,
          `memory   ${result.rssPeakMb} MB at most (aim < 150), ${result.rssEndMb} MB at the end; a bare Node process: ${result.bareNodeRssMb} MB, ratio ${result.rssOfBareNode}`,
          `CPU      ${(100 * result.cpuShareOfCore).toFixed(1)} % of a core (aim < 20 %)`,
        ].join('\n'),
  )
} finally {
  bare.kill()
  await demo.stop()
  demo.removeFolder()
}
process.exit()
