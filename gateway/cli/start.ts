import { Command, InvalidArgumentError } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import { composeGateway } from '#gateway/main.js'
import { HomebeatError } from '#gateway/runtime/errors.js'
import { createLogger } from '#gateway/runtime/logger.js'
import { EXIT, verb } from './exit.js'
import { CONFIG_OPTION } from './options.js'

interface StartOptions {
  readonly config: string
  readonly untilStdinCloses?: boolean
  readonly drainSeconds: number
}

export function startCommand(): Command {
  return new Command('start')
    .description('run the gateway until SIGINT or SIGTERM; it then stores, pushes and anchors what it has read')
    .addOption(CONFIG_OPTION())
    .option(
      '--drain-seconds <n>',
      'at the end, deliver for at most so long; what is left goes out after the next start',
      seconds,
      10,
    )
    .option('--until-stdin-closes', 'also stop when standard input closes, so that it never outlives its parent')
    .action(verb(start))
}

function seconds(text: string): number {
  if (!/^\d{1,4}$/.test(text)) throw new InvalidArgumentError('give a whole number of seconds, at most 9999.')
  return Number(text)
}

/** A card that damages its journal again and again is not mended by starting: then the supervisor's people must look. */
const MOST_RECOVERIES = 3

async function start(options: StartOptions): Promise<void> {
  const loaded = loadConfig(options.config)
  const logger = createLogger(loaded.config.log.level)
  const asked = stopAsked(options.untilStdinCloses === true)
  for (let recoveries = 0; ; recoveries++) {
    let onJournalDamage = () => {}
    const damaged = new Promise<'journal damaged'>((resolve) => {
      onJournalDamage = () => resolve('journal damaged')
    })
    const gateway = await composeGateway(loaded, { logger, onJournalDamage: () => onJournalDamage() })
    await gateway.start()
    const reason = await Promise.race([asked, damaged])
    logger.info({ reason }, 'stopping')
    if (reason !== 'journal damaged') {
      await gateway.stop(options.drainSeconds * 1000)
      break
    }
    // Nothing can be delivered from a journal that must not be touched. In this process, so that a gateway without a
    // supervisor goes on too; all that it holds is made anew.
    await gateway.stop(0)
    if (recoveries === MOST_RECOVERIES)
      throw new HomebeatError('journal.damaged', 'The journal is damaged again and again: replace the card or disk.')
  }
  // An open pipe would keep the process alive.
  process.stdin.destroy()
}

/** Terminals, npm and `timeout` often send one Ctrl-C twice; a person who insists takes longer than this. */
const INSISTING_MS = 2000

/** A second signal ends the process at once: what is committed is safe, what is not delivered is so after a restart. */
function stopAsked(stdinToo: boolean): Promise<string> {
  return new Promise((resolve) => {
    let askedAt: number | null = null
    const onSignal = (signal: string) => {
      if (askedAt !== null && performance.now() - askedAt > INSISTING_MS) process.exit(EXIT.failed)
      askedAt ??= performance.now()
      resolve(signal)
    }
    process.on('SIGINT', onSignal).on('SIGTERM', onSignal)
    if (stdinToo) {
      process.stdin.resume()
      process.stdin.once('end', () => resolve('standard input closed'))
      process.stdin.once('error', () => resolve('standard input closed'))
    }
  })
}
