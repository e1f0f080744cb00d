/** What everything of a home's gateway stands on: its configuration, clocks, keys, journal and chain. */
import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { News2Watch } from '#gateway/clinical/scores/news2-watch.js'
import type { LoadedConfig } from '#gateway/config/load.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import { journalCommands } from '#gateway/journal/journal-commands.js'
import { damageCheck } from '#gateway/journal/salvage/damage-check.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import type { DiskCheckOptions } from '#gateway/liveness/disk-check.js'
import { ChainAgreement } from '#gateway/outbound/chain/chain-agreement.js'
import { ledgerOf } from '#gateway/outbound/chain/ethers-ledger.js'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { configuredLanes } from '#gateway/outbound/lanes/configured-lanes.js'
import { loadOrCreateMasterKey } from '#gateway/outbound/sealing/master-key.js'
import { type Clock, systemClock } from '#gateway/platform/clock.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import type { Logger } from '#gateway/platform/logger.js'
import { reachOf, unusedProxy } from '#gateway/platform/net/reach.js'
import { SteadyClock } from '#gateway/time/steady-clock.js'
import { SystemTimeService, type TimeService } from '#gateway/time/time-service.js'
import type { Part } from './program.js'
import { storageParts } from './storage.js'

/** What a test replaces. */
export interface GatewayDependencies {
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
  readonly statfs?: DiskCheckOptions['statfs']
  /** The journal was found damaged while in use: the gateway must be stopped and composed again, which recovers it. */
  readonly onJournalDamage?: () => void
}

export type Site = Awaited<ReturnType<typeof siteOf>>

/** Makes the data folder and the keys where there are none. The journal stays closed. @throws HomebeatError `data-dir.*`, `gateway-key.*`, `secret.*` */
export async function siteOf({ config, baseDir, dataDir }: LoadedConfig, dependencies: GatewayDependencies) {
  const { logger, clock: machine = systemClock, fetch = globalThis.fetch, onJournalDamage } = dependencies
  const clock = new SteadyClock(machine)
  const reach = reachOf({ proxy: config.proxy, baseDir, fetch })
  const unused = config.proxy ? null : unusedProxy(process.env)
  if (unused !== null) logger.info(unused)
  ensureDataDir(dataDir)
  const signer = await loadOrCreateGatewayKey(join(dataDir, 'keys', 'gateway.key'))
  const masterKey = await loadOrCreateMasterKey(join(dataDir, 'keys', 'master.key'))
  const { maxMessages, maxMebibytes } = config.unmapped
  const journal = journalOf({
    path: join(dataDir, 'journal.db'),
    lanes: configuredLanes(config),
    ...{ clock, logger, commit: config.commit },
    unmapped: { maxMessages, maxBytes: maxMebibytes * 1024 * 1024 },
    ...(onJournalDamage && { onDamage: onJournalDamage }),
  })
  const ledger = config.chain ? ledgerOf(config.chain, reach, baseDir) : null
  return {
    ...{ config, baseDir, dataDir, home: config.home.id, patient: config.home.patient },
    ...{ clock, logger, signer, masterKey, journal },
    /** Null: no chain is configured. */
    ledger,
    agreement: new ChainAgreement({ batches: journal.batches, ledger, signer, clock, logger }),
    /** The one score of this home: the engine feeds it, messages say it. */
    news2: new News2Watch(),
    timeService: dependencies.timeService ?? new SystemTimeService(machine),
    fetch: reach(),
    reach,
    /** What lanes say of their far ends in this run, by key. */
    remarks: new Map<string, string>(),
    stream: dependencies.terminal ?? process.stderr,
    statfs: dependencies.statfs ?? statfs,
    ...(dependencies.serialBinding && { serialBinding: dependencies.serialBinding }),
  }
}

/** The journal is open when the program starts, and is the last that it closes. */
export function siteParts({ config, dataDir, journal, ledger, agreement, clock, logger, statfs }: Site): Part[] {
  return [
    {
      name: 'journal',
      stage: 'open',
      lifecycle: { stop: () => journal.stop() },
      health: damageCheck(journal.damages),
      commands: journalCommands(journal.damages),
    },
    { name: 'chain', stage: 'open', lifecycle: { stop: async () => ledger?.close() } },
    {
      name: 'chain agreement',
      stage: 'outbound',
      lifecycle: agreement,
      health: agreement,
      commands: agreement.commands(),
    },
    ...storageParts({
      ...{ dataDir, journal: journal.retention, scrub: journal.scrub, clock, logger, statfs },
      disk: config.disk,
      retention: config.retention,
    }),
  ]
}
