import { chmodSync, mkdirSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { type FastifyInstance, fastify } from 'fastify'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import '#gateway/platform/schema-words.js'
import type { Logger } from '#gateway/platform/logger.js'
import type { ControlCommand } from './command.js'
import { socketPath } from './socket-path.js'

export interface ControlServerOptions {
  readonly dataDir: string
  readonly commands: readonly ControlCommand[]
  readonly logger: Logger
}

/**
 * Takes commands on a Unix socket that only the user of the gateway can open (folder 0700, socket 0600):
 * `POST /<name>` with JSON; 200 `{"result":…}`, else `{"code","message"}`.
 */
export class ControlServer implements Lifecycle {
  readonly #options: ControlServerOptions
  readonly #commands: ReadonlyMap<string, ControlCommand>
  #app: FastifyInstance | null = null

  constructor(options: ControlServerOptions) {
    this.#options = options
    this.#commands = new Map(options.commands.map((command) => [command.name, command]))
  }

  /**
   * Only a crash leaves a socket behind: the journal's lock has already shown that no other gateway uses the folder.
   */
  async start(): Promise<void> {
    if (this.#app) return
    const path = socketPath(this.#options.dataDir)
    const folder = dirname(path)
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const { uid, mode } = statSync(folder)
    if (uid !== process.getuid?.() || (mode & 0o077) !== 0) {
      throw new HomebeatError(
        'control.folder',
        `${folder} must belong to the user that runs Homebeat and be closed to others: chmod 700 it.`,
      )
    }
    rmSync(path, { force: true })
    const app = this.#build()
    await app.listen({ path })
    chmodSync(path, 0o600)
    this.#app = app
  }

  async stop(): Promise<void> {
    const app = this.#app
    this.#app = null
    await app?.close()
  }

  #build(): FastifyInstance {
    const app = fastify({ bodyLimit: 256 * 1024, forceCloseConnections: true, exposeHeadRoutes: false })
    app.post<{ Params: { name: string } }>('/:name', async (request, reply) => {
      const command = this.#commands.get(request.params.name)
      if (!command) {
        return reply.code(404).send({
          code: 'control.unknown',
          message: `The running gateway knows no command ${request.params.name}: it may be older than this program; restart it.`,
        })
      }
      const input = command.input.safeParse(request.body ?? {})
      if (!input.success) {
        const { path = [], message = 'not understood' } = input.error.issues[0] ?? {}
        const where = path.length > 0 ? `${path.join('.')}: ` : ''
        return reply.code(400).send({ code: 'control.input', message: `${command.name}: ${where}${message}.` })
      }
      try {
        return { result: (await command.run(input.data as never)) ?? null }
      } catch (error) {
        if (error instanceof HomebeatError) return reply.code(409).send({ code: error.code, message: error.message })
        this.#options.logger.error({ err: error, command: command.name }, 'a control command failed unexpectedly')
        return reply.code(500).send({ code: 'control.failed', message: `${command.name} failed; the log says why.` })
      }
    })
    return app
  }
}
