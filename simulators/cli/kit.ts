import { Command, InvalidArgumentError, Option } from 'commander'
import { HomebeatError } from '#gateway/runtime/errors.js'
import { VirtualKit } from '#simulators/board/virtual-kit.js'
import { createPatient } from '#simulators/patient/patients.js'

interface KitOptions {
  readonly tcp?: { readonly host: string; readonly port: number }
  readonly pty?: true
  readonly script: string
  readonly seed: number
  readonly start?: number
  readonly jumper: 'ecg' | 'emg'
  readonly followMode?: true
}

/**
 * `kit`: the virtual kit in real time until SIGINT or SIGTERM. One JSON line on stdout when it is ready:
 * `{"listening":"serial+tcp://127.0.0.1:40123"}` or `{"pty":"/tmp/homebeat-kit-…/ttyKit"}`.
 */
export function kitCommand(): Command {
  return new Command('kit')
    .description('run the virtual kit: the real firmware on an emulated board, wired to a virtual patient')
    .option('--tcp <host:port>', 'offer the serial port as raw TCP here; port 0 takes a free one', address)
    .addOption(new Option('--pty', 'offer the serial port as a pseudo-terminal (needs socat)').conflicts('tcp'))
    .option('--script <name>', "the patient's script", 'worsening')
    .option('--seed <n>', "the patient's seed", wholeNumber, 1)
    .option('--start <epochMs>', "wall time of the patient's t = 0, to share one body between processes", wholeNumber)
    .addOption(new Option('--jumper <signal>', 'what A0 is').choices(['ecg', 'emg']).default('ecg'))
    .option('--follow-mode', "move the jumper when the firmware's mode changes")
    .action(run)
}

async function run(options: KitOptions): Promise<void> {
  const kit = new VirtualKit({
    patient: createPatient({ script: options.script, seed: options.seed }),
    port: options.pty ? { pty: true } : { tcp: options.tcp ?? { host: '127.0.0.1', port: 0 } },
    jumper: options.jumper,
    followMode: options.followMode ?? false,
    ...(options.start === undefined ? {} : { epochMs: options.start }),
  })
  // Signals first: one that comes while the kit starts must not leave a socat behind.
  const ended = new Promise<void>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve())
  })
  const alive = setInterval(() => {}, 60_000)
  try {
    await kit.start()
    const ready = options.pty ? { pty: new URL(kit.url).pathname } : { listening: kit.url }
    process.stdout.write(`${JSON.stringify(ready)}\n`)
    await ended
  } catch (error) {
    if (!(error instanceof HomebeatError)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  } finally {
    clearInterval(alive)
    await kit.stop()
  }
}

function address(text: string): { host: string; port: number } {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:]*)):(\d{1,5})$/.exec(text)
  const port = Number(match?.[3])
  if (!match || port > 65535) throw new InvalidArgumentError('Give host:port, for example 127.0.0.1:7000.')
  return { host: match[1] ?? (match[2] || '127.0.0.1'), port }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('Give a whole number.')
  return Number(text)
}
