/**
 * The schema of homebeat.yaml, assembled from each room's own `config.ts`.
 * The annotated example is `homebeat.example.yaml`; a test keeps it valid.
 */
import { z } from 'zod'
import { channelsConfig, messageConfig, previewConfig } from '#gateway/alarms/channels/config.js'
import { dispatchConfig, routingProblems } from '#gateway/alarms/dispatch/config.js'
import { linksConfig } from '#gateway/alarms/links/config.js'
import { rehearsalConfig } from '#gateway/alarms/rehearsal/config.js'
import { limitsConfig, settingsConfig } from '#gateway/clinical/settings/config.js'
import { mappingsConfig, unmappedConfig } from '#gateway/intake/mapping/config.js'
import { transportsConfig } from '#gateway/intake/transports/config.js'
import { parseMqttUrl } from '#gateway/intake/transports/mqtt/address.js'
import { schemeOf } from '#gateway/intake/transports/transport-url.js'
import { commitConfig } from '#gateway/journal/config.js'
import { retentionConfig } from '#gateway/journal/retention/config.js'
import { diskConfig, livenessConfig } from '#gateway/liveness/config.js'
import { batchesConfig } from '#gateway/outbound/batches/config.js'
import { chainConfig } from '#gateway/outbound/chain/config.js'
import { fhirConfig, flagAfterMinutes } from '#gateway/outbound/fhir/config.js'
import { lanesConfig } from '#gateway/outbound/lanes/config.js'
import { across, type ConfigProblem, listenPort, name } from '#gateway/platform/config-grammar.js'
import { LOG_LEVELS } from '#gateway/platform/logger.js'
import { proxyConfig } from '#gateway/platform/net/config.js'
import { clockConfig } from '#gateway/time/config.js'

const schema = z.strictObject({
  home: z.strictObject({
    /** Pseudonym of the home. */
    id: name,
    /** Pseudonym of the patient: a random one, never a name or an insurance number. */
    patient: name,
  }),
  dataDir: z.string().default('./homebeat-data'),
  proxy: proxyConfig,
  log: z.strictObject({ level: z.enum(LOG_LEVELS).default('info') }).prefault({}),
  transports: transportsConfig,
  mappings: mappingsConfig,
  unmapped: unmappedConfig,
  clock: clockConfig,
  commit: commitConfig,
  alerts: across(
    dispatchConfig.extend({
      channels: channelsConfig,
      preview: previewConfig,
      message: messageConfig,
      links: linksConfig.optional(),
      rehearsal: rehearsalConfig,
      limits: limitsConfig,
      settings: settingsConfig,
      flagAfterMinutes,
    }),
    routingProblems,
  ).prefault({}),
  fhir: fhirConfig,
  batches: batchesConfig,
  retention: retentionConfig,
  disk: diskConfig,
  liveness: livenessConfig,
  lanes: lanesConfig,
  /** Without one nothing is anchored: batches are signed, and wait for the home to join a chain. */
  chain: chainConfig.optional(),
  console: z
    .strictObject({
      /** Loopback only until the console has logins. */
      host: z.enum(['127.0.0.1', '::1', 'localhost']).default('127.0.0.1'),
      port: listenPort.default(8080),
    })
    .prefault({}),
})

export const configSchema = across(schema, portsTakenTwice)

interface Listener {
  readonly path: readonly PropertyKey[]
  readonly host: string
  readonly port: number
}

/** Two servers of the gateway's own that would listen in one place. */
function* portsTakenTwice({ console, alerts, transports }: z.output<typeof schema>): Iterable<ConfigProblem> {
  const listeners: Listener[] = [
    ...transports.flatMap(({ url }, i) => {
      if (!schemeOf(url).endsWith('+broker')) return []
      const { host, port } = parseMqttUrl(url)
      return [{ path: ['transports', i, 'url'], host, port }]
    }),
    ...(alerts.links ? [{ ...alerts.links, path: ['alerts', 'links', 'port'] }] : []),
    { ...console, path: ['console', 'port'] },
  ]
  const isAny = ({ host }: Listener) => host === '0.0.0.0' || host === '::'
  for (const [i, one] of listeners.entries())
    for (const other of listeners.slice(0, i))
      if (one.port !== 0 && one.port === other.port && (isAny(one) || isAny(other) || one.host === other.host))
        yield { path: one.path, message: `the port ${one.port} is that of ${other.path.join('.')} too` }
}

/** What stands in for a part that must be there and is wrong, so that the rest is checked too. */
export const CONFIG_STAND_IN = {
  home: { id: 'home', patient: 'patient' },
  transports: [{ name: 'kit', url: 'serial:///dev/ttyACM0' }],
} as const

export type Config = z.output<typeof configSchema>

/** Keys of earlier versions: the old name → today's. */
export const RENAMED_KEYS = { heartbeat: 'liveness' } as const
