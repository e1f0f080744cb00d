import { Command } from 'commander'
import { Decoder } from '#gateway/intake/decode/decoder.js'
import { parseSerialUrl } from '#gateway/intake/transports/serial/address.js'
import { openLink } from '#gateway/intake/transports/serial/link.js'
import { SerialTransport } from '#gateway/intake/transports/serial/serial-transport.js'
import { CALIBRATION_CONSTANTS, type CalibrationConstant, type KitCommand } from '#gateway/model/transport.js'
import { systemClock, wait } from '#gateway/platform/clock.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { verb } from './exit.js'

const MAX_VALUE = 65_535
/** The kit sends its constants one by one after its answer; this long without a complete set is a fault. */
const LISTEN_MS = 5000

interface Options {
  readonly nominal?: boolean
  readonly json?: boolean
}

/** `homebeat calibrate serial:///dev/ttyACM0 temp-vref=2985`: shows, and sets, the constants that a kit keeps of its shield. */
export function calibrateCommand(): Command {
  return new Command('calibrate')
    .description('show or set the constants that a kit keeps of its shield (names and units: firmware/PROTOCOL.md)')
    .argument('<url>', 'serial:///dev/ttyACM0 or serial+tcp://host:port; stop the gateway first, the port has one user')
    .argument('[name=value...]', 'constants to set; the kit keeps them when it is switched off')
    .option('--nominal', 'put all constants back to their nominal values first')
    .option('--json', 'print one JSON object')
    .action(verb((url: string, settings: string[], options: Options) => calibrate(url, settings, options)))
}

async function calibrate(url: string, settings: readonly string[], options: Options): Promise<void> {
  const changes = settings.map(parseSetting)
  const kit = new SerialTransport({ name: 'kit', url, logger: silentLogger })
  try {
    // The transport would wait for a cable to be plugged in; a person who waits wants to be told.
    const link = await openLink(parseSerialUrl(url), { clock: systemClock })
    await link.close()
    await kit.start()
    const constants = new Map<string, number>()
    const complete = gather(kit, constants)
    const commands: KitCommand[] = [
      ...(options.nominal ? [{ command: 'resetCalibration' } as const] : []),
      ...changes.map(({ name, value }) => ({ command: 'calibrate', name, value }) as const),
    ]
    for (const command of commands) await kit.send(command)
    constants.clear() // what was said before the changes
    await kit.send({ command: 'readCalibration' })
    await Promise.race([complete, wait(systemClock, LISTEN_MS)])
    if (constants.size < CALIBRATION_CONSTANTS.length) {
      throw new HomebeatError('calibrate.incomplete', 'The kit did not send all of its constants: try again.')
    }
    process.stdout.write(
      options.json
        ? `${JSON.stringify(Object.fromEntries(constants))}\n`
        : [...constants].map(([name, value]) => `${name.padEnd(14)} ${value}\n`).join(''),
    )
  } finally {
    await kit.stop()
  }
}

function parseSetting(text: string): { name: CalibrationConstant; value: number } {
  const [, name = '', digits = ''] = /^([a-z-]{1,20})=(\d{1,5})$/.exec(text) ?? []
  const constant = CALIBRATION_CONSTANTS.find((known) => known === name)
  if (!constant || Number(digits) > MAX_VALUE) {
    throw new HomebeatError(
      'usage.calibration',
      `"${text}" is no setting: give name=value with a whole number up to ${MAX_VALUE}; the names are ${CALIBRATION_CONSTANTS.join(', ')}.`,
    )
  }
  return { name: constant, value: Number(digits) }
}

/** Resolves when every constant has been heard. */
async function gather(kit: SerialTransport, constants: Map<string, number>): Promise<void> {
  const decoder = new Decoder()
  for await (const frame of kit.frames()) {
    for (const event of decoder.decode(frame).events) {
      if (event.type === 'calibration') constants.set(event.name, event.value)
    }
    if (constants.size === CALIBRATION_CONSTANTS.length) return
  }
}
