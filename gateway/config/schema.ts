/**
 * The schema of homebeat.yaml, assembled from each room's own `config.ts`.
 * The annotated example is `homebeat.example.yaml`; a test keeps it valid.
 */
import { z } from 'zod'
import { channelsConfig, messageConfig, previewConfig } from '#gateway/alarms/channels/config.js'
import { dispatchConfig } from '#gateway/alarms/dispatch/config.js'
import { linksConfig } from '#gateway/alarms/links/config.js'
import { limitsConfig, settingsConfig } from '#gateway/clinical/settings/config.js'
import { mappingsConfig, unmappedConfig } from '#gateway/intake/mapping/config.js'
import { transportsConfig } from '#gateway/intake/transports/config.js'
import { commitConfig } from '#gateway/journal/config.js'
import { retentionConfig } from '#gateway/journal/retention/config.js'
import { diskConfig, livenessConfig } from '#gateway/liveness/config.js'
import { batchesConfig } from '#gateway/outbound/batches/config.js'
import { chainConfig } from '#gateway/outbound/chain/config.js'
import { fhirConfig, flagAfterMinutes } from '#gateway/outbound/fhir/config.js'
import { lanesConfig } from '#gateway/outbound/lanes/config.js'
import { listenPort, name } from '#gateway/platform/config-grammar.js'
import { LOG_LEVELS } from '#gateway/platform/logger.js'
import { proxyConfig } from '#gateway/platform/net/config.js'
import { clockConfig } from '#gateway/time/config.js'

export const configSchema = z.strictObject({
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
  alerts: dispatchConfig
    .extend({
      channels: channelsConfig,
      preview: previewConfig,
      message: messageConfig,
      links: linksConfig.optional(),
      limits: limitsConfig,
      settings: settingsConfig,
      flagAfterMinutes,
    })
    .prefault({}),
  fhir: fhirConfig,
  batches: batchesConfig,
  retention: retentionConfig,
  disk: diskConfig,
  liveness: livenessConfig,
  lanes: lanesConfig,
  chain: chainConfig,
  console: z
    .strictObject({
      /** Loopback only until the console has logins. */
      host: z.enum(['127.0.0.1', '::1', 'localhost']).default('127.0.0.1'),
      port: listenPort.default(8080),
    })
    .prefault({}),
})

export type Config = z.output<typeof configSchema>

/** Keys of earlier versions: the old name → today's. */
export const RENAMED_KEYS = { heartbeat: 'liveness' } as const
