/** `fhir-server`: the server as a process of its own. */
import { readFileSync } from 'node:fs'
import { Command } from 'commander'
import { lifetime, printReady, withLifetimeOption } from '#simulators/cli/lifetime.js'
import { port as portNumber } from '#simulators/cli/parse.js'
import { FhirServerSimulator } from './server.js'

interface Options {
  readonly port: number
  readonly tokenFile?: string
  readonly exitWithParent?: boolean
}

export function fhirServerCommand(): Command {
  const command = new Command('fhir-server')
    .description('a FHIR R4 server on loopback, in memory, that validates what it is given')
    .option('--port <port>', 'TCP port; 0 picks a free one', portNumber, 0)
    .option('--token-file <file>', 'ask for the bearer token in this file')
    .action(async (options: Options) => {
      const { port } = options
      const token = options.tokenFile ? readToken(command, options.tokenFile) : undefined
      const server = new FhirServerSimulator({ port, ...(token ? { token } : {}) })
      try {
        await server.start()
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code
        if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
        command.error(
          code === 'EADDRINUSE'
            ? `port ${port} is in use: give another --port, or 0 for a free one`
            : `port ${port} needs privileges: give a --port above 1023, or 0 for a free one`,
        )
      }
      const ending = lifetime({ exitWithParent: options.exitWithParent })
      printReady({ listening: server.url })
      await ending
      await server.stop()
    })
  return withLifetimeOption(command)
}

function readToken(command: Command, file: string): string {
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    return command.error(`cannot read the token file ${file}: check that it exists and is yours`)
  }
}
