/**
 * Calls every verb of commander's own tree with hostile arguments, in this process, and judges how each ends. It is a program
 * of its own, so that a verb which hangs is ended from outside. Lines on standard output: `begin` with the arguments before
 * each call, at the end what was wrong and which verbs were called.
 */
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Command, Option } from 'commander'
import { stringify } from 'yaml'
import { composeReceiver } from '#gateway/compose/clinic.js'
import { composeGateway } from '#gateway/compose/gateway.js'
import { loadConfig } from '#gateway/config/load.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import { recordOf } from '#gateway/proofs/record.js'
import { EXIT } from '#gateway/surfaces/cli/exit.js'
import type { Programs } from '#gateway/surfaces/cli/programs.js'
import { programOf, runVerb } from '#gateway/surfaces/cli/verbs.js'
import { runProgram, VERBS } from '#simulators/cli/program.js'
import { TestClinic } from '#test/gateway/clinic/clinic.js'
import { Home } from '#test/gateway/outbound/batches/home.js'
import { TestHome } from '#test/support/home.js'

/** Of one call, ms. What runs until it is told to end is told so before. */
const PATIENCE_MS = 10_000
const ENDED_AFTER_MS = 100
const HUGE = 100_000

type Run = (args: readonly string[]) => Promise<void>

interface Leaf {
  readonly path: readonly string[]
  readonly command: Command
  readonly run: Run
}

const write = process.stdout.write.bind(process.stdout)
const tell = (line: object) => write(`${JSON.stringify(line)}\n`)
let failures = 0
const called = new Set<string>()
let calls = 0

// ---- what a call says, and how it ends

let out = ''
let err = ''
const taking =
  (take: (text: string) => void): typeof process.stdout.write =>
  (text: unknown, ...more: unknown[]) => {
    take(String(text))
    const done = more.at(-1)
    if (typeof done === 'function') done()
    return true
  }
process.stdout.write = taking((text) => {
  out += text
})
process.stderr.write = taking((text) => {
  err += text
})
// Only a program that does not end by itself is ended so.
const exit = process.exit.bind(process)
process.exit = (() => {}) as never
process.on('uncaughtException', (error) => {
  err += `uncaught: ${error.stack}`
})

async function call(run: Run, args: readonly string[]): Promise<{ code: unknown; out: string; err: string }> {
  out = ''
  err = ''
  process.exitCode = undefined
  tell({ begin: args.map(shown), at: performance.now() })
  calls++
  const end = setTimeout(() => process.emit('SIGTERM', 'SIGTERM'), ENDED_AFTER_MS)
  let late: NodeJS.Timeout | undefined
  const patience = new Promise<string>((resolve) => {
    late = setTimeout(resolve, PATIENCE_MS, 'does not end')
  })
  const ended = run(args).then(
    () => process.exitCode ?? 0,
    (error: Error) => `throws ${error.stack}`,
  )
  const code = await Promise.race([ended, patience])
  clearTimeout(end)
  clearTimeout(late)
  for (const signal of ['SIGINT', 'SIGTERM']) process.removeAllListeners(signal)
  return { code, out, err }
}

const shown = (text: string) => (text.length > 60 ? `${text.slice(0, 60)}…` : text)

