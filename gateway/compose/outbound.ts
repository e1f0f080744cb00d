/** What leaves the home beside the alerts: pushes to FHIR servers, anchors, and what is polled at the far ends. */
import { randomBytes } from 'node:crypto'
import { isSameLane, type Lane, laneKey } from '#gateway/model/lane.js'
import { AnchorDeliverer } from '#gateway/outbound/chain/anchor-deliverer.js'
import type { ChainConfig } from '#gateway/outbound/chain/config.js'
import { FhirDeliverer } from '#gateway/outbound/fhir/fhir-deliverer.js'
import { FlagSync } from '#gateway/outbound/fhir/flag-sync.js'
import { clientOf } from '#gateway/outbound/fhir/target-client.js'
import { TaskPoller } from '#gateway/outbound/fhir/task-poller.js'
import { fhirRoutes } from '#gateway/outbound/lanes/configured-lanes.js'
import type { Deliverer } from '#gateway/outbound/lanes/deliverer.js'
import { LaneCheck } from '#gateway/outbound/lanes/lane-check.js'
import { LaneQueue, queueCommands } from '#gateway/outbound/lanes/lane-queue.js'
import { LaneWorker } from '#gateway/outbound/lanes/worker.js'
import { EpochKeys } from '#gateway/outbound/sealing/epoch-keys.js'
import { Sealer } from '#gateway/outbound/sealing/sealer.js'
import { laneParts } from './channels.js'
import { endingLater } from './ending-later.js'
import type { Engine } from './engine.js'
import type { Part } from './program.js'
import type { Site } from './site.js'

/** @throws HomebeatError `secret.*`, `config.*` */
export function pushesOf(site: Site): LaneWorker[] {
  const { config, home, patient, baseDir, masterKey, journal, ledger, fetch, reach, remarks, clock, logger } = site
  const epochKeys = new EpochKeys({ store: journal.epochKeys, masterKey, patient, random: randomBytes })
  const envelopes = new Sealer({ epochKeys })
  const work = (lane: Lane, deliverer: Deliverer) => new LaneWorker({ lane, journal, deliverer, clock, logger })
  return [
    ...config.fhir.targets.flatMap((target) => {
      const routes = fhirRoutes(target.name, target.mode)
      const remark = (text: string) => {
        for (const { lane } of routes) remarks.set(laneKey(lane), text)
      }
      const deliverer = new FhirDeliverer({
        remark,
        target,
        journal,
        envelopes,
        home,
        patient,
        fetch,
        reach,
        clock,
        logger,
        baseDir,
      })
      return routes.map(({ lane }) => work(lane, deliverer))
    }),
    ...(config.chain && ledger ? [anchorsOf(site, config.chain, ledger)] : []),
  ]
}

function anchorsOf(
  { journal, signer, agreement, clock, logger }: Site,
  { name, confirmations, gasPrice, pollSeconds }: ChainConfig,
  ledger: NonNullable<Site['ledger']>,
): LaneWorker {
  const deliverer = new AnchorDeliverer({
    ...{ ledger, journal, signer, clock, logger, confirmations, gasPrice },
    pollMs: pollSeconds * 1000,
    held: () => agreement.heldAnchors(),
  })
  return new LaneWorker({ lane: { kind: 'anchor', name }, journal, deliverer, clock, logger })
}

const isOfAlerts = (wanted: boolean) => (worker: LaneWorker) => (worker.lane.kind === 'fhir-alert') === wanted

export function laneQueueParts(
  { config, journal }: Site,
  pushes: readonly LaneWorker[],
  alerts: readonly LaneWorker[],
) {
  const tryNow = (lane: Lane) => [...pushes, ...alerts].find((one) => isSameLane(one.lane, lane))?.tryNow()
  return [
    ...laneParts('pushes', pushes.filter(isOfAlerts(false))),
    // Drained in reverse: an alert that reaches its channel still owes the FHIR servers a Communication.
    ...laneParts('alert pushes', pushes.filter(isOfAlerts(true))),
    ...laneParts('alert lanes', alerts),
    {
      name: 'queue',
      stage: 'outbound' as const,
      health: new LaneCheck({ journal, patience: config.lanes }),
      commands: queueCommands(new LaneQueue({ journal, tryNow })),
    },
  ]
}

/** What looks after the far ends of its own accord: their Tasks, and the Flags of alerts that stand. */
export function pollerParts(
  { config, home, baseDir, journal, fetch, reach, clock, logger }: Site,
  { actions }: Engine,
): Part[] {
  const careTeams = config.fhir.targets.filter(({ mode }) => mode === 'clear')
  const tasks = careTeams
    .filter((target) => target.tasks)
    .map((target) => {
      const client = clientOf(target, fetch, baseDir, reach, clock)
      return new TaskPoller({ target, client, home, journal, actions, clock, logger })
    })
  const afterMs = config.alerts.flagAfterMinutes * 60_000
  const flags = careTeams.length === 0 ? [] : [new FlagSync({ journal, afterMs, clock, logger })]
  return endingLater('pollers', [...tasks, ...flags])
}
