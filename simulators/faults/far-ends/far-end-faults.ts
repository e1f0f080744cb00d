/** What goes wrong at the FHIR server and on the chain, one after the other, under a gateway at work. */
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import type { Fault } from '#simulators/fhir-server/faults.js'
import { Checks, type FaultReport } from '../check.js'
import { Rig } from '../rig.js'
import { pause, until } from '../waiting.js'

export interface FarEndFaultsOptions {
  /** How long the FHIR server says 503, and how long the chain's nodes are down. */
  readonly outageMs: number
  /** Two kinds of trouble at a time, one for each lane, instead of each for both: half the time. */
  readonly brief?: boolean
}

const ALERTS = /^(Task|DetectedIssue|Communication|Flag)/
const RETRY_AFTER_S = 3
const HTML = '<html><body>It works!</body></html>'

/** Met by one transaction each. */
const ONE_BY_ONE: readonly { readonly name: string; readonly fault: Fault }[] = [
  { name: 'answers 500', fault: { type: 'status', status: 500 } },
  { name: 'answers 409', fault: { type: 'status', status: 409 } },
  { name: 'answers 412', fault: { type: 'status', status: 412 } },
  { name: 'never answers', fault: { type: 'hang' } },
  { name: 'cuts the connection after it wrote', fault: { type: 'cut' } },
  { name: 'answers with a web page', fault: { type: 'garbage', body: HTML } },
  { name: 'answers with half a JSON', fault: { type: 'garbage', body: '{"resourceType":"Bundle","entry":[{"resp' } },
  { name: 'answers with another resource', fault: { type: 'garbage', body: '{"resourceType":"Patient"}' } },
]

export async function runFarEndFaults(options: FarEndFaultsOptions): Promise<FaultReport> {
  const rig = new Rig()
  const checks = new Checks()
  try {
    await rig.start()
    rig.gateway.start()
    await rig.gateway.ready()
    const lanes = new Lanes(rig)
    await lanes.move(['fhir:care', 'fhir:vault', 'anchor:consortium', 'alert:doctor'])
    await fhirFaults(rig, lanes, checks, options)
    await chainFaults(rig, lanes, checks, options.outageMs)
    const audit = await rig.finish()
    checks.audit('after all of it', audit)
    return checks.report('far ends', rig, audit)
  } finally {
    await rig.stop()
  }
}

async function fhirFaults(
  rig: Rig,
  lanes: Lanes,
  checks: Checks,
  { outageMs, brief = false }: FarEndFaultsOptions,
): Promise<void> {
  const { faults } = rig.fhir
  for (let i = 0; i < ONE_BY_ONE.length; i += brief ? 2 : 1) {
    const met = [ONE_BY_ONE[i], ONE_BY_ONE[brief ? i + 1 : i]].filter((one) => one !== undefined)
    for (const { fault } of met) faults.next(1, fault, 'POST')
    const name = [...new Set(met.map(({ name }) => name))].join(', then ')
    await until(`two transactions that the server ${name}`, () => faults.waiting === 0)
    await lanes.move(['fhir:care', 'fhir:vault'])
    checks.add(`a server that ${name}: both lanes go on`, true)
  }

  faults.always({ type: 'status', status: 503 })
  const others = lanes.move(['anchor:consortium', 'alert:doctor'])
  await Promise.all([others, pause(outageMs)])
  checks.add(`a server that answers 503 for ${outageMs / 1000} s: alerts and anchors go on meanwhile`, true)
  faults.clear()
  await lanes.move(['fhir:care', 'fhir:vault'])
  checks.add('when it is back, both lanes go on', true)

  const times: number[] = []
  // What is told about alerts has a lane and a poller of its own, which ask and wait for themselves.
  rig.fhir.watch = (phase, path) => {
    if (phase === 'received' && !ALERTS.test(path)) times.push(performance.now())
  }
  faults.always({ type: 'status', status: 429, retryAfterSeconds: RETRY_AFTER_S })
  // One request of each lane, and each lane's first repetition.
  await until('both lanes to be asked to wait, and to ask again', () => times.length >= 4)
  const [first = 0, , third = 0] = times
  // Timers may be a little early; the server is never asked late by the clock of its own process.
  const early = third - first < RETRY_AFTER_S * 1000 - 50
  checks.add(
    `after 429 with Retry-After ${RETRY_AFTER_S}, nobody asks before`,
    !early,
    `${Math.round(third - first)} ms`,
  )
  rig.fhir.watch = () => {}
  faults.clear()
  await lanes.move(['fhir:care', 'fhir:vault'])
  checks.add('after the time it asked for, both lanes go on', true)
}

async function chainFaults(rig: Rig, lanes: Lanes, checks: Checks, outageMs: number): Promise<void> {
  const [first, second] = rig.rpc
  const anchors = async (what: string) => {
    await lanes.move(['anchor:consortium'])
    checks.add(`${what}: anchoring goes on`, true)
  }

  first.down = true
  await anchors('one of two endpoints down')
  second.down = true
  await Promise.all([lanes.move(['fhir:care', 'fhir:vault', 'alert:doctor']), pause(outageMs)])
  checks.add(`all endpoints down for ${outageMs / 1000} s: FHIR and alerts go on meanwhile`, true)
  first.down = false
  second.down = false
  await anchors('endpoints back')

  first.drop = 1
  second.drop = 1
  await until('a transaction to be lost', () => first.drop + second.drop === 0)
  await anchors('a transaction taken and forgotten by every node')

  // Blocks come whether or not somebody anchors, as on a chain with more than one member.
  const mining = setInterval(() => void node(rig, 'evm_mine').catch(() => {}), 150)
  first.lag = 3
  await anchors('one endpoint three blocks behind')
  second.lag = 3
  first.lag = 0
  await anchors('the other endpoint behind')
  second.lag = 0
  clearInterval(mining)

  await node(rig, 'anvil_reorg', [2, []])
  await anchors('two blocks re-organised away')
  const snapshot = await node(rig, 'evm_snapshot')
  await lanes.move(['anchor:consortium'], 3)
  await node(rig, 'evm_revert', [snapshot])
  await anchors('the last three anchors taken back')
}

async function node(rig: Rig, method: string, params: readonly unknown[] = []): Promise<unknown> {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const answer = await fetch(rig.chain.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  const { result, error } = (await answer.json()) as { result?: unknown; error?: { message: string } }
  if (error) throw new Error(`${method}: ${error.message}`)
  return result
}

/** What the lanes have delivered, as the running gateway says. */
class Lanes {
  readonly #rig: Rig

  constructor(rig: Rig) {
    this.#rig = rig
  }

  /** Resolves when each of these lanes has delivered `by` entries more than now. */
  async move(names: readonly string[], by = 1): Promise<void> {
    const from = await this.#delivered()
    await until(
      `${names.join(', ')} to deliver`,
      async () => {
        const now = await this.#delivered()
        return names.every((name) => (now.get(name) ?? 0) >= (from.get(name) ?? 0) + by)
      },
      { everyMs: 100 },
    )
  }

  async #delivered(): Promise<Map<string, number>> {
    const status: GatewayStatus | null = await this.#rig.gateway.status()
    return new Map((status?.lanes ?? []).map(({ lane, resourcesAccepted }) => [lane, resourcesAccepted]))
  }
}
