import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { EXIT, verb } from './exit.js'

/** The simulators are a program of their own, found by path: the gateway never imports them, and an installation on a
 * Raspberry Pi does without.
 */
export function simulateCommand(): Command {
  return new Command('simulate')
    .description('run a simulator: kit, devices, fleet, scenario, fhir-server, chain (homebeat simulate --help)')
    .helpOption(false)
    .allowUnknownOption()
    .argument('[args...]', 'the simulator and its options')
    .action(
      verb(async (args: string[]) => {
        const program = join(packageRoot, 'dist', 'simulators', 'cli', 'main.js')
        if (!existsSync(program)) {
          throw new HomebeatError(
            'simulate.not-installed',
            'The simulators are not part of this installation: use a checkout of the project, with npm ci && npm run build.',
          )
        }
        const child = spawn(process.execPath, [program, ...args], { stdio: 'inherit' })
        const pass = (signal: NodeJS.Signals) => child.kill(signal)
        process.on('SIGINT', pass).on('SIGTERM', pass)
        process.exitCode = await new Promise<number>((resolve) => {
          child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? EXIT.ok : EXIT.failed)))
          child.once('error', () => resolve(EXIT.failed))
        })
      }),
    )
}
