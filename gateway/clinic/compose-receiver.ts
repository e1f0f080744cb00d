/** Composition of a receiver, as `main.ts` composes a gateway. */
import { statfs } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { AlarmActions } from '#gateway/alarms/actions/alarm-actions.js'
import { type AlertChannel, noticeOf } from '#gateway/alarms/channels/channel.js'
import { ConfiguredChannels } from '#gateway/alarms/channels/configured-channels.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { Dispatcher } from '#gateway/alarms/dispatch/dispatcher.js'
import { policyOf } from '#gateway/alarms/dispatch/policy.js'
import { Recorder } from '#gateway/engine/recorder.js'
import { commitConfig } from '#gateway/journal/config.js'
import { retentionConfig } from '#gateway/journal/retention/config.js'
import { Retention } from '#gateway/journal/retention/retention.js'
import { SqliteJournal } from '#gateway/journal/sqlite/sqlite-journal.js'
import { diskConfig } from '#gateway/liveness/config.js'
import { DiskWatcher } from '#gateway/liveness/disk-watcher.js'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { AlertDeliverer } from '#gateway/outbound/alerts/alert-deliverer.js'
import { lanesConfig } from '#gateway/outbound/lanes/config.js'
import { alertLanes } from '#gateway/outbound/lanes/configured-lanes.js'
import { LaneWatcher } from '#gateway/outbound/lanes/lane-watcher.js'
import { LaneWorker } from '#gateway/outbound/lanes/worker.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { ControlServer } from '#gateway/platform/control-socket/control-server.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import type { Logger } from '#gateway/platform/logger.js'
import { Schedule } from '#gateway/platform/schedule.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { BeatServer } from './beat-server.js'
import { watchCommands } from './commands.js'
import { checkWatchSecrets, type LoadedWatchConfig } from './config.js'
import { homeOf } from './home-record.js'
import { HomeRegister } from './home-register.js'
import { HomeStore } from './home-store.js'
import { PageServer } from './page-server.js'
import { Receiver } from './receiver.js'
import { reportOf } from './report.js'
import { WatchPipeline } from './watch-pipeline.js'
import { Watchkeeper } from './watchkeeper.js'
import { tlsOf } from './web-listener.js'

/** What a test replaces. */
export interface ReceiverEdges {
  readonly logger: Logger
  readonly clock?: Clock
  readonly fetch?: typeof globalThis.fetch
  readonly terminal?: NodeJS.WritableStream
}

const MINUTE_MS = 60_000
/** A receiver keeps alarms only; of these settings of a gateway its own defaults hold. */
const DEFAULTS = {
  commit: commitConfig.parse(undefined),
  retention: retentionConfig.parse(undefined),
  disk: diskConfig.parse(undefined),
  lanes: lanesConfig.parse(undefined),
}

/**
 * Opens the journal and composes the receiver; nothing is listened to before its `start()`.
 * @throws HomebeatError `config.*`, `secret.*`, `channel.*`, `journal.*`, `clinic.*`, `data-dir.*`
 */
