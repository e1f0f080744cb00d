import { resolve } from 'node:path'
import { Command } from 'commander'
import { type LoadedConfig, loadConfig } from '#gateway/config/load.js'
import type { ListedDevice } from '#gateway/intake/transports/mqtt/device-commands.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { brokerIdentity, fingerprintOf, readCertificate } from '#gateway/platform/net/certificate.js'
import { timeOfDay } from '#gateway/wording/times.js'
import { verb } from './exit.js'
import { CONFIG_OPTION, upTo } from './options.js'
import { printJson } from './text.js'

interface Options {
  readonly config: string
  readonly json?: boolean
}

/** `homebeat device list|add|enrol|revoke|ca`: who may connect to the gateway's own MQTT broker. */
export function deviceCommand(): Command {
  const own = (name: string, description: string) =>
    new Command(name).description(description).addOption(CONFIG_OPTION()).option('--json', 'print one JSON object')
  return new Command('device')
    .description("the devices that may connect to the gateway's own MQTT broker (docs/mqtt.md)")
    .addCommand(own('list', 'the devices that may connect').action(verb(list)))
    .addCommand(
      own('enrol', 'print a one-time code, by which the device fetches its credential')
        .argument('<id>', 'the device: 1 to 32 lower-case letters, digits and hyphens')
        .option('--minutes <n>', 'how long the code is good, at most 1440', upTo(1440), 15)
        .action(verb(enrol)),
    )
    .addCommand(
      own('add', 'print a new credential, for a device that cannot enrol by itself')
        .argument('<id>', 'the device')
        .action(verb(add)),
    )
    .addCommand(
      own('revoke', 'take the credential away and end the connection')
        .argument('<id>', 'the device')
        .action(verb(revoke)),
    )
    .addCommand(own('ca', "print the broker's certificate and its fingerprint, for devices to pin").action(verb(ca)))
}

async function list({ config, json }: Options): Promise<void> {
  const devices = await callGateway<ListedDevice[]>(loadConfig(config).dataDir, 'device.list')
  if (json) return printJson(devices)
  const words = (device: ListedDevice) =>
    [
      device.state === 'configured' ? 'secret file in the configuration' : device.state.replace('-', ' '),
      ...(device.codeExpiresAt === null ? [] : [`a code is good until ${timeOfDay(device.codeExpiresAt)}`]),
    ].join('; ')
  process.stdout.write(devices.map((device) => `${device.id.padEnd(32)} ${words(device)}\n`).join('') || 'no devices\n')
}

async function enrol(id: string, { config, json, minutes }: Options & { minutes: number }): Promise<void> {
  const loaded = loadConfig(config)
  const answer = await callGateway<{ code: string; expiresAt: number }>(loaded.dataDir, 'device.enrol', { id, minutes })
  if (json) return printJson(answer)
  process.stdout.write(
    `${answer.code}\n\nGood for one device until ${timeOfDay(answer.expiresAt)}. On the device: client id and user ${id}, password this code;\nsubscribe with QoS 1 to homebeat/v1/${id}/enrolment, keep the credential that comes, and connect again with it.\n`,
  )
}

async function add(id: string, { config, json }: Options): Promise<void> {
  const answer = await callGateway<{ credential: string }>(loadConfig(config).dataDir, 'device.add', { id })
  if (json) return printJson(answer)
  process.stdout.write(`${answer.credential}\n`)
}

async function revoke(id: string, { config, json }: Options): Promise<void> {
  const answer = await callGateway(loadConfig(config).dataDir, 'device.revoke', { id })
  if (json) return printJson(answer)
  process.stdout.write(`${id} may not connect any more\n`)
}

async function ca({ config, json }: Options): Promise<void> {
  const certificate = await certificateOf(loadConfig(config))
  const fingerprint = fingerprintOf(certificate)
  if (json) return printJson({ certificate, fingerprint })
  process.stdout.write(`${certificate.trimEnd()}\nSHA-256 fingerprint: ${fingerprint}\n`)
}

async function certificateOf({ config, baseDir, dataDir }: LoadedConfig): Promise<string> {
  const transport = config.transports.find(({ url }) => url.startsWith('mqtts+broker:'))
  if (!transport)
    throw new HomebeatError('config.no-tls', 'No transport is a broker with TLS: add one with an mqtts+broker:// URL.')
  const { certFile } = transport.tls ?? {}
  if (certFile !== undefined) return readCertificate(resolve(baseDir, certFile))
  ensureDataDir(dataDir)
  return (await brokerIdentity(undefined, baseDir, dataDir)).cert
}
