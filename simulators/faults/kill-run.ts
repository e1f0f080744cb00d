/** Kills the gateway again and again in the middle of its work, then asks the far ends what came of it. */
import type { Audit } from './audit.js'
import { Dice } from './dice.js'
import { type Kill, MOMENTS, type Moment, planKill } from './kill-plan.js'
import type { Rig } from './rig.js'
import { pause } from './waiting.js'

/** The moment that a kill waits for may not come, as when there is nothing to push: then the gateway is killed as it is. */
const PATIENCE_MS = 1000

export interface KillRunOptions {
  readonly kills: number
  readonly seed: number
  /** Called after each kill. */
  readonly onKill?: (count: number) => void
}

export interface KillReport {
  readonly kills: number
  /** How many kills met the moment they were meant for. */
  readonly moments: Readonly<Record<Moment, number>>
  readonly audit: Audit
}

export async function runKills(rig: Rig, { kills, seed, onKill }: KillRunOptions): Promise<KillReport> {
  const dice = new Dice(seed)
  const moments = Object.fromEntries(MOMENTS.map((moment) => [moment, 0])) as Record<Moment, number>
  await rig.start()
  for (let i = 1; i <= kills; i++) {
    const kill = planKill(dice)
    rig.gateway.start()
    if (kill.moment !== 'start-up') await rig.gateway.ready()
    if (await met(rig, kill)) moments[kill.moment]++
    await pause(kill.delayMs)
    await rig.gateway.kill()
    onKill?.(i)
  }
  rig.gateway.start()
  await rig.gateway.ready()
  return { kills, moments, audit: await rig.finish() }
}

/** Resolves when the moment has come (true) or does not come (false). */
async function met(rig: Rig, { moment, carriedOut }: Kill): Promise<boolean> {
  switch (moment) {
    case 'start-up':
    case 'at work':
      return true
    case 'closing':
      // The schedule closes batches on the full second.
      await pause(1000 - (Date.now() % 1000))
      return true
    default:
      return Promise.race([
        event(rig, moment, carriedOut).then(() => true),
        pause(PATIENCE_MS).then(() => false),
      ]).finally(() => unwatch(rig))
  }
}

function event(rig: Rig, moment: Moment, carriedOut: boolean): Promise<void> {
  return new Promise((resolve) => {
    if (moment === 'acknowledging') rig.publisher.onAcknowledged = resolve
    if (moment === 'pushing')
      rig.fhir.watch = (phase) => {
        if (phase === (carriedOut ? 'carried-out' : 'received')) resolve()
      }
    if (moment === 'anchoring')
      for (const endpoint of rig.rpc)
        endpoint.watch = (method, phase) => {
          if (method === 'eth_sendRawTransaction' && phase === (carriedOut ? 'answered' : 'asked')) resolve()
        }
  })
}

function unwatch(rig: Rig): void {
  rig.publisher.onAcknowledged = () => {}
  rig.fhir.watch = () => {}
  for (const endpoint of rig.rpc) endpoint.watch = () => {}
}