/** Words that people are not told. The name of a type, or of a schema's complaint, says nothing of what to do. */
const UNSAID = [
  /\n\s+at /,
  /node:internal/,
  /zod/i,
  /\[object/,
  /\bundefined\b/,
  /Invalid input|Unrecognized key|Too (?:small|big)|expected \w+, received/,
  /unexpected:/,
  /\b(?:Type|Syntax|Range|Reference)Error\b/,
]

/** @param listing a configuration's problems are all told, a line for each */
async function judge(leaf: Leaf, args: readonly string[], listing = false): Promise<void> {
  const all = [...leaf.path, ...args]
  called.add(leaf.path.join(' '))
  const { code, out: said, err: complained } = await call(leaf.run, all)
  // What `init` writes here would be the configuration of every other verb that is given none.
  if (leaf.path[0] === 'init') rmSync('homebeat.yaml', { force: true })
  const bad = (what: string) => {
    failures++
    const words = all.map((word) => JSON.stringify(shown(word))).join(' ')
    tell({ wrong: `${words}: ${what}\n    ${complained.slice(0, 400)}` })
  }
  if (!Object.values(EXIT).includes(code as never)) return void bad(`exit code ${code}`)
  const lines = complained.trim().split('\n')
  if (code !== EXIT.ok && complained.trim() === '' && said.trim() === '') bad(`exit code ${code}, and no word of why`)
  // A verb that only has verbs below it lists them.
  if (lines.length > (listing ? 41 : 3) && !/^Usage: /.test(complained)) bad(`${lines.length} lines`)
  if (lines.some((line) => line.length > 700)) bad('a line that nobody reads')
  for (const word of UNSAID) if (word.test(complained)) bad(`says ${word}`)
  if (/[^\P{C}\n]/u.test(complained)) bad('passes control characters on')
  if (/[^\P{C}\n\t]/u.test(said)) bad('passes control characters on, on standard output')
  if (code === EXIT.failed && /^error:/.test(complained)) bad('wrong use is exit code 2')
}

// ---- what is hostile

const TEXTS = [
  ...[
    '',
    ' ',
    '\0',
    'a\nb',
    '\x1b[2J\x07\x9b31m',
    '\u202e\u200fabc',
    '👩‍👩‍👧 ok',
    '\ud800',
    'x'.repeat(HUGE),
    '__proto__',
  ],
  ...['-1', '0', 'NaN', 'Infinity', '1e999', '99999999999999999999', '0x10', '2026-13-45', '25:61'],
  ...['javascript:alert(1)', 'file:///etc/passwd', 'http://[::1', 'mqtt://', 'serial://'],
]
/** An account address with one letter in the wrong case (EIP-55). */
const WRONG_CHECKSUM = '0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD'

/** Enough where the far side of a socket judges. */
const FEW_TEXTS = ['', '\0', '\x1b[2J', '\ud800', 'x'.repeat(HUGE), '-1', '1e999', '__proto__', '2026-13-45']

function pathsIn(folder: string): string[] {
  return [
    ...['missing/file', '.', 'fifo', 'binary', 'closed', 'loop'].map((name) => join(folder, name)),
    ...['/dev/zero', '/dev/full', '/dev/null', '/proc/hostile/x'],
  ]
}

function layPaths(folder: string): void {
  writeFileSync(join(folder, 'binary'), Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 151) & 255)))
  writeFileSync(join(folder, 'closed'), 'closed', { mode: 0 })
  symlinkSync(join(folder, 'loop'), join(folder, 'loop'))
}

/** Configurations that are none, by name. */
function configsIn(folder: string): string[] {
  const files: Record<string, string | Buffer> = {
    empty: '',
    yaml: 'home: {{{',
    list: '- a\n- b',
    text: 'just text',
    keys: Array.from({ length: 300 }, (_, i) => `"k\\e[31m${i}": 1`).join('\n'),
    errors: Array.from({ length: 100 }, (_, i) => `k${i}: "\\q"`).join('\n'),
    deep: '['.repeat(1000),
    bomb: 'a: &a [1]\nb: *a',
    proto: '__proto__: { x: 1 }\nhome: null',
    large: `# ${'x'.repeat(300 * 1024)}`,
    types:
      'home: 7\ndataDir: []\nchain: x\nalerts: 1\nreceiver: {}\nlisten: []\npage: 1\nhomes: {a: 1}\ntransports: [1, {}, {name: 1, url: 2}]',
  }
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, `${name}.yaml`), content)
  return Object.keys(files).map((name) => join(folder, `${name}.yaml`))
}

// ---- what a verb would take

const PLAUSIBLE: Readonly<Record<string, string>> = {
  record: 'record.json',
  port: '/dev/ttyHOSTILE0',
  url: 'serial:///dev/ttyHOSTILE0',
  condition: 'low-glucose',
  device: 'cuff',
  home: 'home-x1',
}
const CANDIDATES = ['1', '45m', '150/90', '127.0.0.1:0', 'mqtt://127.0.0.1:1', '5s', 'yes', 'x1']

function plausible(name: string, one: { argChoices?: readonly string[]; parseArg?: unknown }): string {
  const [choice] = one.argChoices ?? []
  if (choice !== undefined) return choice
  const { parseArg } = one
  const known = PLAUSIBLE[name.split('/')[0] ?? '']
  if (typeof parseArg !== 'function') return known ?? 'x1'
  const taken = [...(known ? [known] : []), ...CANDIDATES].find((text) => {
    try {
      parseArg(text, [])
      return true
    } catch {
      return false
    }
  })
  if (taken === undefined) throw new Error(`nothing plausible for ${name}`)
  return taken
}

const takesValue = ({ required, optional }: Option) => required || optional

interface Baseline {
  readonly positionals: readonly string[]
  readonly options: readonly string[]
  readonly withConfig: boolean
}

function baselineOf({ command }: Leaf): Baseline {
  const all = [...command.options, ...(command.parent?.options ?? [])]
  return {
    positionals: command.registeredArguments.map((argument) => plausible(argument.name(), argument)),
    options: command.options
      .filter(({ mandatory }) => mandatory)
      .map((option) => `${option.long}=${plausible(option.name(), option)}`),
    withConfig: all.some(({ long }) => long === '--config'),
  }
}

