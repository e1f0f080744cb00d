import { type SpawnOptions, spawn } from 'node:child_process'
import { access, constants, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { ReadlineParser } from '@serialport/parser-readline'
import { Command } from 'commander'
import { explainPortError } from '#gateway/intake/transports/serial/port-errors.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { verb } from './exit.js'

/** What an Uno's bootloader speaks. */
const UNO = ['-p', 'm328p', '-c', 'arduino', '-b', '115200'] as const
const FIRMWARE = () => join(packageRoot, 'firmware', 'homebeat.hex')
/** avrdude's last lines, kept for the one line of an error. */
const KEPT = 100

/** `homebeat flash /dev/ttyACM0`: writes the committed firmware into an Arduino Uno with avrdude, and reads it back. */
export function flashCommand(): Command {
  return new Command('flash')
    .description("write the kit's firmware into an Arduino Uno (needs avrdude)")
    .argument('<port>', "the Uno's serial port, e.g. /dev/ttyACM0")
    .option('--dry-run', 'say what would be run, and touch nothing')
    .action(verb((port: string, options: { dryRun?: boolean }) => flash(port, options.dryRun ?? false)))
}

async function flash(port: string, dryRun: boolean): Promise<void> {
  const hex = FIRMWARE()
  await access(hex, constants.R_OK).catch((cause: unknown) => {
    throw new HomebeatError('flash.no-firmware', `The firmware ${hex} cannot be read: run npm run firmware:build.`, {
      cause,
    })
  })
  const args = [...UNO, '-P', port, '-D', '-U', `flash:w:${hex}:i`]
  if (dryRun) {
    process.stdout.write(`avrdude ${args.map(quoted).join(' ')}\n`)
    return
  }
  await mustBePort(port)
  const { code, said } = await run('avrdude', args)
  if (code !== 0) throw explain(port, said)
  process.stdout.write(`The firmware is on the kit at ${port}.\n`)
}

async function mustBePort(port: string): Promise<void> {
  let is: Awaited<ReturnType<typeof stat>>
  try {
    is = await stat(port)
    await access(port, constants.R_OK | constants.W_OK)
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    if (code === 'ENOENT')
      throw new HomebeatError(
        'flash.no-port',
        `There is no ${port}: is the kit plugged in? Try ls /dev/ttyACM* /dev/ttyUSB*.`,
        {
          cause,
        },
      )
    throw explainPortError(cause, port)
  }
  if (!is.isCharacterDevice())
    throw new HomebeatError(
      'flash.no-port',
      `${port} is not a serial port: give the one of the Uno, e.g. /dev/ttyACM0.`,
    )
}

function run(program: string, args: readonly string[]): Promise<{ code: number; said: string }> {
  return new Promise((resolve, reject) => {
    const options: SpawnOptions = { stdio: ['ignore', 'pipe', 'pipe'] }
    const child = spawn(program, [...args], options)
    const said: string[] = []
    const hear = (stream: Readable | null) => {
      const lines = new ReadlineParser({ encoding: 'latin1', readableObjectMode: true })
      lines.on('data', (line: string) => {
        said.push(line)
        if (said.length > KEPT) said.shift()
      })
      stream?.pipe(lines)
      return stream ? finished(lines) : Promise.resolve()
    }
    const heard = Promise.all([hear(child.stdout), hear(child.stderr)])
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(
        cause.code === 'ENOENT'
          ? new HomebeatError('flash.no-avrdude', 'avrdude is not installed: apt install avrdude.', { cause })
          : new HomebeatError('flash.avrdude', `avrdude cannot be run: ${cause.message}.`, { cause }),
      ),
    )
    child.once('close', (code) => heard.then(() => resolve({ code: code ?? 1, said: said.join('\n') }), reject))
  })
}

/** One line out of avrdude's many. */
function explain(port: string, said: string): HomebeatError {
  if (/busy|temporarily unavailable|cannot lock/i.test(said))
    return new HomebeatError(
      'flash.busy',
      `${port} is in use: stop the gateway or the serial monitor that has it open.`,
    )
  if (/permission denied/i.test(said)) return explainPortError(new Error('Permission denied'), port)
  if (/no such file|can't open device/i.test(said))
    return new HomebeatError(
      'flash.no-port',
      `There is no ${port}: is the kit plugged in? Try ls /dev/ttyACM* /dev/ttyUSB*.`,
    )
  if (/not in sync|not responding|timeout/i.test(said))
    return new HomebeatError(
      'flash.no-answer',
      `No Arduino Uno answers at ${port}: is it the right port, and are the cuff and the glucometer unplugged?`,
    )
  if (/verification error|verification mismatch/i.test(said))
    return new HomebeatError(
      'flash.not-verified',
      `What was written to ${port} reads back differently: flash it again.`,
    )
  const last =
    said
      .trim()
      .split(/[\r\n]+/)
      .findLast((line) => /error/i.test(line)) ??
    said
      .trim()
      .split(/[\r\n]+/)
      .at(-1)
  return new HomebeatError('flash.avrdude', `avrdude failed on ${port}: ${last?.trim() || 'it said nothing'}`)
}

const quoted = (word: string) => (/^[\w./:=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)
