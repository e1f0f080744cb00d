/**
 * Composition: the only file that says `new` for everything. Reads as the line it builds:
 * journal → pipeline → transports → batches → lanes, with the console looking on.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { observationOf } from '#fhir/observation.js'
import { signedForm } from '#fhir/signed-form.js'
import { AlertDeliverer } from './alerts/channels/alert-deliverer.js'
import { type AlertChannel, noticeOf } from './alerts/channels/channel.js'
import { type Acknowledgement, createChannel } from './alerts/channels/registry.js'
import { AlarmDesk } from './alerts/desk.js'
import { Dispatcher } from './alerts/dispatch/dispatcher.js'
import { policyOf } from './alerts/dispatch/policy.js'
import { limitsOnRecord } from './alerts/limits-on-record.js'
import type { Watcher } from './alerts/system-condition.js'
import { AnchorDeliverer } from './anchoring/anchor-deliverer.js'
import type { Address } from './anchoring/batch.js'
import { Batcher } from './anchoring/batcher.js'
import { EthersLedger } from './anchoring/ethers-ledger.js'
import { loadOrCreateGatewayKey } from './anchoring/gateway-key.js'
import type { LoadedConfig } from './config/load.js'
import { checkSecretFiles } from './config/secret-files.js'
import { ConsoleServer } from './console/server.js'
import type { ControlCommand } from './control/command.js'
import { ControlServer } from './control/control-server.js'
import { FhirDeliverer } from './delivery/fhir-deliverer.js'
import { PatientDesk, patientCommands } from './entry/patient-desk.js'
import { Gateway } from './gateway.js'
import { SqliteJournal } from './journal/sqlite-journal.js'
import type { Deliverer } from './lanes/deliverer.js'
import { LaneWorker } from './lanes/worker.js'
import { mappingCommands } from './mapping/commands.js'
import { loadMappings } from './mapping/load.js'
import { UnmappedWatcher } from './mapping/unmapped-watcher.js'
import { Pipeline, type PipelineStep } from './pipeline/pipeline.js'
import { type Clock, systemClock } from './runtime/clock.js'
import { Committer } from './runtime/committer.js'
import { ensureDataDir } from './runtime/data-dir.js'
import { HomebeatError } from './runtime/errors.js'
import type { Logger } from './runtime/logger.js'
import { Pump } from './runtime/pump.js'
import { Schedule } from './runtime/schedule.js'
import { VERSION } from './runtime/version.js'
import { trendsCommands } from './scores/commands.js'
import { HourlyBook, KEPT_MS } from './scores/hourly.js'
import { News2Watch } from './scores/news2-watch.js'
import { EpochKeys } from './sealing/epoch-keys.js'
import { loadOrCreateMasterKey } from './sealing/master-key.js'
import { Sealer } from './sealing/sealer.js'
import { news2OptionsOf } from './settings/catalog.js'
import { settingsCommands } from './settings/commands.js'
import { inForce } from './settings/in-force.js'
import { SettingsBook } from './settings/settings-book.js'
import { LiveFeed } from './status/live-feed.js'
import { RunFileKeeper } from './status/run-file.js'
import { kitJobs } from './transports/kit-jobs.js'
import { BrokerTransport } from './transports/mqtt/broker-transport.js'
import { ClientTransport } from './transports/mqtt/client-transport.js'
import { deviceCommands } from './transports/mqtt/device-commands.js'
import { DeviceStore } from './transports/mqtt/device-store.js'
import { createTransport } from './transports/registry.js'
import { SerialTransport } from './transports/serial/serial-transport.js'
import type { Transport } from './transports/transport.js'

/** What a test replaces. */
export interface Edges {
  readonly logger: Logger
  readonly clock?: Clock
  readonly fetch?: typeof globalThis.fetch
  /** Where the terminal channel writes; standard error. */
  readonly terminal?: NodeJS.WritableStream
}

/**
 * Opens the journal and the keys, and composes the gateway; nothing is read or sent before its `start()`.
 * @throws HomebeatError `data-dir.*`, `secret.*`, `gateway-key.*`, `journal.*`, `limits.*`, `config.*`
 */
