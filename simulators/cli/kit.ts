import { Command, Option } from 'commander'
import { HomebeatError } from '#gateway/platform/errors.js'
import { VirtualKit } from '#simulators/board/virtual-kit.js'
import { createPatient } from '#simulators/patient/patients.js'
import { withRecord } from '#simulators/patient/recorded.js'
import { type LifetimeOptions, lifetime, printReady, withLifetimeOption } from './lifetime.js'
import { type HostPort, hostPort } from './parse.js'
import { type PatientOptions, withPatientOptions } from './patient-options.js'

interface KitOptions extends PatientOptions, LifetimeOptions {
  readonly tcp?: HostPort
  readonly pty?: true
  readonly jumper: 'ecg' | 'emg'
  readonly followMode?: true
  readonly record?: string
  readonly signal?: string
}

/**
 * `kit`: the virtual kit in real time until SIGINT or SIGTERM. One JSON line on stdout when it is ready:
 * `{"listening":"serial+tcp://127.0.0.1:40123"}` or `{"pty":"/tmp/homebeat-kit-…/ttyKit"}`.
 */
export function kitCommand(): Command {
  const command = new Command('kit')
    .description('the e-Health kit: the real firmware on an emulated Uno, worn by a virtual patient')
    .option('--tcp <host:port>', 'offer its serial port as raw TCP here (default: a free port on loopback)', hostPort)
    .addOption(new Option('--pty', 'offer its serial port as a pseudo-terminal (needs socat)').conflicts('tcp'))
    .addOption(new Option('--jumper <signal>', 'what A0 is').choices(['ecg', 'emg']).default('ecg'))
    .option('--follow-mode', "somebody moves the jumper when the firmware's mode changes")
    .option('--record <file.hea>', 'the ECG of this PhysioNet WFDB record instead, over and over; the rest as scripted')
    .option('--signal <name>', "which of the record's signals (default: the first ECG lead)")
  return withLifetimeOption(withPatientOptions(command)).action(run)
}

async function run(options: KitOptions): Promise<void> {
  // Before anything starts: a signal that comes meanwhile must not leave a socat behind.
  const ended = lifetime(options)
  if (options.signal !== undefined && options.record === undefined) {
    throw new HomebeatError('usage.record', '--signal chooses from a record: name it with --record.')
  }
  const scripted = createPatient({ script: options.script, seed: options.seed })
  const kit = new VirtualKit({
    patient: options.record === undefined ? scripted : await withRecord(scripted, options.record, options.signal),
    port: options.pty ? { pty: true } : { tcp: options.tcp ?? {} },
    jumper: options.jumper,
    followMode: options.followMode ?? false,
    ...(options.start === undefined ? {} : { epochMs: options.start }),
  })
  try {
    await kit.start()
    printReady(options.pty ? { pty: new URL(kit.url).pathname } : { listening: kit.url })
    await ended
  } finally {
    await kit.stop()
  }
}
