/**
 * Ingest: how close the whole gateway comes to what its parts can do at best, how far it is from what somebody would
 * build with Node-RED, what a kit's line costs it, how fast a backlog goes out, and its memory. Each ratio is measured
 * in the same run as its baseline.
 *
 * npm run bench:ingest [-- --json] [-- --quick] [-- --hours N]
 */
import { drain } from './ingest/drain.js'
import { lineCpu } from './ingest/line-cpu.js'
import { memory } from './ingest/memory.js'
import { brokerName, installNodeRed, nodeRedRate } from './ingest/node-red.js'
import { ofLimit } from './ingest/of-limit.js'
import { serialRate } from './ingest/serial-rate.js'

const json = process.argv.includes('--json')
const quick = process.argv.includes('--quick')
const at = process.argv.indexOf('--hours')
/** Hours of kit lines that the memory measurement reads. */
const hours = at > 0 ? Number(process.argv[at + 1]) : quick ? 1 : 4
const WEEK_HOURS = 7 * 24

const say = (text: string) => {
  if (json) process.stderr.write(`${text}\n`)
  else console.log(text)
}
const round = (value: number, digits: number) => Number(value.toFixed(digits))

const serial = await serialRate(quick ? 4 : 8, quick ? 3 : 7)
say(
  `serial       ${serial.serialOfBare.toFixed(2)} of the bare ReadlineParser (aim ≥ 0.5): line guard and decode ${serial.mbPerSecond.toFixed(0)} MB/s, bare ${serial.bareMbPerSecond.toFixed(0)} MB/s; a kit sends 0.002`,
)

const nodeRedIs = await installNodeRed(say)
const limit = await ofLimit(quick ? 16_000 : 32_000, quick ? 1 : 3, async () =>
  nodeRedIs ? nodeRedRate(quick ? 1600 : 4800) : null,
)
say(
  `MQTT         ${limit.ofLimit.toFixed(2)} of the bare limit (aim ≥ 0.7): ${limit.gateway.perSecond.toFixed(0)} messages/s and ${limit.gateway.cpuUs.toFixed(0)} µs of CPU each, bare ${limit.bare.perSecond.toFixed(0)}/s and ${limit.bare.cpuUs.toFixed(0)} µs`,
)
say(
  `             receivers used ${(100 * limit.gateway.cpuShare).toFixed(0)} % and ${(100 * limit.bare.cpuShare).toFixed(0)} % of a core: what is left to 100 % went into waiting for the disk, or to others on this machine`,
)

const timesNodeRed = limit.nodeRed === null ? null : limit.gateway.perSecond / limit.nodeRed
if (timesNodeRed !== null)
  say(
    `Node-RED     ${timesNodeRed.toFixed(1)} times its rate (aim ≥ 5): ${limit.nodeRed?.toFixed(0)} messages/s behind ${brokerName}, a commit each`,
  )

const cpu = await lineCpu(quick ? 10 : 30)
say(
  `kit's line   ${cpu.lineCpuPct.toFixed(1)} % of a core in real time (aim ≤ 5 %), ${cpu.linesPerSecond.toFixed(1)} lines/s`,
)

const backlog = await drain(quick ? 0.5 : 4)
say(
  `backlog      drains ${backlog.timesRealTime.toFixed(0)} times faster than real time: ${backlog.observations} Observations of ${backlog.hours} h in ${backlog.batches} batches`,
)
say(
  `             a week would take ${((60 * WEEK_HOURS) / backlog.timesRealTime).toFixed(0)} min; the last quarter went ${backlog.linearity.toFixed(2)} times as fast as the second (1: linear)`,
)

const rss = await memory(hours)
say(
  `memory       ${rss.rssMb.toFixed(0)} MB at most over ${hours} h of lines and messages (aim < 120), ${rss.slopeMbPerHour >= 0 ? '+' : ''}${rss.slopeMbPerHour.toFixed(1)} MB/h, at ${rss.timesRealTime.toFixed(0)} times real time`,
)

if (json)
  console.log(
    JSON.stringify({
      ofLimit: round(limit.ofLimit, 3),
      timesNodeRed: timesNodeRed === null ? null : round(timesNodeRed, 2),
      serialOfBare: round(serial.serialOfBare, 3),
      lineCpuPct: round(cpu.lineCpuPct, 2),
      drainTimesRealTime: round(backlog.timesRealTime, 1),
      rssMb: round(rss.rssMb, 1),
    }),
  )