export async function composeReceiver(loaded: LoadedWatchConfig, edges: ReceiverEdges): Promise<Receiver> {
  const { config, baseDir, dataDir } = loaded
  const { logger, clock = systemClock, fetch = globalThis.fetch, terminal: stream = process.stderr } = edges
  checkWatchSecrets(loaded)
  const tls = await tlsOf(loaded)
  const policy = policyOf(config.alerts, (at) => -new Date(at).getTimezoneOffset())
  ensureDataDir(dataDir)
  const register = new HomeRegister(loaded)
  const journal = new SqliteJournal({
    path: join(dataDir, 'journal.db'),
    lanes: alertLanes(config.alerts),
    ...{ clock, logger, commit: DEFAULTS.commit },
  })
  const channelEdges = { fetch, stream, home: config.receiver, baseDir, dataDir, clock }
  const channels = config.alerts.channels.map((channel) => createChannel(channel, channelEdges))
  // Finds addresses that a channel cannot use before anybody relies on them.
  new ConfiguredChannels({ ...config.alerts, channels, home: config.receiver, clock })

  // The journal's lock says that no other receiver uses the folder; only then is the store opened.
  await journal.start()
  try {
    const store = new HomeStore(join(dataDir, 'homes.db'))
    const keeper = new Watchkeeper({
      homes: () => register.all(),
      rules: {
        unhealthyMs: config.unhealthyMinutes * MINUTE_MS,
        clockOffMs: config.clockOffMinutes * MINUTE_MS,
        firstBeatMs: config.firstCheckInHours * 60 * MINUTE_MS,
      },
      ...{ store, clock, logger },
    })
    const pipeline = new WatchPipeline({
      active: journal.activeAlerts(),
      dispatcher: new Dispatcher(policy, journal.openDispatch()),
      isOver: (condition) => {
        const home = homeOf(condition)
        return home !== null && register.get(home) === undefined
      },
    })
    const recorder = new Recorder({ journal, clock, logger })
    const actions = new AlarmActions({ pipeline, journal, recorder, clock, logger })
    for (const channel of channels)
      channel.onAcknowledged?.(({ channel, alertIds }) => {
        actions
          .acknowledge(alertIds, { by: channel, via: 'button' })
          .catch((error) => logger.warn({ channel, err: error }, 'the button’s acknowledgement was refused'))
      })
    const report = () =>
      reportOf(config.receiver, keeper.records(), keeper.listening, journal.activeAlerts(), clock.now())
    const disk = new DiskWatcher({ folder: dataDir, ...DEFAULTS.disk, statfs, logger })
    const retention = new Retention({
      ...{ journal, policy: DEFAULTS.retention, clock, logger },
      diskLow: () => disk.isLow,
    })
    const { trustProxy } = config
    const token = config.page.tokenFile === undefined ? null : readSecret(resolve(baseDir, config.page.tokenFile))
    const commands = watchCommands({ register, keeper, actions, report })
    return new Receiver((isHealthy) => ({
      ...{ journal, store, keeper, pipeline, recorder, report, clock, logger },
      watchers: [keeper, disk, new LaneWatcher({ journal, patience: DEFAULTS.lanes })],
      channels: channels.map((channel) => lifecycleOf(channel, journal, config.receiver)),
      lanes: channels.flatMap((channel) => lanesOf(channel, loaded, { journal, clock, logger })),
      beats: new BeatServer({
        ...{ ...config.listen, tls, trustProxy, keeper, isHealthy, clock, logger },
        home: (id) => register.get(id),
      }),
      page: new PageServer({ ...config.page, tls, trustProxy, token, report, clock }),
      control: new ControlServer({ dataDir, commands, logger }),
      schedule: new Schedule(
        [{ name: 'retention', cron: '23 * * * *', action: async () => void (await retention.run()) }],
        logger,
      ),
    }))
  } catch (error) {
    await journal.stop()
    throw error
  }
}

function lifecycleOf(channel: AlertChannel, journal: SqliteJournal, receiver: string): Lifecycle {
  return {
    start: async () => channel.start?.(journal.activeAlerts().map((open) => noticeOf(open, receiver))),
    stop: async () => channel.stop?.(),
  }
}

function lanesOf(
  channel: AlertChannel,
  { config }: LoadedWatchConfig,
  edges: { journal: SqliteJournal; clock: Clock; logger: Logger },
): LaneWorker[] {
  const { journal } = edges
  const { contacts, preview } = config.alerts
  const addressOf = (id: string) => {
    const contact = contacts.find((one) => one.id === id)
    return contact ? { ...(contact.address !== undefined && { address: contact.address }) } : null
  }
  const deliverer = new AlertDeliverer({ channel, journal, home: config.receiver, preview, addressOf })
  const own = config.alerts.channels.filter(({ name }) => name === channel.name)
  return alertLanes({ channels: own, contacts }).map(({ lane }) => new LaneWorker({ lane, deliverer, ...edges }))
}
