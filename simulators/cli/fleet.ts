/** `fleet`: many homes with MQTT devices against any broker, as one process. */

import { Command, InvalidArgumentError } from 'commander'
import { readSecret } from '#gateway/platform/secrets/secret-file.js'
import { Fleet } from '#simulators/devices/fleet.js'
import { type LifetimeOptions, lifetime, printReady, withLifetimeOption } from './lifetime.js'
import { brokerUrl, duration } from './parse.js'
import { type PatientOptions, withPatientOptions } from './patient-options.js'

const MOST_HOMES = 100_000

interface Options extends PatientOptions, LifetimeOptions {
  readonly homes: number
  readonly broker: string
  readonly secret?: string
  readonly prefix: string
  readonly every: number
}

/** Prints `{"homes","devices","start"}` when all have been started, and `{"acknowledged","unacknowledged"}` at the end. */
export function fleetCommand(): Command {
  const command = new Command('fleet')
    .description('many homes, each with a cuff and a glucometer that publish over MQTT, QoS 1')
    .requiredOption('--homes <number>', 'how many', homes)
    .requiredOption('--broker <url>', 'any broker, mqtt://host:port', brokerUrl)
    .option('--secret <file>', 'file (mode 0600) with the password of every device; user name: its device id')
    .option('--prefix <name>', 'device ids are <name>-0001-cuff, <name>-0001-glucometer, …', prefix, 'home')
    .option('--every <duration>', 'time between two measurements of a device', duration, 60_000)
  return withLifetimeOption(withPatientOptions(command)).action(run)
}

async function run(options: Options): Promise<void> {
  const ending = lifetime(options)
  let onRefused: (error: Error) => void = () => {}
  const refused = new Promise<never>((_, reject) => {
    onRefused = reject
  })
  refused.catch(() => {}) // awaited below
  const startAt = options.start ?? Date.now()
  const fleet = new Fleet({
    homes: options.homes,
    broker: options.broker,
    secret: options.secret === undefined ? '' : readSecret(options.secret),
    prefix: options.prefix,
    script: options.script,
    seed: options.seed,
    startAt,
    everyMs: options.every,
    onRefused,
  })
  try {
    await fleet.start()
    printReady({ homes: options.homes, devices: fleet.devices, start: startAt })
    await Promise.race([ending, refused])
  } finally {
    const { acknowledged, unacknowledged } = fleet
    await fleet.stop()
    printReady({ acknowledged, unacknowledged })
  }
}

function homes(text: string): number {
  const count = /^\d{1,6}$/.test(text) ? Number(text) : 0
  if (count < 1 || count > MOST_HOMES) throw new InvalidArgumentError(`give a number from 1 to ${MOST_HOMES}.`)
  return count
}

function prefix(text: string): string {
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,11}$/.test(text)) {
    throw new InvalidArgumentError('give at most 12 letters, digits, dots and hyphens.')
  }
  return text
}