export async function composeGateway(loaded: LoadedConfig, edges: Edges): Promise<Gateway> {
  const { config, baseDir, dataDir } = loaded
  const { logger } = edges
  const clock = edges.clock ?? systemClock
  const fetch = edges.fetch ?? globalThis.fetch
  const { id: home, patient } = config.home

  checkSecretFiles(loaded)
  const mappings = loadMappings(config.mappings, baseDir)
  ensureDataDir(dataDir)
  const signer = await loadOrCreateGatewayKey(join(dataDir, 'keys', 'gateway.key'))
  const masterKey = await loadOrCreateMasterKey(join(dataDir, 'keys', 'master.key'))

  const journal = new SqliteJournal({
    path: join(dataDir, 'journal.db'),
    lanes: {
      fhir: config.fhir.targets.map(({ name, mode }) => ({ name, alerts: mode === 'clear' })),
      alert: config.alerts.channels.map(({ name }) => name),
      anchor: [config.chain.name],
    },
    clock,
    logger,
    commit: config.commit,
    unmapped: {
      maxMessages: config.unmapped.maxMessages,
      maxBytes: config.unmapped.maxMebibytes * 1024 * 1024,
    },
  })

  const { endpoints, chainId, contract, confirmations, gasPrice, pollSeconds } = config.chain
  const ledger = new EthersLedger({ endpoints, chainId, contract })
  const sealer = new Sealer({
    epochKeys: new EpochKeys({ store: journal.epochKeys, masterKey, patient, random: randomBytes }),
  })

  const deliverers = new Map<string, Deliverer>()
  for (const target of config.fhir.targets) {
    const options = { target, journal, envelopes: sealer, home, patient, fetch, logger, baseDir }
    deliverers.set(`fhir:${target.name}`, new FhirDeliverer(options))
  }
  const zone = (at: number) => -new Date(at).getTimezoneOffset()
  const policy = policyOf(config.alerts, zone)
  const contacts = new Map(config.alerts.contacts.map((contact) => [contact.id, contact]))
  const addressOf = (id: string) => {
    const contact = contacts.get(id)
    return contact ? { ...(contact.address !== undefined && { address: contact.address }) } : null
  }
  let desk: AlarmDesk | undefined
  const channels: AlertChannel[] = []
  const channelEdges = {
    fetch,
    stream: edges.terminal ?? process.stderr,
    home,
    baseDir,
    clock,
    acknowledged: ({ channel, alertIds }: Acknowledgement) => {
      desk
        ?.acknowledge(alertIds, { by: channel, via: 'button' })
        .catch((error) => logger.warn({ channel, err: error }, 'the button’s acknowledgement was refused'))
    },
  }
  for (const channelConfig of config.alerts.channels) {
    const channel = createChannel(channelConfig, channelEdges)
    channels.push(channel)
    deliverers.set(
      `alert:${channelConfig.name}`,
      new AlertDeliverer({ channel, journal, home, preview: config.alerts.preview, addressOf }),
    )
  }
  deliverers.set(
    `anchor:${config.chain.name}`,
    new AnchorDeliverer({
      ledger,
      journal,
      signer,
      clock,
      logger,
      confirmations,
      gasPrice,
      pollMs: pollSeconds * 1000,
    }),
  )

  const devices = DeviceStore.open(join(dataDir, 'devices.json'), clock)
  const transportEdges = { clock, logger, baseDir, dataDir, devices }
  const transports = config.transports.map((transport) => createTransport(transport, transportEdges))
  const configured = { limits: config.alerts.limits, settings: config.alerts.settings }
  // What is wrong with it is said before anything is opened.
  inForce(configured, [])

  for (const transport of transports) await findMisconfiguration(transport)

  // From here on the journal is open: whoever composes must start and stop the gateway, or stop the journal.
  await journal.start()
  try {
    const settings = new SettingsBook({ configured, journal: journal.settings, clock, logger })
    const news2 = new News2Watch(news2OptionsOf(settings.inForce.settings))
    const hours = new HourlyBook(journal.hourly.all())
    const pipeline = new Pipeline({
      patient,
      limits: settings.inForce.limits,
      findings: settings.inForce.findings,
      news2,
      hours,
      active: journal.activeAlerts(),
      known: (identifier) => journal.hasMeasurement(identifier),
      devices: Object.fromEntries(config.transports.flatMap((t) => (t.device ? [[t.name, t.device]] : []))),
      zoneOffsetMinutes: zone,
      dispatcher: new Dispatcher(policy, journal.openDispatch()),
      mappings,
    })
    const batcher = new Batcher({
      journal,
      signer,
      domain: { chainId, contract: contract as Address },
      observationOf: (measurement) =>
        signedForm(
          observationOf(measurement, {
            patient,
            home,
            ...limitsOnRecord(measurement, settings.limitsAt(measurement.at)),
          }),
        ),
      random: randomBytes,
      clock,
      maxCount: config.batches.maxCount,
    })
    const committer = new Committer({ journal, clock, logger })
    const feed = new LiveFeed({ version: VERSION, home, journal, transports, clock })
    desk = new AlarmDesk({
      ...{ pipeline, journal, clock, logger },
      commit: (commit) => committer.commit(commit),
      onStep: (step) => feed.take(step),
    })
    settings.onChange((current) => {
      news2.setOptions(news2OptionsOf(current.settings))
      const step = pipeline.setLimits(current.limits, current.findings, clock.now())
      feed.take(step)
      committer.commit(step).catch((error) => logger.error({ err: error }, 'an alert transition could not be stored'))
    })
    const patientDesk = new PatientDesk({
      ...{ pipeline, news2, journal: journal.entries, clock },
      commit: (commit) => committer.commit(commit),
      onStep: (step) => feed.take(step),
    })
    const page = new ConsoleServer({ feed, host: config.console.host, port: config.console.port, logger })
    /** What a person may tell the running gateway; each feature adds its own. */
    const commands: ControlCommand[] = [
      ...deviceCommands(devices, config.transports),
      ...mappingCommands({ journal, pipeline, clock }),
      ...settingsCommands(settings),
      ...patientCommands(patientDesk),
      ...trendsCommands({ hours, clock, zone }),
    ]
    const watchers: Watcher[] = [
      ...transports.filter((one) => one instanceof BrokerTransport || one instanceof ClientTransport),
      new UnmappedWatcher(() => journal.unmapped.isFull()),
      settings,
    ]
    const closeFull = () => {
      if (journal.unbatchedCount() < config.batches.maxCount) return
      batcher.closeIfDue('count').catch((error) => logger.error({ err: error }, 'a full batch could not be closed'))
    }
    return new Gateway({
      journal,
      pipeline,
      committer,
      batcher,
      feed,
      console: page,
      control: new ControlServer({ dataDir, commands, logger }),
      watchers,
      ledger,
      announcement: new RunFileKeeper(dataDir, () => page.address().url),
      pumps: transports.map(
        (transport) =>
          new Pump({
            ...{ transport, pipeline, committer, clock, logger, onCommitted: closeFull },
            onStep: (step) => {
              feed.take(step)
              askCalibration(transport, step, logger)
            },
          }),
      ),
      channels: channels.map((channel) => ({
        start: async () => channel.start?.(journal.activeAlerts().map((open) => noticeOf(open, home))),
        stop: async () => channel.stop?.(),
      })),
      lanes: [...deliverers].map(([lane, deliverer]) => new LaneWorker({ lane, journal, deliverer, clock, logger })),
      schedule: new Schedule(
        [
          {
            name: 'close batch',
            cron: config.batches.cron,
            action: async () => void (await batcher.closeIfDue('time')),
          },
          {
            // What a power cut takes of the trends: a minute.
            name: 'keep hours',
            cron: '* * * * *',
            action: async () => {
              const changed = hours.changed(clock.now())
              journal.hourly.put(changed, clock.now() - KEPT_MS)
              hours.kept(changed)
            },
          },
          ...config.transports.flatMap(({ schedule }, i) => kitJobs(transports[i], schedule, clock)),
        ],
        logger,
      ),
      clock,
      logger,
    })
  } catch (error) {
    await journal.stop()
    throw error
  }
}

/** A kit keeps the constants of its shield; the gateway's formulas need them whenever it has started. */
function askCalibration(transport: Transport, step: PipelineStep, logger: Logger): void {
  const started = step.events.some(
    (event) => event.type === 'boot' || (event.type === 'transport' && event.event === 'connected'),
  )
  if (!started) return
  transport.send?.({ command: 'readCalibration' }).catch((error) => {
    logger.debug({ transport: transport.name, err: error }, 'no calibration from the kit: nominal constants hold')
  })
}

/** What will not pass by waiting is said before the home relies on it; a cable that is not plugged in yet will. */
const MISCONFIGURED = new Set(['serial.permission', 'serial.busy', 'serial.unusable', 'config.certificate'])

async function findMisconfiguration(transport: Transport): Promise<void> {
  const canProbe =
    transport instanceof SerialTransport || transport instanceof BrokerTransport || transport instanceof ClientTransport
  if (!canProbe) return
  await transport.probe().catch((error) => {
    if (error instanceof HomebeatError && MISCONFIGURED.has(error.code)) throw error
  })
}
