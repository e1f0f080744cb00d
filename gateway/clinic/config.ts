/** The schema of clinic.yaml, the configuration of a receiver of check-ins. Annotated example: `clinic.example.yaml`. */
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { channelSecrets, channelsConfig, messageConfig, previewConfig } from '#gateway/alarms/channels/config.js'
import { dispatchConfig } from '#gateway/alarms/dispatch/config.js'
import { parseYaml, readConfig } from '#gateway/platform/config-file.js'
import { listenPort, name, usedTwice } from '#gateway/platform/config-grammar.js'
import { LOG_LEVELS } from '#gateway/platform/logger.js'
import { proxyConfig } from '#gateway/platform/net/config.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { checkSecrets } from '#gateway/platform/secrets/check-secrets.js'

const listener = { host: z.string().min(1).max(253), port: listenPort }

const missingAfterSeconds = z.number().min(1).max(86_400)

export const clinicSchema = z.strictObject({
  /** Stands in every alarm, so that people know which receiver speaks. */
  receiver: name,
  dataDir: z.string().default('./watch-data'),
  /** As in homebeat.yaml. */
  proxy: proxyConfig,
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({}),
  /** Where gateways send their check-ins: POST /beat. Also GET /healthz. */
  listen: z.strictObject({ host: listener.host.default('127.0.0.1'), port: listener.port.default(8790) }).prefault({}),
  /** The page for people. A port of its own: a proxy that lets check-ins in does not thereby show the page. */
  page: z
    .strictObject({
      host: listener.host.default('127.0.0.1'),
      port: listener.port.default(8791),
      /** Mode 0600. Without one, only this machine may look. */
      tokenFile: z.string().optional(),
    })
    .prefault({}),
  /** Certificate and key (mode 0600) in PEM, for both. */
  tls: z.strictObject({ certFile: z.string(), keyFile: z.string() }).optional(),
  /** Lets the network speak without encryption: only where a reverse proxy on another machine does TLS. */
  allowUnencrypted: z.boolean().default(false),
  /** Addresses of reverse proxies, whose X-Forwarded-For is believed. */
  trustProxy: z
    .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
    .max(20)
    .default([]),
  /** Of listening in vain, before the alarm. */
  missingAfterSeconds: missingAfterSeconds.default(300),
  /** How long a gateway may say that it does not keep watch. */
  unhealthyMinutes: z.number().min(0).max(1440).default(10),
  /** How long a gateway's clock may be wrong. */
  clockOffMinutes: z.number().min(0).max(1440).default(10),
  /** From enrolling a home to its first check-in, hours. */
  firstCheckInHours: z.number().min(0).max(720).default(24),
  /** Beside those that were enrolled (homebeat clinic enrol). */
  homes: z
    .array(z.strictObject({ id: name, secretFile: z.string(), missingAfterSeconds: missingAfterSeconds.optional() }))
    .max(1000)
    .default([]),
  /** As in homebeat.yaml. */
  alerts: dispatchConfig.extend({ channels: channelsConfig, preview: previewConfig, message: messageConfig }),
})

/** Keys of earlier versions: the old name → today's. */
export const RENAMED_CLINIC_KEYS = { firstBeatHours: 'firstCheckInHours' } as const

export type ClinicConfig = z.output<typeof clinicSchema>

export interface LoadedClinicConfig {
  readonly config: ClinicConfig
  /** Folder of the file: relative paths in it start here. */
  readonly baseDir: string
  readonly dataDir: string
  /** A line for each key that has another name today; said once, at start. */
  readonly warnings?: readonly string[]
}

/** @throws HomebeatError `config.not-found`, `config.unreadable`, `config.invalid` (a line for each problem) */
export function loadClinicConfig(file: string): LoadedClinicConfig {
  const warnings: string[] = []
  const config = parseClinicConfig(readConfig(file, 'clinic.example.yaml'), file, (line) => warnings.push(line))
  const baseDir = dirname(resolve(file))
  return { config, baseDir, dataDir: resolve(baseDir, config.dataDir), warnings }
}

/** @param file only for messages. @param warn told once for each key that has another name today. */
export function parseClinicConfig(text: string, file = 'clinic.yaml', warn?: (line: string) => void): ClinicConfig {
  return parseYaml(text, file, { schema: clinicSchema, renamed: RENAMED_CLINIC_KEYS, check: crossCheck }, warn)
}

function crossCheck({ listen, page, tls, allowUnencrypted, homes, alerts }: ClinicConfig): string[] {
  const problems: string[] = []
  for (const [where, { host }] of Object.entries({ listen, page })) {
    if (!isLoopback(host) && !tls && !allowUnencrypted)
      problems.push(
        `${where}.host: ${host} is open to the network; give tls, or stay on 127.0.0.1 behind a reverse proxy`,
      )
  }
  if (!isLoopback(page.host) && page.tokenFile === undefined)
    problems.push(`page.tokenFile: give one, or stay on 127.0.0.1: ${page.host} is open to the network`)
  if (listen.port !== 0 && listen.port === page.port) problems.push('page.port: must not be that of listen')
  for (const id of usedTwice(homes.map((home) => home.id))) problems.push(`homes: the name "${id}" is used twice`)
  if (alerts.channels.length === 0) problems.push('alerts.channels: give at least one: somebody must hear the alarm')
  return problems
}

/** All secret files that the configuration names, before anything starts. @throws HomebeatError `config.secrets` */
export function checkClinicSecrets({ config, baseDir }: Pick<LoadedClinicConfig, 'config' | 'baseDir'>): void {
  checkSecrets(baseDir, [
    config.page.tokenFile,
    config.tls?.keyFile,
    ...config.homes.map(({ secretFile }) => secretFile),
    ...channelSecrets(config.alerts.channels),
  ])
}
