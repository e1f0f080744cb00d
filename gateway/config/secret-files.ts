import { channelSecrets } from '#gateway/alarms/channels/config.js'
import { checkSecrets } from '#gateway/platform/secrets/check-secrets.js'
import type { LoadedConfig } from './load.js'

/** Every secret file that the configuration names. @throws HomebeatError `config.secrets`, a line for each problem */
export function checkSecretFiles({ config, baseDir }: Pick<LoadedConfig, 'config' | 'baseDir'>): void {
  checkSecrets(baseDir, [
    ...config.transports.flatMap(({ passwordFile, tls, devices }) => [
      passwordFile,
      tls?.keyFile,
      ...devices.map((d) => d.secretFile),
    ]),
    config.proxy?.passwordFile,
    ...channelSecrets(config.alerts.channels),
    ...config.fhir.targets.map(({ tokenFile }) => tokenFile),
    ...config.liveness.targets.map(({ secretFile }) => secretFile),
  ])
}