function leavesOf(command: Command, path: readonly string[], run: Run): Leaf[] {
  // A verb with verbs below it may be one itself: `clinic`, `map`.
  return [
    ...(path.length > 0 ? [{ path, command, run }] : []),
    ...command.commands.flatMap((part) => leavesOf(part, [...path, part.name()], run)),
  ]
}

// ---- the calls

/** What has no end of its own, or takes minutes, when it is called as it should be. Others' tests call it so. */
const LONG = ['scenario', 'faults', 'chain']

async function assault(
  leaf: Leaf,
  where: { config?: string | undefined; texts: readonly string[]; paths: readonly string[] },
) {
  const { command, path } = leaf
  const { positionals, options, withConfig } = baselineOf(leaf)
  const config = withConfig && where.config ? ['-c', where.config] : []
  const isLong = LONG.includes(path[0] ?? '')
  await judge(leaf, ['--help'])
  if (!isLong) {
    await judge(leaf, [])
    await judge(leaf, [...positionals, ...options, ...config])
  }
  await judge(leaf, [...positionals, 'x', '\x1b[2J', '', ...options, ...config, ...(isLong ? ['--nope'] : [])])
  await judge(leaf, [...positionals, ...options, ...config, '--\x1b]0;x\x07'])
  for (const [i, argument] of command.registeredArguments.entries())
    for (const text of [...where.texts, ...where.paths]) {
      if (isLong && text === '') continue
      const given = positionals.map((one, at) => (at === i ? text : one))
      await judge(leaf, [...options, ...config, '--', ...given.slice(0, argument.variadic ? i + 1 : undefined)])
    }
  for (const option of command.options.filter(takesValue)) {
    const name = option.long ?? option.short ?? ''
    if (name === '--config') continue
    const isPath = /file|folder|<path>|state/.test(option.flags)
    // Words that are only passed on: `--why`, `--by`.
    const texts =
      option.parseArg || option.argChoices || isPath || option.flags.includes('url') ? where.texts : FEW_TEXTS
    for (const text of [...texts, ...(isPath ? where.paths : [])]) {
      // Of what has no end: only what it refuses.
      if (isLong && (isPath || /^(?:0|\d+)$/.test(text))) continue
      const others = options.filter((one) => !one.startsWith(`${name}=`))
      await judge(leaf, [...positionals, ...others, ...config, `${name}=${text}`])
    }
  }
}

