/** `fhir-server`: the server as a process of its own. */
import { Command, CommanderError } from 'commander'
import { readBounded } from '#gateway/platform/bounded-file.js'
import { lifetime, printReady, withLifetimeOption } from '#simulators/cli/lifetime.js'
import { port as portNumber } from '#simulators/cli/parse.js'
import { FhirServerSimulator } from './server.js'

const MAX_TOKEN_BYTES = 4096

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
      const token = options.tokenFile !== undefined ? readToken(command, options.tokenFile) : undefined
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
    const token = readBounded(file, MAX_TOKEN_BYTES)?.toString().trim()
    // What no HTTP header can carry is no token.
    if (token && /^[\x21-\x7e]+$/.test(token)) return token
    return command.error(`there is no token in ${file}: write one line of letters and digits into it`)
  } catch (error) {
    if (error instanceof CommanderError) throw error
    return command.error(`cannot read the token file ${file}: check that it exists and is yours`)
  }
}
