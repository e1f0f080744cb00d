/** `homebeat simulate scenario [file …]`, and `npm run scenarios`: the same without a file. */
import { Command } from 'commander'
import { readFirmware } from '#simulators/board/virtual-kit.js'
import { loadScenario } from './load.js'
import { line, toJson } from './report.js'
import { runScenario, type ScenarioOutcome } from './runner.js'
import { shippedScenarios } from './shipped.js'

/** @param write where the report goes; standard output unless a test wants it. */
export function scenarioCommand(write: (text: string) => void = (text) => void process.stdout.write(text)): Command {
  return new Command('scenario')
    .description('run scenarios in virtual time: what must be raised and what must not (exit code 1 if one fails)')
    .argument('[files...]', 'scenario files (default: all that come with Homebeat)')
    .option('--json', 'print one JSON object instead of a table')
    .action(async (files: string[], options: { json?: true }) => {
      const scenarios = (files.length > 0 ? files : shippedScenarios()).map(loadScenario)
      const hex = await readFirmware()
      const width = Math.max(...scenarios.map(({ name }) => name.length))
      const outcomes: ScenarioOutcome[] = []
      for (const scenario of scenarios) {
        const outcome = runScenario(scenario, hex)
        outcomes.push(outcome)
        if (!options.json) write(`${line(outcome, width)}\n`)
      }
      const failed = outcomes.filter(({ passed }) => !passed).length
      if (options.json) write(`${JSON.stringify(toJson(outcomes))}\n`)
      else write(`${outcomes.length - failed} of ${outcomes.length} scenarios passed\n`)
      if (failed > 0) process.exitCode = 1
    })
}
