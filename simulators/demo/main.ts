/** `npm run demo`: the whole line in one go. See `demo.ts` for the parts, `result.ts` for what counts as a success. */
import { loadConfig } from '#gateway/config/load.js'
import { systemClock } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { endInOneLine, reportError } from '#gateway/surfaces/cli/exit.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { storedStatus } from '#gateway/surfaces/status/status.js'
import { Demo } from './demo.js'
import { parseDemoOptions } from './options.js'
import { demoResult, describeResult, shortcomings } from './result.js'
import { TerminalView } from './terminal-view.js'
import { verifyBatches } from './verify-batches.js'

endInOneLine()
const options = parseDemoOptions(process.argv.slice(2))
const say = (text: string) => process.stderr.write(`${text}\n`)

const interrupted = new Promise<'interrupted'>((resolve) => {
  let asked = false
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (asked) say('Still ending: what was read is being stored, pushed and anchored.')
      asked = true
      resolve('interrupted')
    })
  }
})

const demo = new Demo()
/** Nothing was started, or a person has ended it: then the logs tell nothing. */
let logsHelp = true
try {
  say('Starting the virtual kit, the FHIR server, the chain and the gateway …')
  const begun = await Promise.race([demo.start(options.port), interrupted, demo.failure])
  if (begun === 'interrupted') throw new HomebeatError('demo.interrupted', 'Interrupted.')
  if (begun) throw begun
  process.exitCode = await run()
} catch (error) {
  const code = error instanceof HomebeatError ? error.code : null
  logsHelp = code !== 'demo.interrupted' && code !== 'demo.port-in-use'
  reportError(error)
  process.exitCode = 1
} finally {
  await demo.stop()
  if (options.keep || (logsHelp && process.exitCode !== 0))
    say(`Journal, keys and logs are kept in ${demo.home.folder}`)
  else demo.removeFolder()
}
process.exit()

async function run(): Promise<number> {
  const view = new TerminalView({ url: demo.consoleUrl, stream: process.stdout, clock: systemClock })
  if (!options.json) view.start()
  const time = options.for === undefined ? new Promise<never>(() => {}) : sleep(options.for)
  let running: GatewayStatus
  try {
    const ended = await Promise.race([interrupted, time, demo.failure])
    if (ended instanceof HomebeatError) throw ended
    running = await demo.status()
  } finally {
    // What is said while the view has the screen is gone with it.
    await view.stop()
  }
  say('Ending: storing, pushing and anchoring what was read, then verifying all of it from the far end …')
  const code = await demo.stopGateway()
  const loaded = loadConfig(demo.home.configFile)
  const verification = await verifyBatches(loaded, demo.fhirUrl)
  const result = demoResult(running, storedStatus(loaded), verification.verified)
  const wrong = [
    ...shortcomings(result),
    ...verification.problems,
    ...(code === 0 ? [] : [`the gateway ended with ${code}: see ${demo.home.logFile('gateway')}`]),
  ]
  if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`)
  else process.stdout.write(`${describeResult(result)}\n`)
  for (const problem of wrong) say(`homebeat: ${problem}`)
  return wrong.length === 0 ? 0 : 1
}

function sleep(ms: number): Promise<'time'> {
  return new Promise((resolve) => setTimeout(resolve, ms, 'time' as const))
}
