/** Every secret file that the configuration names is looked at before anything starts: all problems at once. */
import { resolve } from 'node:path'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import type { LoadedConfig } from './load.js'
import type { ChannelConfig } from './schema.js'

/** @throws HomebeatError `config.secrets`, a line for each file that is missing, empty or open to other users */
export function checkSecretFiles({ config, baseDir }: Pick<LoadedConfig, 'config' | 'baseDir'>): void {
  checkSecrets(baseDir, [
    ...config.transports.flatMap(({ passwordFile, tls, devices }) => [
      passwordFile,
      tls?.keyFile,
      ...devices.map((d) => d.secretFile),
    ]),
    ...channelSecrets(config.alerts.channels),
    ...config.fhir.targets.map(({ tokenFile }) => tokenFile),
    ...config.heartbeat.targets.map(({ secretFile }) => secretFile),
  ])
}

export function channelSecrets(channels: readonly ChannelConfig[]): (string | undefined)[] {
  return channels.flatMap((channel) => [
    'tokenFile' in channel ? channel.tokenFile : undefined,
    'secretFile' in channel ? channel.secretFile : undefined,
    'passwordFile' in channel ? channel.passwordFile : undefined,
  ])
}

/** @throws HomebeatError `config.secrets` */
export function checkSecrets(baseDir: string, files: readonly (string | undefined)[]): void {
  const problems = [...new Set(files)].flatMap((file) => {
    if (file === undefined) return []
    try {
      readSecret(resolve(baseDir, file))
      return []
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)]
    }
  })
  if (problems.length > 0) throw new HomebeatError('config.secrets', problems.join('\n'))
}
