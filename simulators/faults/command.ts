/** `npm run faults`, and `homebeat simulate faults`. */
import { Command } from 'commander'
import { wholeNumber } from '#simulators/cli/parse.js'
import { describeResult, resultOf, shortcomings } from './result.js'
import { runSuite, type SuiteOptions } from './suite.js'

interface Options {
  readonly kills: number
  readonly seed: number
  readonly fuzz: number
  readonly json?: true
}

/** @param run stands in for the suite in tests. */
export function faultsCommand(
  write: (text: string) => void = (text) => void process.stdout.write(text),
  run: (options: SuiteOptions) => ReturnType<typeof runSuite> = runSuite,
): Command {
  return new Command('faults')
    .description(
      'break things under a real gateway: kills, disk, FHIR server, chain, broker, cable, fuzzed inputs (exit code 1 if anything acknowledged is lost or doubled)',
    )
    .option('--kills <n>', 'how often the gateway is killed; 0 leaves the kills out', wholeNumber, 200)
    .option('--seed <n>', 'the same seed plans the same faults', wholeNumber, 1)
    .option('--fuzz <n>', 'how many fuzzed inputs; 0 leaves them out', wholeNumber, 1_000_000)
    .option('--json', 'print only one JSON object, at the end')
    .action(async ({ kills, seed, fuzz, json }: Options) => {
      // What was started is ended on `exit`, which a signal alone would leave out.
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupted)
      const say = (text: string) => void process.stderr.write(`${text}\n`)
      const reports = await run({ kills, seed, fuzz, say })
      write(json ? `${JSON.stringify(resultOf(reports))}\n` : `${describeResult(reports)}\n`)
      const wrong = shortcomings(reports)
      for (const problem of wrong) say(`homebeat simulate: ${problem}`)
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, interrupted)
      if (wrong.length > 0) process.exitCode = 1
    })
}

function interrupted(): never {
  process.exit(130)
}
