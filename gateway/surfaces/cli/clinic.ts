import { join } from 'node:path'
import { Command, Option } from 'commander'
import { type LoadedClinicConfig, loadClinicConfig } from '#gateway/clinic/config.js'
import { HomeRegister } from '#gateway/clinic/home-register.js'
import { HomeStore } from '#gateway/clinic/home-store.js'
import type { ClinicReport, HomeReport } from '#gateway/clinic/report.js'
import { alarmCounts, remarks, stateWords } from '#gateway/clinic/words.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { createLogger } from '#gateway/platform/logger.js'
import { durationWords } from '#gateway/wording/times.js'
import { verb } from './exit.js'
import { loginName } from './options.js'
import type { Programs } from './programs.js'
import { leave, stopAsked } from './stop-asked.js'
import { printJson, saidToBeRight } from './text.js'

interface Options {
  readonly config: string
  readonly json?: boolean
  readonly check?: boolean
}

const CONFIG_OPTION = () =>
  new Option('-c, --config <file>', "the receiver's configuration").default('clinic.yaml').env('HOMEBEAT_WATCH_CONFIG')

/** `homebeat clinic …`: the receiving side of the gateways' check-ins. */
export function clinicCommand(programs: Programs): Command {
  const own = (name: string, description: string) =>
    new Command(name)
      .description(description)
      .configureHelp({ showGlobalOptions: true })
      .option('--json', 'print one JSON object')
  /** `--config` is an option of `clinic` and may stand anywhere. */
  const withConfig = <Args extends unknown[]>(action: (loaded: LoadedClinicConfig, ...args: Args) => Promise<void>) =>
    verb(async (...given: unknown[]) => {
      const command = given.at(-1) as Command
      const options = command.optsWithGlobals<Options>()
      await action(loadClinicConfig(options.config), ...([...given.slice(0, -2), options] as Args))
    })
  return new Command('clinic')
    .description("raise the alarm when a home's gateway falls silent (runs at the clinic until SIGINT or SIGTERM)")
    .addOption(CONFIG_OPTION())
    .option('--check', 'only say what is wrong with the configuration and the files that it names; starts nothing')
    .addHelpText('after', HELP)
    .action(verb((options: Options) => run(options, programs)))
    .addCommand(
      own('enrol', 'watch a home: prints the secret that its gateway signs with, once')
        .argument('<home>', 'its pseudonym, as home.id in its homebeat.yaml')
        .option('--renew', 'replace the secret of a home that has one')
        .action(withConfig(enrol)),
    )
    .addCommand(own('list', 'the homes, when each was last heard, what needs a look').action(withConfig(list)))
    .addCommand(
      own('ack', 'say that you know: ends the reminders about a home; the alarm ends when it is heard again')
        .argument('<home>', 'its pseudonym')
        .option('--note <text>', 'what is being done')
        .action(withConfig(acknowledge)),
    )
    .addCommand(
      own('forget', 'watch a home no longer: its secret is deleted, its alarms end')
        .argument('<home>', 'its pseudonym')
        .action(withConfig(forget)),
    )
}

const HELP = `
Begin:
  1. copy clinic.example.yaml to clinic.yaml and say there who is told, and how
  2. homebeat clinic                    start it as a service; it listens for check-ins
  3. homebeat clinic enrol home-7f3a    prints a secret
  4. at the home: put the secret into a file (mode 0600) and name it and this receiver's
     address under liveness.targets in homebeat.yaml; restart the gateway
  5. homebeat clinic list               the home is present

docs/clinic.md says what raises an alarm, and who watches the watcher.`

async function run({ config, check }: Options, programs: Programs): Promise<void> {
  const loaded = loadClinicConfig(config, { files: true })
  if (check) return saidToBeRight(config, loaded.warnings)
  const logger = createLogger(loaded.config.log.level)
  const asked = stopAsked(false)
  for (const line of loaded.warnings ?? []) logger.warn(line)
  try {
    const compose = await programs.receiver()
    const receiver = await compose(loaded, { logger })
    await receiver.start()
    logger.info({ reason: await asked }, 'stopping')
    await receiver.stop()
  } finally {
    process.stdin.destroy()
    leave()
  }
}

async function enrol(loaded: LoadedClinicConfig, home: string, options: Options & { renew?: boolean }): Promise<void> {
  const renew = options.renew === true
  const { secret } = await call<{ secret: string }>(loaded, 'home.enrol', { home, renew }, () => {
    ensureDataDir(loaded.dataDir)
    return { secret: new HomeRegister(loaded).enrol(home, renew) }
  })
  if (options.json) return printJson({ home, secret })
  process.stdout.write(
    `${secret}\n\nThis is the only time it is shown. At the home, write this line into a file of mode 0600, name the file as\nsecretFile under liveness.targets in homebeat.yaml, and restart the gateway.\n`,
  )
}

async function list(loaded: LoadedClinicConfig, options: Options): Promise<void> {
  const report = await call<ClinicReport>(loaded, 'home.list', {})
  if (options.json) return printJson(report)
  const lines = report.homes.map((home) => lineOf(home, report.now))
  const own = report.alarms.map(({ condition }) => `This receiver itself: ${condition}`)
  process.stdout.write(`${[...own, ...lines].join('\n') || 'No home is enrolled: homebeat clinic enrol <home>'}\n`)
}

function lineOf(home: HomeReport, now: number): string {
  const heard = home.heardAt === null ? '' : `heard ${durationWords(now - home.heardAt)} ago`
  const alarms = home.alarms.map(({ state }) => (state === 'acknowledged' ? 'alarm, acknowledged' : 'ALARM'))
  const there = home.gateway ? `open alarms there: ${alarmCounts(home)}` : ''
  return [
    home.id.padEnd(20),
    stateWords(home).padEnd(24),
    [heard, ...alarms, there, ...remarks(home)].filter(Boolean).join('; '),
  ]
    .join(' ')
    .trimEnd()
}

async function acknowledge(
  loaded: LoadedClinicConfig,
  home: string,
  options: Options & { note?: string },
): Promise<void> {
  const input = { home, by: loginName(), ...(options.note !== undefined && { note: options.note }) }
  const result = await call<{ acknowledged: string[] }>(loaded, 'home.acknowledge', input)
  if (options.json) return printJson(result)
  process.stdout.write(
    result.acknowledged.length === 0 ? `No alarm about ${home} waits for anybody.\n` : `${home}: acknowledged.\n`,
  )
}

async function forget(loaded: LoadedClinicConfig, home: string, options: Options): Promise<void> {
  await call(loaded, 'home.forget', { home }, () => {
    new HomeRegister(loaded).forget(home)
    const store = new HomeStore(join(loaded.dataDir, 'homes.db'))
    store.delete(home)
    store.close()
  })
  if (options.json) return printJson({ home })
  process.stdout.write(`${home} is watched no longer.\n`)
}

/** Runs a command in the running receiver, or, where none runs and `alone` is given, on its files. */
async function call<Result>(
  { dataDir }: LoadedClinicConfig,
  name: string,
  input: object,
  alone?: () => unknown,
): Promise<Result> {
  try {
    return await callGateway<Result>(dataDir, name, input)
  } catch (error) {
    if (!(error instanceof HomebeatError) || error.code !== 'control.not-running') throw error
    if (alone) return alone() as Result
    throw new HomebeatError(
      'clinic.not-running',
      `No receiver runs on ${dataDir}: start it first (homebeat clinic), or check --config.`,
    )
  }
}
