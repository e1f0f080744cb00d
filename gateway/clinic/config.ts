/** The schema of clinic.yaml, the configuration of a receiver of check-ins. Annotated example: `clinic.example.yaml`. */
import { dirname, resolve } from 'node:path'
import { z } from 'zod'
import { addressProblems } from '#gateway/alarms/channels/address.js'
import {
  channelAuthorities,
  channelSecrets,
  channelsConfig,
  messageConfig,
  previewConfig,
} from '#gateway/alarms/channels/config.js'
import { dispatchConfig, routingProblems } from '#gateway/alarms/dispatch/config.js'
import { type ConfigFormat, parseYaml, readConfig } from '#gateway/platform/config-file.js'
import { across, type ConfigProblem, differing, listenPort, name } from '#gateway/platform/config-grammar.js'
import { LOG_LEVELS } from '#gateway/platform/logger.js'
import { certificateProblems } from '#gateway/platform/net/certificate.js'
import { proxyConfig } from '#gateway/platform/net/config.js'
import { isLoopback } from '#gateway/platform/net/loopback.js'
import { refuseSecrets, type SecretUse, secretProblems } from '#gateway/platform/secrets/check-secrets.js'

const listener = { host: z.string().min(1).max(253), port: listenPort }

const missingAfterSeconds = z.number().min(1).max(86_400)

const schema = z.strictObject({
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
  homes: differing(
    z
      .array(z.strictObject({ id: name, secretFile: z.string(), missingAfterSeconds: missingAfterSeconds.optional() }))
      .max(1000),
    'id',
  ).default([]),
  /** As in homebeat.yaml. */
  alerts: across(
    dispatchConfig.extend({ channels: channelsConfig, preview: previewConfig, message: messageConfig }),
    routingProblems,
  ),
})

export const clinicSchema = across(schema, crossCheck)

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

/**
 * @param files whether also the files that it names are looked at
 * @throws HomebeatError `config.not-found`, `config.unreadable`, `config.invalid` (a line for each problem)
 */
export function loadClinicConfig(file: string, { files = false } = {}): LoadedClinicConfig {
  const text = readConfig(file, 'copy clinic.example.yaml there and edit it')
  const baseDir = dirname(resolve(file))
  const warnings: string[] = []
  const check = (config: ClinicConfig) => (files ? fileProblems(config, baseDir) : [])
  const config = parseYaml(text, file, { ...FORMAT, check }, (line) => warnings.push(line))
  return { config, baseDir, dataDir: resolve(baseDir, config.dataDir), warnings }
}

const FORMAT = {
  schema: clinicSchema,
  renamed: RENAMED_CLINIC_KEYS,
  standIn: { receiver: 'receiver', alerts: { channels: [{ type: 'terminal' }] } },
} satisfies ConfigFormat<typeof clinicSchema>

/** @param file only for messages. @param warn told once for each key that has another name today. */
export function parseClinicConfig(text: string, file = 'clinic.yaml', warn?: (line: string) => void): ClinicConfig {
  return parseYaml(text, file, FORMAT, warn)
}

function* crossCheck({
  listen,
  page,
  tls,
  allowUnencrypted,
  alerts,
}: z.output<typeof schema>): Iterable<ConfigProblem> {
  for (const [where, { host }] of Object.entries({ listen, page }))
    if (!isLoopback(host) && !tls && !allowUnencrypted)
      yield {
        path: [where, 'host'],
        message: `${host} is open to the network; give tls, or stay on 127.0.0.1 behind a reverse proxy`,
      }
  if (!isLoopback(page.host) && page.tokenFile === undefined)
    yield {
      path: ['page', 'tokenFile'],
      message: `is missing: give one, or stay on 127.0.0.1: ${page.host} is open to the network`,
    }
  if (listen.port !== 0 && listen.port === page.port)
    yield { path: ['page', 'port'], message: 'must not be that of listen' }
  if (alerts.channels.length === 0)
    yield { path: ['alerts', 'channels'], message: 'is missing: give at least one; somebody must hear the alarm' }
}

function fileProblems(config: ClinicConfig, baseDir: string): ConfigProblem[] {
  const { tls, proxy, alerts } = config
  return [
    ...secretProblems(baseDir, secretsOf(config)),
    ...certificateProblems(
      (file) => resolve(baseDir, file),
      [{ path: ['tls'], ...tls }, { path: ['proxy'], caFile: proxy?.caFile }, ...channelAuthorities(alerts.channels)],
    ),
    ...addressProblems(alerts, baseDir),
  ]
}

function secretsOf({ page, proxy, homes, alerts }: ClinicConfig): SecretUse[] {
  const token = 'the password of the page, one line of 32 random characters; you choose it: openssl rand -hex 16'
  const password = 'the password of the proxy, one line, issued by who runs the network'
  return [
    ...(page.tokenFile ? [{ path: ['page', 'tokenFile'], file: page.tokenFile, holds: token }] : []),
    ...(proxy?.passwordFile ? [{ path: ['proxy', 'passwordFile'], file: proxy.passwordFile, holds: password }] : []),
    ...homes.map(({ id, secretFile: file }, i) => ({
      ...{ path: ['homes', i, 'secretFile'], file, form: 'webhook' as const },
      holds: `the secret that ${id} signs its check-ins with; homebeat clinic enrol makes one`,
    })),
    ...channelSecrets(alerts.channels),
  ]
}

/** All secret files that the configuration names, before anything starts. @throws HomebeatError `config.secrets` */
export function checkClinicSecrets({ config, baseDir }: Pick<LoadedClinicConfig, 'config' | 'baseDir'>): void {
  refuseSecrets(secretProblems(baseDir, secretsOf(config)))
}
