import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Command } from 'commander'
import { firstConfig } from '#gateway/config/first-config.js'
import { loadConfig, parseConfig } from '#gateway/config/load.js'
import { nativeBinding } from '#gateway/intake/transports/serial/native-binding.js'
import { listPorts, portUrl } from '#gateway/intake/transports/serial/ports.js'
import { loadOrCreateGatewayKey } from '#gateway/outbound/chain/gateway-key.js'
import { loadOrCreateMasterKey } from '#gateway/outbound/sealing/master-key.js'
import { ensureDataDir, makeFolder } from '#gateway/platform/data-dir.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { printable } from '#gateway/platform/printable.js'
import { verb } from './exit.js'
import { upTo } from './options.js'

interface InitOptions {
  readonly dir: string
  readonly kit?: string
  readonly home?: string
  readonly patient?: string
  readonly consolePort: number
  readonly nonInteractive?: boolean
}

const USUAL_KIT = 'serial:///dev/ttyACM0'

/** `homebeat init`: a configuration that runs, and keys, for a home that knows no FHIR server, clinic and chain yet. */
export function initCommand(): Command {
  return new Command('init')
    .description('begin a home: writes homebeat.yaml and makes its keys; overwrites nothing')
    .option('--dir <folder>', 'where', '.')
    .option('--kit <url>', 'the kit, as homebeat serial list shows it; asked for where it is left out')
    .option('--home <id>', 'pseudonym of the home; random where it is left out')
    .option('--patient <id>', 'pseudonym of the patient, never a name; random where it is left out')
    .option('--console-port <n>', 'of the page', upTo(65535), 8080)
    .option('--non-interactive', 'ask nothing')
    .action(verb(init))
}

async function init(options: InitOptions): Promise<void> {
  const { dir, home = pseudonym('home', 2), patient = pseudonym('p', 8), consolePort } = options
  const file = join(resolve(dir), 'homebeat.yaml')
  const kit = options.kit ?? (await askForKit(options.nonInteractive === true || !process.stdin.isTTY))
  const example = readFileSync(join(packageRoot, 'homebeat.example.yaml'), 'utf8')
  const text = firstConfig(example, { home, patient, kit, consolePort })
  // What was asked for is looked at before anything is written.
  parseConfig(text, file)
  writeNew(file, text)
  const { dataDir } = loadConfig(file, { files: true })
  ensureDataDir(dataDir)
  const { address } = await loadOrCreateGatewayKey(join(dataDir, 'keys', 'gateway.key'))
  await loadOrCreateMasterKey(join(dataDir, 'keys', 'master.key'))
  process.stdout.write(nextSteps(printable(file), printable(join(dataDir, 'keys')), address, consolePort))
}

const pseudonym = (what: string, bytes: number) => `${what}-${randomBytes(bytes).toString('hex')}`

/** The kit that is plugged in, where exactly one USB device is; a person at a terminal has the last word. */
async function askForKit(isUnattended: boolean): Promise<string> {
  const ports = await listPorts(await nativeBinding()).catch(() => [])
  const [first, second] = ports.filter(({ usb }) => usb !== null)
  const found = first && !second ? portUrl(first) : USUAL_KIT
  if (isUnattended) return found
  const lines = createInterface({ input: process.stdin, output: process.stdout })
  try {
    return (await lines.question(`Where is the kit? (homebeat serial list; Enter: ${found}) `)).trim() || found
  } finally {
    lines.close()
  }
}

/** @throws HomebeatError `config.exists`, `config.not-written` */
function writeNew(file: string, text: string): void {
  try {
    makeFolder(dirname(file))
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw code === 'EEXIST'
      ? new HomebeatError(
          'config.exists',
          `${file} is there already and stays as it is: name another folder with --dir.`,
        )
      : new HomebeatError(
          'config.not-written',
          `${file} cannot be written (${code}): name another folder with --dir.`,
          {
            cause,
          },
        )
  }
}

const nextSteps = (file: string, keys: string, address: string, port: number) => `Written: ${file}
Made:    ${keys} (mode 0600; keep a copy in a safe place: without it nothing sealed can be opened)
The gateway's address, which a consortium enrols: ${address}

Next:
  homebeat start -c ${file}
  homebeat status -c ${file}    and the page on http://127.0.0.1:${port}

Until you say so in that file
  - nobody is told of alerts but who looks at the gateway's terminal or page (alerts.channels, alerts.contacts);
  - no doctor's server gets the readings (fhir), and nothing proves them to others (chain);
  - nobody notices when this gateway falls silent (liveness).
homebeat start --check -c ${file} says what is wrong with a change. Without a kit: homebeat simulate kit --pty
prints the path of a virtual one: --kit serial://<path>.
`
