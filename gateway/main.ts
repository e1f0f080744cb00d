/**
 * Composition: the only file that says `new` for everything. Reads as the line it builds:
 * journal → pipeline → transports → batches → lanes, with the console looking on.
 */
import { randomBytes } from 'node:crypto'
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { observationOf } from '#fhir/measurement-to-observation.js'
import { signedForm } from '#fhir/signed-form.js'
import type { DeviceEvent } from '#gateway/model/decoded.js'
import type { HealthCheck } from '#gateway/model/health-check.js'
import { AlarmActions } from './alarms/actions/alarm-actions.js'
import { alarmCommands } from './alarms/actions/alarm-commands.js'
import { acknowledgersOf, DeviceAcknowledger } from './alarms/actions/device-acknowledger.js'
import { type AlertChannel, noticeOf } from './alarms/channels/channel.js'
import { channelCommands } from './alarms/channels/commands.js'
import { ConfiguredChannels } from './alarms/channels/configured-channels.js'
import { createChannel } from './alarms/channels/registry.js'
import { Dispatcher } from './alarms/dispatch/dispatcher.js'
import { policyOf } from './alarms/dispatch/policy.js'
import { LinkServer } from './alarms/links/link-server.js'
import { LinkTokens, loadOrCreateLinkKey } from './alarms/links/link-tokens.js'
import { limitsOnRecord } from './clinical/limits/limits-on-record.js'
import { trendsCommands } from './clinical/scores/commands.js'
import { HourlyAggregates, KEPT_MS } from './clinical/scores/hourly.js'
import { News2Watch } from './clinical/scores/news2-watch.js'
import { analysisOptionsOf, news2OptionsOf } from './clinical/settings/catalog.js'
import { settingsCommands } from './clinical/settings/commands.js'
import { inForce } from './clinical/settings/in-force.js'
import { PatientSettings } from './clinical/settings/patient-settings.js'
import { Gateway } from './compose/gateway.js'
import type { LoadedConfig } from './config/load.js'
import { checkSecretFiles } from './config/secret-files.js'
import { mappingCommands } from './engine/mapping-commands.js'
import { Pipeline } from './engine/pipeline.js'
import { Pump } from './engine/pump.js'
import { Recorder } from './engine/recorder.js'
import { RunTimeAlarms } from './engine/run-time-alarms.js'
import { loadMappings } from './intake/mapping/load.js'
import { UnmappedWatcher } from './intake/mapping/unmapped-watcher.js'
import { kitJobs } from './intake/transports/kit-jobs.js'
import { BrokerTransport } from './intake/transports/mqtt/broker-transport.js'
import { ClientTransport } from './intake/transports/mqtt/client-transport.js'
import { deviceCommands } from './intake/transports/mqtt/device-commands.js'
import { EnrolledDevices } from './intake/transports/mqtt/enrolled-devices.js'
import { createTransport } from './intake/transports/registry.js'
import type { SerialBinding } from './intake/transports/serial/binding.js'
import { journalCommands } from './journal/journal-commands.js'
import { Retention } from './journal/retention/retention.js'
import { damageWatcher } from './journal/salvage/damage-watcher.js'
import { SqliteJournal } from './journal/sqlite/sqlite-journal.js'
import { DiskWatcher, type DiskWatcherOptions } from './liveness/disk-watcher.js'
import { Heartbeat } from './liveness/heartbeat.js'
import { vitalsOf } from './liveness/vitals.js'
import type { Address } from './model/batch.js'
import { isSameLane, type Lane } from './model/lane.js'
import type { Transport } from './model/transport.js'
import { AlertDeliverer } from './outbound/alerts/alert-deliverer.js'
import { Batcher } from './outbound/batches/batcher.js'
import { AnchorDeliverer } from './outbound/chain/anchor-deliverer.js'
import { ChainHeadSeeker } from './outbound/chain/chain-head-seeker.js'
import { EthersLedger } from './outbound/chain/ethers-ledger.js'
import { loadOrCreateGatewayKey } from './outbound/chain/gateway-key.js'
import { FhirDeliverer } from './outbound/fhir/fhir-deliverer.js'
import { FlagSync } from './outbound/fhir/flag-sync.js'
import { clientOf } from './outbound/fhir/target-client.js'
import { TaskPoller } from './outbound/fhir/task-poller.js'
import { alertLanes, configuredLanes } from './outbound/lanes/configured-lanes.js'
import type { Deliverer } from './outbound/lanes/deliverer.js'
import { LaneQueue, queueCommands } from './outbound/lanes/lane-queue.js'
import { LaneWatcher } from './outbound/lanes/lane-watcher.js'
import { LaneWorker } from './outbound/lanes/worker.js'
import { EpochKeys } from './outbound/sealing/epoch-keys.js'
import { loadOrCreateMasterKey } from './outbound/sealing/master-key.js'
import { Sealer } from './outbound/sealing/sealer.js'
import { type Clock, systemClock } from './platform/clock.js'
import type { ControlCommand } from './platform/control-socket/command.js'
import { ControlServer } from './platform/control-socket/control-server.js'
import { ensureDataDir } from './platform/data-dir.js'
import type { Logger } from './platform/logger.js'
import { Schedule } from './platform/schedule.js'
import { VERSION } from './platform/version.js'
import { ConsoleServer } from './surfaces/console/server.js'
import { ManualObservations, manualObservationCommands } from './surfaces/manual-observation/manual-observations.js'
import { LiveFeed } from './surfaces/status/live-feed.js'
import { RunFileWriter } from './surfaces/status/run-file.js'
import { SteadyClock } from './time/steady-clock.js'
import { SystemTimeService, type TimeService } from './time/time-service.js'
import { Timekeeper } from './time/timekeeper.js'
import { buildTime } from './time/wall-clock.js'

