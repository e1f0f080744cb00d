/** `devices`: the MQTT cuff and glucometer, as one process. */
import { closeSync, constants, openSync, writeSync } from 'node:fs'
import { Command } from 'commander'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { DEVICE_KINDS } from '#simulators/devices/kinds.js'
import { type AcknowledgedMeasurement, MqttDevice } from '#simulators/devices/mqtt-device.js'
import { createPatient } from '#simulators/patient/patients.js'
import { type LifetimeOptions, lifetime, printReady, withLifetimeOption } from './lifetime.js'
import { brokerUrl, duration } from './parse.js'
import { type PatientOptions, withPatientOptions } from './patient-options.js'

interface Options extends PatientOptions, LifetimeOptions {
  readonly broker: string
  readonly cuffSecret?: string
  readonly glucometerSecret?: string
  readonly every: number
  readonly acknowledged?: string
}

export function devicesCommand(): Command {
  const command = new Command('devices')
    .description('a blood-pressure cuff and a glucometer that publish over MQTT, QoS 1')
    .requiredOption('--broker <url>', "the gateway's broker, mqtt://host:port", brokerUrl)
    .option('--cuff-secret <file>', 'file (mode 0600) with the secret of mqtt-cuff; without it there is no cuff')
    .option('--glucometer-secret <file>', 'the same for mqtt-glucometer')
    .option('--every <duration>', 'time between two measurements of a device', duration, 5000)
    .option('--acknowledged <file>', 'append a JSON line for every measurement the gateway has acknowledged')
  return withLifetimeOption(withPatientOptions(command)).action(run)
}

async function run(options: Options): Promise<void> {
  const secrets = { cuff: options.cuffSecret, glucometer: options.glucometerSecret }
  const kinds = (['cuff', 'glucometer'] as const).filter((name) => secrets[name] !== undefined)
  if (kinds.length === 0) {
    throw new HomebeatError('usage.devices', 'There is nothing to do: give --cuff-secret, --glucometer-secret or both.')
  }
  const patient = createPatient(options)
  const startAt = options.start ?? Date.now()
  const log = options.acknowledged === undefined ? null : openLog(options.acknowledged)
  let onRefused: (error: HomebeatError) => void = () => {}
  const refused = new Promise<never>((_, reject) => {
    onRefused = reject
  })
  refused.catch(() => {}) // awaited below
  const devices: MqttDevice[] = []
  try {
    for (const name of kinds) {
      devices.push(
        new MqttDevice({
          kind: DEVICE_KINDS[name],
          broker: options.broker,
          secret: readSecret(secrets[name] as string),
          patient,
          seed: options.seed,
          startAt,
          everyMs: options.every,
          onAcknowledged: (measurement) => log?.append(measurement),
          onRefused: (error) => onRefused(error),
        }),
      )
    }
    const ending = lifetime(options)
    for (const device of devices) await device.start()
    printReady({ devices: kinds.map((name) => DEVICE_KINDS[name].deviceId), start: startAt })
    await Promise.race([ending, refused])
  } finally {
    for (const device of devices) await device.stop()
    log?.close()
  }
}

/** Each line is with the operating system before the next acknowledgement: killing this process loses none. */
function openLog(path: string): { append(measurement: AcknowledgedMeasurement): void; close(): void } {
  try {
    // O_NONBLOCK: a pipe that nobody reads would hold the process for ever.
    const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK } = constants
    const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK, 0o600)
    return {
      append: (measurement) => void writeSync(fd, `${JSON.stringify(measurement)}\n`),
      close: () => closeSync(fd),
    }
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new HomebeatError(
      'usage.acknowledged',
      `Cannot write to ${path} (${code}): give --acknowledged a file in a folder of yours.`,
      {
        cause,
      },
    )
  }
}
