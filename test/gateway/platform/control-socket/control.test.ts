import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { z } from 'zod'
import { command } from '#gateway/platform/control-socket/command.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { ControlServer } from '#gateway/platform/control-socket/control-server.js'
import { socketPath } from '#gateway/platform/control-socket/socket-path.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { createLogger } from '#gateway/platform/logger.js'

const logger = createLogger('silent')

async function failure(call: Promise<unknown>): Promise<HomebeatError> {
  return call.then(
    () => expect.fail('it should have been refused'),
    (error) => {
      expect(error).to.be.instanceOf(HomebeatError)
      return error as HomebeatError
    },
  )
}

describe('the control socket', () => {
  let folder = ''
  let server: ControlServer

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-control-'))
    server = new ControlServer({
      dataDir: folder,
      logger,
      commands: [
        command('number.double', z.strictObject({ n: z.number() }), ({ n }) => ({ twice: 2 * n })),
        command('number.refuse', z.strictObject({}), () => {
          throw new HomebeatError('alarm.unknown', 'Not today.')
        }),
        command('number.break', z.strictObject({}), () => {
          throw new TypeError('secret inside')
        }),
      ],
    })
    await server.start()
  })
  afterEach(async () => {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  it('runs a command and gives its result', async () => {
    expect(await callGateway(folder, 'number.double', { n: 21 })).to.deep.equal({ twice: 42 })
  })

  it('can be opened by its owner only', () => {
    expect(statSync(socketPath(folder)).mode & 0o777).to.equal(0o600)
  })

  it('says which input is wrong, what it does not know and what the command refused', async () => {
    expect((await failure(callGateway(folder, 'number.double', { n: 'x' }))).message).to.match(/^number\.double: n: /)
    expect((await failure(callGateway(folder, 'number.halve'))).code).to.equal('control.unknown')
    expect(await failure(callGateway(folder, 'number.refuse'))).to.include({
      code: 'alarm.unknown',
      message: 'Not today.',
    })
  })

  it('keeps what nobody foresaw out of its answer', async () => {
    const error = await failure(callGateway(folder, 'number.break'))
    expect(error.code).to.equal('control.failed')
    expect(error.message).not.to.contain('secret')
  })

  it('says that no gateway runs when none does, also after one', async () => {
    await server.stop()
    expect((await failure(callGateway(folder, 'number.double', { n: 1 }))).code).to.equal('control.not-running')
  })

  it('takes the place of a socket that a crash left behind', async () => {
    const next = new ControlServer({ dataDir: folder, commands: [], logger })
    await next.start()
    expect((await failure(callGateway(folder, 'x'))).code).to.equal('control.unknown')
    await next.stop()
  })

  it('works in a folder deeper than a socket’s path may be', async () => {
    const deep = join(folder, 'd'.repeat(100), 'e'.repeat(100))
    mkdirSync(deep, { recursive: true })
    const far = new ControlServer({ dataDir: deep, commands: [command('a.b', z.object({}), () => 1)], logger })
    await far.start()
    expect(await callGateway(deep, 'a.b')).to.equal(1)
    await far.stop()
    rmSync(join(socketPath(deep), '..'), { recursive: true, force: true })
  })
})