/**
 * Hashing and signing a full batch takes tens of milliseconds, on a Pi hundreds: a burst is acknowledged first, its
 * batches follow at this pace, or with the cron job that closes them all.
 */
const FULL_BATCH_EVERY_MS = 1000
/** Of the time, at most, that goes into full batches. */
const FULL_BATCH_SHARE = 0.05

/** What a test replaces. */
export interface Edges {
  readonly logger: Logger
  readonly clock?: Clock
  /** Who keeps the machine's clock; what systemd says of it. */
  readonly timeService?: TimeService
  readonly fetch?: typeof globalThis.fetch
  /** Where the terminal channel writes; standard error. */
  readonly terminal?: NodeJS.WritableStream
  /** Instead of the machine's own serial ports, for boards of alert channels. */
  readonly serialBinding?: SerialBinding
  /** Free space of a folder's disk; that of node:fs. */
  readonly statfs?: DiskWatcherOptions['statfs']
  /** The journal was found damaged while in use: the gateway must be stopped and composed again, which recovers it. */
  readonly onJournalDamage?: () => void
}

/**
 * Opens the journal and the keys, and composes the gateway; nothing is read or sent before its `start()`.
 * @throws HomebeatError `data-dir.*`, `secret.*`, `gateway-key.*`, `journal.*`, `limits.*`, `config.*`
 */
