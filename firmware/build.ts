/**
 * Builds the sketch with Debian's AVR toolchain into an Intel HEX file: `npm run firmware:build`.
 * The same sources and the same toolchain give the same bytes on every machine: no path and no time enters the output.
 */
import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const run = promisify(execFile)

/** The sketch's folder, and the built file that is committed beside it. */
export const sketchFolder = join(packageRoot, 'firmware', 'homebeat')
export const committedHex = join(packageRoot, 'firmware', 'homebeat.hex')

const FLAGS = [
  '-mmcu=atmega328p',
  '-DF_CPU=16000000UL',
  '-std=gnu++11',
  '-Os',
  '-flto',
  '-Wall',
  '-Wextra',
  '-ffunction-sections',
  '-fdata-sections',
  '-fno-exceptions',
  '-fno-threadsafe-statics',
  '-frandom-seed=homebeat',
  '-Wl,--gc-sections',
]

export interface BuiltFirmware {
  /** Path of the Intel HEX file. */
  readonly hex: string
  /** Program and initialised data, bytes of the 32,256 that an Uno's bootloader leaves. */
  readonly flashBytes: number
  /** Statically allocated, bytes of 2,048; the rest is stack. */
  readonly ramBytes: number
}

/**
 * Builds into `outDir/homebeat.hex`.
 * @throws HomebeatError `firmware.toolchain` when the compiler is not installed, `firmware.build` when it refuses.
 */
export async function buildFirmware(outDir: string): Promise<BuiltFirmware> {
  const work = await mkdtemp(join(tmpdir(), 'homebeat-firmware-'))
  try {
    const names = (await readdir(sketchFolder)).sort()
    const sources = names.filter((name) => name.endsWith('.cpp'))
    const elf = join(work, 'homebeat.elf')
    // Relative names, in a fixed order, from the sketch's own folder.
    await tool('avr-g++', [...FLAGS, '-x', 'c++', 'homebeat.ino', '-x', 'none', ...sources, '-o', elf])
    await tool('avr-objcopy', ['-O', 'ihex', '-R', '.eeprom', elf, join(work, 'homebeat.hex')])
    const sizes = sections(await tool('avr-size', ['-A', elf]))
    await mkdir(outDir, { recursive: true })
    const hex = join(outDir, 'homebeat.hex')
    // objcopy ends lines with CR LF; the committed file follows the project's LF.
    await writeFile(hex, (await readFile(join(work, 'homebeat.hex'), 'latin1')).replaceAll('\r\n', '\n'))
    const size = (section: string) => sizes.get(section) ?? 0
    return {
      hex,
      flashBytes: size('.text') + size('.data'),
      ramBytes: size('.data') + size('.bss') + size('.noinit'),
    }
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

function sections(listing: string): Map<string, number> {
  const found = new Map<string, number>()
  for (const line of listing.split('\n')) {
    const match = /^(\.\w+)\s+(\d+)\s/.exec(line)
    if (match) found.set(match[1] as string, Number(match[2]))
  }
  return found
}

async function tool(name: string, args: string[]): Promise<string> {
  try {
    const { stdout } = await run(name, args, { cwd: sketchFolder, env: { ...process.env, LC_ALL: 'C' } })
    return stdout
  } catch (cause) {
    const error = cause as NodeJS.ErrnoException & { stderr?: string }
    if (error.code === 'ENOENT')
      throw new HomebeatError(
        'firmware.toolchain',
        `${name} is not installed: install the Debian packages gcc-avr, binutils-avr and avr-libc (apt install gcc-avr binutils-avr avr-libc).`,
        { cause },
      )
    const first =
      /^.*\b(?:error|undefined reference)\b.*$/m.exec(error.stderr ?? '')?.[0] ?? error.message.split('\n')[0]
    throw new HomebeatError('firmware.build', `The firmware does not build: ${first}`, { cause })
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  try {
    const built = await buildFirmware(join(packageRoot, 'firmware'))
    console.log(`${built.hex}: ${built.flashBytes} bytes of flash, ${built.ramBytes} bytes of static RAM`)
  } catch (error) {
    console.error(error instanceof HomebeatError ? error.message : error)
    process.exitCode = 1
  }
}
