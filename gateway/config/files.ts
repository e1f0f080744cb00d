/** What the files that a configuration names hold: secrets, certificates, mappings. */
import { resolve } from 'node:path'
import { addressProblems } from '#gateway/alarms/channels/address.js'
import { channelAuthorities, channelSecrets } from '#gateway/alarms/channels/config.js'
import { mappingProblems } from '#gateway/intake/mapping/load.js'
import type { ConfigProblem } from '#gateway/platform/config-grammar.js'
import { certificateProblems } from '#gateway/platform/net/certificate.js'
import { refuseSecrets, type SecretUse, secretProblems } from '#gateway/platform/secrets/check-secrets.js'
import type { LoadedConfig } from './load.js'
import type { Config } from './schema.js'

/** @returns a problem each, or, of a mapping file, a whole line */
export function fileProblems(config: Config, baseDir: string): (ConfigProblem | string)[] {
  const { transports, alerts, mappings, chain, proxy, fhir } = config
  return [
    ...secretProblems(baseDir, secretsOf(config)),
    ...certificateProblems(
      (file) => resolve(baseDir, file),
      [
        ...transports.map(({ tls }, i) => ({ path: ['transports', i, 'tls'], ...tls })),
        { path: ['alerts', 'links', 'tls'], ...alerts.links?.tls },
        { path: ['proxy'], caFile: proxy?.caFile },
        { path: ['chain'], caFile: chain?.caFile },
        ...fhir.targets.map(({ caFile }, i) => ({ path: ['fhir', 'targets', i], caFile })),
        ...channelAuthorities(alerts.channels),
      ],
    ),
    ...addressProblems(alerts, baseDir),
    ...mappingProblems(mappings, baseDir),
  ]
}

function secretsOf({ transports, alerts, proxy, fhir, liveness }: Config): SecretUse[] {
  const use = (path: PropertyKey[], file: string | undefined, holds: string, form?: SecretUse['form']): SecretUse[] =>
    file === undefined ? [] : [{ path, file, holds, ...(form && { form }) }]
  return [
    ...transports.flatMap(({ passwordFile, devices, name }, i) => [
      ...use(
        ['transports', i, 'passwordFile'],
        passwordFile,
        `the password of the MQTT broker of ${name}, one line, issued by who runs that broker`,
      ),
      ...devices.flatMap(({ id, secretFile }, j) =>
        use(
          ['transports', i, 'devices', j, 'secretFile'],
          secretFile,
          `the password that the MQTT device ${id} logs in with, one line; you choose it and set it on the device, or use homebeat device enrol ${id}`,
        ),
      ),
    ]),
    ...use(
      ['proxy', 'passwordFile'],
      proxy?.passwordFile,
      'the password of the proxy, one line, issued by who runs the network',
    ),
    ...channelSecrets(alerts.channels),
    ...fhir.targets.flatMap(({ name, tokenFile }, i) =>
      use(
        ['fhir', 'targets', i, 'tokenFile'],
        tokenFile,
        `the bearer token of the FHIR server ${name}, one line, issued by its administrator`,
      ),
    ),
    ...liveness.targets.flatMap(({ name, secretFile }, i) =>
      use(
        ['liveness', 'targets', i, 'secretFile'],
        secretFile,
        `the line that begins with whsec_ and that homebeat clinic enrol printed at the clinic ${name}`,
        'webhook',
      ),
    ),
  ]
}

/** Every secret file that the configuration names. @throws HomebeatError `config.secrets`, a line for each problem */
export function checkSecretFiles({ config, baseDir }: Pick<LoadedConfig, 'config' | 'baseDir'>): void {
  refuseSecrets(secretProblems(baseDir, secretsOf(config)))
}