export async function composeGateway(loaded: LoadedConfig, edges: Edges): Promise<Gateway> {
  const { config, baseDir, dataDir } = loaded
  const { logger } = edges
  const machine = edges.clock ?? systemClock
  const clock = new SteadyClock(machine)
  const timeService = edges.timeService ?? new SystemTimeService(machine)
  const fetch = edges.fetch ?? globalThis.fetch
  const { id: home, patient } = config.home

  checkSecretFiles(loaded)
  const mappings = loadMappings(config.mappings, baseDir)
  const mayAcknowledge = acknowledgersOf(config.transports)
  ensureDataDir(dataDir)
  const signer = await loadOrCreateGatewayKey(join(dataDir, 'keys', 'gateway.key'))
  const masterKey = await loadOrCreateMasterKey(join(dataDir, 'keys', 'master.key'))

  const journal = new SqliteJournal({
    path: join(dataDir, 'journal.db'),
    lanes: configuredLanes(config),
    clock,
    logger,
    commit: config.commit,
    unmapped: {
      maxMessages: config.unmapped.maxMessages,
      maxBytes: config.unmapped.maxMebibytes * 1024 * 1024,
    },
    ...(edges.onJournalDamage && { onDamage: edges.onJournalDamage }),
  })

  const { endpoints, chainId, contract, logBlocks, confirmations, gasPrice, pollSeconds } = config.chain
  const ledger = new EthersLedger({ endpoints, chainId, contract, logBlocks, fetch })
  const sealer = new Sealer({
    epochKeys: new EpochKeys({ store: journal.epochKeys, masterKey, patient, random: randomBytes }),
  })

  const deliverers: [Lane, Deliverer][] = []
  for (const target of config.fhir.targets) {
    const options = { target, journal, envelopes: sealer, home, patient, fetch, logger, baseDir }
    deliverers.push([{ kind: 'fhir', name: target.name }, new FhirDeliverer(options)])
  }
  const zone = (at: number) => -new Date(at).getTimezoneOffset()
  // The dispatcher counts in run time, people's hours are of the wall.
  const policy = policyOf(config.alerts, (runAt) => zone(runAt + clock.shiftMs) + Math.round(clock.shiftMs / 60_000))
  const contacts = new Map(config.alerts.contacts.map((contact) => [contact.id, contact]))
  const addressOf = (id: string) => {
    const contact = contacts.get(id)
    return contact ? { ...(contact.address !== undefined && { address: contact.address }) } : null
  }
  const { links } = config.alerts
  const tokens =
    links &&
    new LinkTokens({
      key: await loadOrCreateLinkKey(join(dataDir, 'keys', 'link.key')),
      validMinutes: links.validMinutes,
      clock,
    })
  /** Only for a contact: a link says who follows it. */
  const acknowledgeUrl = (alertId: string, contact: string | undefined) =>
    links && tokens && contact !== undefined
      ? new URL(`/a/${tokens.make({ alertId, contact })}`, links.publicUrl).href
      : undefined
  const channels: AlertChannel[] = []
  const channelEdges = {
    fetch,
    stream: edges.terminal ?? process.stderr,
    home,
    baseDir,
    dataDir,
    clock,
    ...(edges.serialBinding && { serialBinding: edges.serialBinding }),
  }
  for (const channelConfig of config.alerts.channels) {
    const channel = createChannel(channelConfig, channelEdges)
    channels.push(channel)
    const deliverer = new AlertDeliverer({
      channel,
      journal,
      home,
      preview: config.alerts.preview,
      addressOf,
      acknowledgeUrl,
    })
    const one = { channels: [channelConfig], contacts: config.alerts.contacts }
    for (const { lane } of alertLanes(one)) deliverers.push([lane, deliverer])
  }
  const { contacts: reached, preview } = config.alerts
  const channelBook = new ConfiguredChannels({ channels, contacts: reached, home, preview, clock })
  deliverers.push([
    { kind: 'anchor', name: config.chain.name },
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
  ])

  const devices = EnrolledDevices.open(join(dataDir, 'devices.json'), clock)
  const transportEdges = { clock: clock.run, logger, baseDir, dataDir, devices }
  const transports = config.transports.map((transport) => createTransport(transport, transportEdges))
  const configured = { limits: config.alerts.limits, settings: config.alerts.settings }
  // What is wrong with it is said before anything is opened.
  inForce(configured, [])

  for (const transport of transports) await transport.probe()

  // From here on the journal is open: whoever composes must start and stop the gateway, or stop the journal.
  await journal.start()
  try {
    if (config.clock.trust === 'auto') await timeService.refresh()
    const timekeeper = new Timekeeper({
      clock,
      journal,
      zone,
      service: timeService,
      trust: config.clock.trust,
      holdMs: config.clock.holdHours * 3_600_000,
      builtAt: buildTime(),
      logger,
    })
    const settings = new PatientSettings({ configured, journal: journal.settings, clock, logger })
    const news2 = new News2Watch(news2OptionsOf(settings.inForce.settings))
    const hours = new HourlyAggregates(journal.hourly.all())
    const pipeline = new Pipeline({
      patient,
      limits: settings.inForce.limits,
      findings: settings.inForce.findings,
      analysis: analysisOptionsOf(settings.inForce.settings),
      news2,
      hours,
      active: timekeeper.activeAlerts(),
      shiftMs: () => clock.shiftMs,
      known: (identifier) => journal.hasMeasurement(identifier),
      devices: Object.fromEntries(config.transports.flatMap((t) => (t.device ? [[t.name, t.device]] : []))),
      zoneOffsetMinutes: zone,
      dispatcher: new Dispatcher(policy, timekeeper.openDispatch()),
      mappings,
      mayAcknowledge,
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
    const people = config.alerts.contacts.map(({ id, role }) => ({ id, role }))
    const feed = new LiveFeed({ version: VERSION, home, journal, transports, contacts: people, clock, timekeeper })
    const recorder = new Recorder({ journal, timekeeper, onStep: (step) => feed.take(step), clock, logger })
    const actions = new AlarmActions({
      pipeline: new RunTimeAlarms({ pipeline, timekeeper, clock }),
      ...{ recorder, journal, clock, logger },
    })
    for (const channel of channels)
      channel.onAcknowledged?.(({ channel, alertIds }) => {
        actions
          .acknowledge(alertIds, { by: channel, via: 'button' })
          .catch((error) => logger.warn({ channel, err: error }, 'the button’s acknowledgement was refused'))
      })
    const acknowledger = new DeviceAcknowledger({ actions, logger })
    const linkServers =
      links && tokens
        ? [new LinkServer({ config: links, tokens, contacts: [...contacts.keys()], actions, baseDir, clock, logger })]
        : []
    settings.onChange((current) => {
      news2.setOptions(news2OptionsOf(current.settings))
      recorder.note(pipeline.setLimits(current.limits, current.findings, clock.run.now()))
      recorder.note(pipeline.setAnalysis(analysisOptionsOf(current.settings), clock.run.now()))
    })
    const manual = new ManualObservations({
      ...{ pipeline, recorder, news2, journal: journal.entries },
      clock: clock.run,
    })
    const page = new ConsoleServer({ feed, actions, host: config.console.host, port: config.console.port, logger })
    /** What a person may tell the running gateway; each feature adds its own. */
    const commands: ControlCommand[] = [
      ...deviceCommands(devices, config.transports),
      ...channelCommands(channelBook),
      ...mappingCommands({ journal, recorder, pipeline, clock }),
      ...alarmCommands({ actions, journal, clock }),
      ...journalCommands(journal),
      ...settingsCommands(settings),
      ...manualObservationCommands(manual),
      ...trendsCommands({ hours, clock, zone }),
    ]
    const watchers: HealthCheck[] = [
      timekeeper,
      ...transports.filter((one) => one instanceof BrokerTransport || one instanceof ClientTransport),
      new UnmappedWatcher(() => journal.unmapped.isFull()),
      damageWatcher(journal),
      settings,
    ]
    const lanes = deliverers.map(([lane, deliverer]) => new LaneWorker({ lane, journal, deliverer, clock, logger }))
    const tryNow = (lane: Lane) => lanes.find((worker) => isSameLane(worker.lane, lane))?.tryNow()
    commands.push(...queueCommands(new LaneQueue({ journal, tryNow })))
    const retain = () =>
      void retention.run().catch((error) => logger.error({ err: error }, 'retention failed; it runs again in an hour'))
    const disk = new DiskWatcher({
      folder: dataDir,
      ...config.disk,
      statfs: edges.statfs ?? statfs,
      onLow: retain,
      logger,
    })
    const retention = new Retention({
      ...{ journal, policy: config.retention, clock, logger },
      diskLow: () => disk.isLow,
    })
    watchers.push(disk, new LaneWatcher({ journal, patience: config.lanes }))
    const vitals = {
      journal,
      transports,
      refused: () => recorder.isRefused,
      clockTrusted: () => timekeeper.status().trusted,
    }
    const heartbeat = new Heartbeat({
      ...{ targets: config.liveness.targets, home, software: VERSION, baseDir, dataDir, fetch, clock, logger },
      vitals: (now) => vitalsOf(vitals, now),
    })
    watchers.push(heartbeat)
    let nextFullAt = 0
    const careTeams = config.fhir.targets.filter(({ mode }) => mode === 'clear')
    const rounds = [
      ...careTeams
        .filter(({ tasks }) => tasks)
        .map((target) => {
          const client = clientOf(target, fetch, baseDir)
          return new TaskPoller({ target, client, home, journal, actions, clock, logger })
        }),
      ...(careTeams.length === 0
        ? []
        : [new FlagSync({ journal, afterMs: config.alerts.flagAfterMinutes * 60_000, clock, logger })]),
    ]
    const closeFull = () => {
      if (journal.unbatchedCount() < config.batches.maxCount || clock.monotonic() < nextFullAt) return
      const startedAt = clock.monotonic()
      nextFullAt = startedAt + FULL_BATCH_EVERY_MS
      batcher
        .closeIfDue('count', 1)
        .catch((error) => logger.error({ err: error }, 'a full batch could not be closed'))
        .finally(() => {
          nextFullAt = Math.max(nextFullAt, startedAt + (clock.monotonic() - startedAt) / FULL_BATCH_SHARE)
        })
    }
    return new Gateway({
      journal,
      pipeline,
      recorder,
      batcher,
      feed,
      console: page,
      control: new ControlServer({ dataDir, commands, logger }),
      watchers,
      ledger,
      chainHead: new ChainHeadSeeker({ journal, ledger, gateway: signer.address as Address, clock, logger }),
      heartbeat,
      announcement: new RunFileWriter(dataDir, () => page.address().url),
      pumps: transports.map(
        (transport) =>
          new Pump({
            ...{ transport, pipeline, recorder, clock: clock.run, timekeeper, logger, onCommitted: closeFull },
            act: (event) => {
              askCalibration(transport, event, logger)
              return acknowledger.act(event)
            },
          }),
      ),
      channels: [
        ...channels.map((channel) => ({
          start: async () => channel.start?.(journal.activeAlerts().map((open) => noticeOf(open, home))),
          stop: async () => channel.stop?.(),
        })),
        ...linkServers,
      ],
      lanes,
      rounds,
      schedule: new Schedule(
        [
          {
            name: 'close batch',
            cron: config.batches.cron,
            action: async () => void (await batcher.closeIfDue('time')),
          },
          { name: 'retention', cron: '23 * * * *', action: async () => void (await retention.run()) },
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
function askCalibration(transport: Transport, event: DeviceEvent, logger: Logger): void {
  if (event.type !== 'boot' && !(event.type === 'transport' && event.event === 'connected')) return
  transport.send?.({ command: 'readCalibration' }).catch((error) => {
    logger.debug({ transport: transport.name, err: error }, 'no calibration from the kit: nominal constants hold')
  })
}