async function main(folder: string): Promise<void> {
  process.chdir(folder)
  process.setMaxListeners(0)
  layPaths(folder)
  const paths = pathsIn(folder)

  // A home whose journal holds readings, and which runs no more.
  const home = new TestHome()
  const clinic = new TestClinic()
  const chain = { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` }
  const recording = join(packageRoot, 'test/fixtures/wfdb/one.hea')
  const transports = [{ name: 'replay', url: `replay:${recording}?speed=0&at=2026-01-01T12:00:00Z`, device: 'r-1' }]
  const loaded = home.configure({ transports, chain })
  const gateway = await composeGateway(loaded, { logger: silentLogger })
  await gateway.start()
  while (gateway.status().transports.some(({ state }) => state !== 'ended'))
    await new Promise((resolve) => setTimeout(resolve, 20))
  await gateway.stop(0)
  const good = join(home.folder, 'homebeat.yaml')
  const batches = await Home.open()
  writeFileSync(join(folder, 'record.json'), JSON.stringify(recordOf(await batches.batch(2), 0)))
  await batches.close()
  clinic.secret('home-1')
  clinic.configure({ homes: [{ id: 'home-1', secretFile: 'home-1' }] })

  /** The programs as they are, told to end as soon as they run. */
  const ending = <Composed extends { start(): Promise<void>; stop(ms?: number): Promise<void> }>(
    composed: Composed,
  ) => ({
    start: async () => {
      await composed.start()
      setImmediate(() => process.emit('SIGTERM', 'SIGTERM'))
    },
    stop: () => composed.stop(0),
  })
  const programs: Programs = {
    gateway: async () => async (config, dependencies) => ending(await composeGateway(config, dependencies)),
    receiver: async () => async (config, dependencies) => ending(await composeReceiver(config, dependencies)),
  }
  const run: Run = (args) => runVerb(programs, args)
  // `simulate` hands its arguments to the simulators' own program, which is walked below.
  const program = await programOf(programs)
  await judge({ path: [], command: program, run }, [])
  for (const text of TEXTS) await judge({ path: [], command: program, run }, [text, 'x'])
  const leaves = leavesOf(program, [], run).filter(({ path }) => path[0] !== 'simulate')
  const configOf = (leaf: Leaf) => (leaf.path[0] === 'clinic' ? clinic.file : good)

  for (const leaf of leaves) await assault(leaf, { config: configOf(leaf), texts: TEXTS, paths })
  const verify = leaves.find(({ path }) => path[0] === 'verify')
  for (const contract of verify ? [WRONG_CHECKSUM, ...FEW_TEXTS] : [])
    await judge(verify as Leaf, ['record.json', '--rpc=http://127.0.0.1:1', '--chain-id=1', `--contract=${contract}`])

  for (const leaf of leaves) {
    const { positionals, options, withConfig } = baselineOf(leaf)
    if (!withConfig) continue
    const given = [...positionals, ...options]
    // All verbs read a configuration in the same way: the whole list is for one of each kind.
    const all = ['start', 'clinic'].includes(leaf.path.join(' '))
    const configs = [...TEXTS.slice(0, 9), ...paths, ...configsIn(folder)]
    for (const config of configs)
      if (all || config.startsWith('\x1b') || /fifo|missing|zero|proto|yaml\.yaml/.test(config))
        await judge(leaf, [...given, `--config=${config}`], true)
    for (const config of dataFoldersOf(folder, leaf.path[0] === 'clinic' ? clinic.file : good))
      await judge(leaf, [...given, '-c', config])
  }

  // The same beside programs that run.
  const running = await composeGateway(loadConfig(good), { logger: silentLogger })
  await running.start()
  const receiver = await composeReceiver(clinic.configure({ homes: [{ id: 'home-1', secretFile: 'home-1' }] }), {
    logger: silentLogger,
  })
  await receiver.start()
  for (const leaf of leaves) await assault(leaf, { config: configOf(leaf), texts: FEW_TEXTS, paths: [] })
  await running.stop(0)
  await receiver.stop(0)

  for (const { name, load } of VERBS) {
    const simulate: Run = async (args) => {
      process.exitCode = (await runProgram(args)) || process.exitCode || 0
    }
    const leaf = { path: [name], command: await load(), run: simulate }
    await assault(leaf, { texts: TEXTS, paths })
  }
  home.remove()
  clinic.remove()
  tell({ calls, called: [...called], failures })
}

/** Configurations that look good, of data folders and of a contract that are not. */
function dataFoldersOf(folder: string, good: string): string[] {
  const text = readFileSync(good, 'utf8')
  const name = good.endsWith('clinic.yaml') ? 'clinic' : 'home'
  const at = (what: string) => join(folder, `${name}-${what}`)
  const made = (what: string, make: (path: string) => void) => {
    const path = at(what)
    if (!statSync(path, { throwIfNoEntry: false })) {
      mkdirSync(path, { mode: 0o700 })
      make(path)
    }
    return path
  }
  const database = (path: string, version: number) => {
    const sqlite = new Sqlite(path)
    sqlite.exec('CREATE TABLE t (a)')
    sqlite.pragma(`user_version = ${version}`)
    sqlite.close()
  }
  const folders = {
    file: join(folder, 'binary'),
    impossible: '/proc/hostile',
    empty: made('empty', () => {}),
    newer: made('newer', (path) => {
      database(join(path, 'journal.db'), 999)
      database(join(path, 'homes.db'), 999)
    }),
    foreign: made('foreign', (path) => database(join(path, 'journal.db'), 0)),
    folders: made('folders', (path) => {
      for (const inner of ['journal.db', 'homes.db', 'control.sock', 'run.json', 'devices.json'])
        mkdirSync(join(path, inner))
    }),
    garbage: made('garbage', (path) => {
      for (const inner of ['journal.db', 'homes.db', 'run.json', 'devices.json', 'control.sock'])
        writeFileSync(join(path, inner), Buffer.alloc(5000, 'garbage \x1b'), { mode: 0o600 })
    }),
  }
  const withLine = (what: string, line: RegExp, instead: string) => {
    const file = `${at(what)}.yaml`
    writeFileSync(file, text.replace(line, instead), { mode: 0o600 })
    return file
  }
  return [
    withLine('contract', /contract: .*$/m, `contract: "${WRONG_CHECKSUM}"`),
    ...Object.entries(folders).map(([what, dataDir]) =>
      withLine(what, /^dataDir: .*$/m, stringify({ dataDir }).trim()),
    ),
  ]
}

await main(process.argv[2] ?? '').catch((error: Error) => {
  writeSync(2, `${error.stack}\n`)
  exit(1)
})
exit(0)
