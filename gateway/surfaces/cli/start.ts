import { Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { createLogger, type Logger } from '#gateway/platform/logger.js'
import { verb } from './exit.js'
import { CONFIG_OPTION } from './options.js'
import type { Programs } from './programs.js'
import { leave, stopAsked } from './stop-asked.js'
import { saidToBeRight } from './text.js'

type Compose = Awaited<ReturnType<Programs['gateway']>>

interface StartOptions {
  readonly config: string
  readonly untilStdinCloses?: boolean
  readonly drainSeconds: number
  readonly check?: boolean
}

export function startCommand(programs: Programs): Command {
  return new Command('start')
    .description('run the gateway until SIGINT or SIGTERM; it then stores, pushes and anchors what it has read')
    .addOption(CONFIG_OPTION())
    .option(
      '--drain-seconds <n>',
      'at the end, deliver for at most so long; what is left goes out after the next start',
      seconds,
      10,
    )
    .option('--check', 'only say what is wrong with the configuration and the files that it names; starts nothing')
    .option('--until-stdin-closes', 'also stop when standard input closes, so that it never outlives its parent')
    .action(verb((options: StartOptions) => start(options, programs)))
}

function seconds(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('give a whole number of seconds, at most 9999.')
  return Number(text)
}

/** Starting again does not mend a card that keeps damaging the journal: after so many recoveries people must look. */
const MOST_RECOVERIES = 3

const DAMAGED = 'journal damaged'

async function start(options: StartOptions, programs: Programs): Promise<void> {
  const loaded = loadConfig(options.config, { files: true })
  if (options.check) return saidToBeRight(options.config, loaded.warnings)
  const logger = createLogger(loaded.config.log.level)
  for (const line of loaded.warnings ?? []) logger.warn(line)
  const asked = stopAsked(options.untilStdinCloses === true)
  try {
    const compose = await programs.gateway()
    const life = (onJournalDamage: () => void) => compose(loaded, { logger, onJournalDamage })
    for (let recoveries = 0; ; recoveries++) {
      const reason = await runUntil(asked, life, logger, options.drainSeconds)
      if (reason !== DAMAGED) break
      if (recoveries === MOST_RECOVERIES)
        throw new HomebeatError('journal.damaged', 'The journal is damaged again and again: replace the card or disk.')
    }
  } finally {
    // An open pipe would keep the process alive, also when the gateway could not start.
    process.stdin.destroy()
    leave()
  }
}

/**
 * One life of the gateway. Damage found in its journal ends it, and the next recovers: in this process, so that a gateway
 * without a supervisor goes on too, but with everything made anew.
 */
async function runUntil(
  asked: Promise<string>,
  compose: (onJournalDamage: () => void) => ReturnType<Compose>,
  logger: Logger,
  drainSeconds: number,
) {
  let onJournalDamage = () => {}
  const damaged = new Promise<typeof DAMAGED>((resolve) => {
    onJournalDamage = () => resolve(DAMAGED)
  })
  let gateway: Awaited<ReturnType<Compose>>
  try {
    gateway = await compose(onJournalDamage)
  } catch (error) {
    if (error instanceof HomebeatError && error.code === 'journal.damaged') return DAMAGED
    throw error
  }
  await gateway.start()
  const reason = await Promise.race([asked, damaged])
  logger.info({ reason }, 'stopping')
  // Nothing can be delivered from a journal that must not be touched.
  await gateway.stop(reason === DAMAGED ? 0 : drainSeconds * 1000)
  return reason
}
