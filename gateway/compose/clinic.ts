/** The clinic's receiver: composed of the same parts as a gateway, by the same `program()`. */
import { statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { policyOf } from '#gateway/alarms/dispatch/policy.js'
import { CheckInServer } from '#gateway/clinic/check-in-server.js'
import { ClinicPipeline } from '#gateway/clinic/clinic-pipeline.js'
import { clinicCommands } from '#gateway/clinic/commands.js'
import { checkClinicSecrets, type LoadedClinicConfig } from '#gateway/clinic/config.js'
import { HomeMonitor } from '#gateway/clinic/home-monitor.js'
import { rulesOf } from '#gateway/clinic/home-record.js'
import { HomeRegister } from '#gateway/clinic/home-register.js'
import { HomeStore } from '#gateway/clinic/home-store.js'
import { PageServer } from '#gateway/clinic/page-server.js'
import { ReceiverHealth } from '#gateway/clinic/receiver-health.js'
import { type ClinicReport, reportOf } from '#gateway/clinic/report.js'
import { tlsOf } from '#gateway/clinic/web-listener.js'
import { Recorder } from '#gateway/engine/recorder.js'
import { commitConfig } from '#gateway/journal/config.js'
import { retentionConfig } from '#gateway/journal/retention/config.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import { diskConfig } from '#gateway/liveness/config.js'
import { lanesConfig } from '#gateway/outbound/lanes/config.js'
import { alertLanes } from '#gateway/outbound/lanes/configured-lanes.js'
import { LaneCheck } from '#gateway/outbound/lanes/lane-check.js'
import { systemClock } from '#gateway/platform/clock.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { KnownAddresses } from '#gateway/platform/net/known-addresses.js'
import { reachOf } from '#gateway/platform/net/reach.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { zoneOffset } from '#gateway/time/wall-clock.js'
import { channelParts, channelsOf, laneParts } from './channels.js'
import { type Part, type Program, program } from './program.js'
import type { GatewayDependencies } from './site.js'
import { standingParts } from './standing-parts.js'
import { storageParts } from './storage.js'

export interface Receiver extends Program {
  /** Where check-ins and the page are; meaningful once started. */
  address(): { readonly checkInPort: number; readonly pageUrl: string }
  report(): ClinicReport
}

/** A receiver keeps alarms only; of these settings of a gateway their own defaults hold. */
const DEFAULTS = {
  commit: commitConfig.parse(undefined),
  retention: retentionConfig.parse(undefined),
  disk: diskConfig.parse(undefined),
  lanes: lanesConfig.parse(undefined),
}
/** A receiver delivers alarms alone, and its supervisor waits for it. */
const DRAIN_MS = 5000
/** Of the page's token: beyond guessing, though a right one is never held back. */
const LONG_TOKEN = 20

/**
 * Opens the journal and composes the receiver; nothing is listened to before its `start()`.
 * @throws HomebeatError `config.*`, `secret.*`, `channel.*`, `journal.*`, `clinic.*`, `data-dir.*`
 */
export async function composeReceiver(
  loaded: LoadedClinicConfig,
  dependencies: Pick<GatewayDependencies, 'logger' | 'clock' | 'fetch' | 'terminal' | 'serialBinding'>,
): Promise<Receiver> {
  const { config, baseDir, dataDir } = loaded
  const { logger, clock = systemClock, terminal: stream = process.stderr, serialBinding } = dependencies
  const reach = reachOf({ ...dependencies, proxy: config.proxy, baseDir })
  const fetch = reach()
  const { alerts, receiver: home, trustProxy } = config
  checkClinicSecrets(loaded)
  const tls = await tlsOf(loaded)
  ensureDataDir(dataDir)
  const register = new HomeRegister(loaded)
  const lanes = alertLanes(alerts)
  const journal = journalOf({
    path: join(dataDir, 'journal.db'),
    lanes,
    clock,
    logger,
    commit: DEFAULTS.commit,
  })
  const channels = channelsOf({
    ...{ alerts, fetch, reach, stream, home, baseDir, dataDir, journal, clock, logger },
    ...(serialBinding && { serialBinding }),
  })
  for (const channel of channels.channels) await channel.probe?.()
  // The journal's lock says that no other receiver uses the folder; only then is the store opened.
  await journal.start()
  try {
    const store = new HomeStore(join(dataDir, 'homes.db'))
    const monitor = new HomeMonitor({ homes: () => register.all(), rules: rulesOf(config), store, clock, logger })
    const dispatcher = new Dispatcher(policyOf(alerts, zoneOffset), journal.notifications.openDispatch())
    const pipeline = new ClinicPipeline({
      ...{ active: journal.alerts.active(), dispatcher },
      isOver: (condition) => register.isForgotten(condition),
    })
    const recorder = new Recorder({ journal, clock, logger })
    const actions = new AlarmActions({ pipeline, journal, recorder, clock, logger })
    const health = new ReceiverHealth({ monitor, recorder, clock })
    const report = () => reportOf(home, monitor.records(), monitor.listening, journal.alerts.active(), clock.now())
    const token = config.page.tokenFile === undefined ? null : readSecret(resolve(baseDir, config.page.tokenFile))
    if (token !== null && token.length < LONG_TOKEN)
      logger.warn(`the token in page.tokenFile can be guessed: give it ${LONG_TOKEN} random characters or more`)
    const known = (what: string) => new KnownAddresses(join(dataDir, `known-${what}.json`), { clock, logger })
    const page = new PageServer({ ...config.page, tls, trustProxy, token, report, known: known('page'), clock })
    const checkIns = new CheckInServer({
      ...{ ...config.listen, tls, trustProxy, monitor, known: known('homes'), clock, logger },
      home: (id) => register.get(id),
      isHealthy: () => health.isHealthy,
    })
    const parts: Part[] = [
      { name: 'homes', stage: 'open', lifecycle: { stop: async () => store.close() }, health: monitor },
      { name: 'journal', stage: 'open', lifecycle: { stop: () => journal.stop() } },
      ...storageParts({
        ...{ dataDir, journal: journal.retention, scrub: journal.scrub, clock, logger, statfs },
        ...DEFAULTS,
      }),
      {
        name: 'page',
        stage: 'open',
        lifecycle: page,
        health: page,
        commands: clinicCommands({ register, monitor, actions, report }),
      },
      ...channelParts(channels, { actions, home, logger }),
      ...laneParts('alert lanes', channels.lanes),
      { name: 'lanes', stage: 'outbound', health: new LaneCheck({ journal, patience: DEFAULTS.lanes }) },
      {
        name: 'check-ins',
        stage: 'inbound',
        lifecycle: checkIns,
        health: checkIns,
        drain: () => {
          monitor.stop()
          return recorder.finish()
        },
      },
    ]
    const standing = standingParts({
      ...{ dataDir, clock, logger },
      onTick: (conditions) => {
        recorder.note(pipeline.tick(clock.now(), conditions))
        health.ticked()
      },
    })
    const running = program(parts, { name: 'receiver', standing, clock, logger })
    return {
      start: () => running.start(),
      stop: (drainMs = DRAIN_MS) => running.stop(drainMs),
      address: () => ({ checkInPort: checkIns.port, pageUrl: page.url }),
      report,
    }
  } catch (error) {
    await journal.stop()
    throw error
  }
}
