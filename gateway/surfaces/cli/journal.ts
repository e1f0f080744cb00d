import { join } from 'node:path'
import { Command } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import type { Continuation } from '#gateway/journal/api/batches.js'
import { checkJournal, type JournalCheck } from '#gateway/journal/salvage/check.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { EXIT, verb } from './exit.js'
import { CONFIG_OPTION, homeVerb, loginName } from './options.js'

interface Options {
  readonly config: string
  readonly json?: boolean
}

export function journalCommand(): Command {
  return new Command('journal')
    .description('look after the journal, in which the gateway keeps what it has read')
    .addCommand(
      new Command('check')
        .description('read the whole journal and say whether it is damaged; changes nothing (exit code 1: it is)')
        .addOption(CONFIG_OPTION())
        .option('--json', 'print one JSON object')
        .action(verb(check)),
    )
    .addCommand(
      new Command('accept-damage')
        .description('tell the running gateway that you have taken note of what was lost: ends its alert')
        .addOption(CONFIG_OPTION())
        .option('--json', 'print one JSON object')
        .action(verb(acceptDamage)),
    )
    .addCommand(
      homeVerb(
        'continue',
        'tell the running gateway that its data folder was restored from a backup, and that no other gateway uses its key: batches go on after the last one on the chain',
      )
        .option('--by <who>', 'who says so: a contact or login', loginName())
        .action(verb(goOn)),
    )
}

async function check({ config, json }: Options): Promise<void> {
  const result = checkJournal(join(loadConfig(config).dataDir, 'journal.db'))
  process.stdout.write(json ? `${JSON.stringify(result, null, 2)}\n` : describe(result))
  if (result.problems.length > 0) process.exitCode = EXIT.failed
}

async function acceptDamage({ config, json }: Options): Promise<void> {
  const result = await callGateway<{ accepted: number }>(loadConfig(config).dataDir, 'journal.accept-damage')
  const said =
    result.accepted === 0
      ? 'There was no damage to accept.'
      : 'Accepted; a file that was set aside is kept until you remove it.'
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${said}\n`)
}

async function goOn({ config, json, by }: Options & { readonly by: string }): Promise<void> {
  const result = await callGateway<Continuation>(loadConfig(config).dataDir, 'journal.continue', { by })
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${continued(result)}\n`)
}

function continued({ by, shared, head, renumbered }: Continuation): string {
  const moved = renumbered > 0 ? ` ${renumbered} batches of this journal got numbers after it.` : ''
  return `Batches go on after ${head}, the last on the chain (${by ?? 'after damage'}).${moved} Batches ${shared + 1} to ${head} are not in this journal: their records are where they were pushed to.`
}

const ADVICE = {
  whole: 'Whole.',
  rows: 'Rows that do not open are left out and cost only themselves: take note of them with homebeat journal accept-damage.',
  damaged: 'Damaged: restart the gateway; it sets the file aside and saves what can be read.',
} as const

function describe(check: JournalCheck): string {
  const { path, batches, leaves, unbatched, sealedRead, continuations, problems, more, unopened } = check
  const state = problems.length === 0 ? 'whole' : problems.length + more === unopened ? 'rows' : 'damaged'
  const read = `${batches} batches, ${leaves} leaves, ${unbatched} readings in no batch yet`
  const lines = [
    `${path}: ${read}`,
    ...(sealedRead === null ? [] : [`Sealed rows were not opened: ${sealedRead}`]),
    ...continuations.map((one) => `  ${new Date(one.at).toISOString()}: ${continued(one)}`),
    ...problems.map((problem) => `  ${problem}`),
    ...(more > 0 ? [`  and ${more} more`] : []),
    ADVICE[state],
  ]
  return `${lines.join('\n')}\n`
}
