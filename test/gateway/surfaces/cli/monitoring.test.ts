import { join } from 'node:path'
import { expect } from 'chai'
import { composeGateway, type Gateway } from '#gateway/compose/gateway.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

describe('homebeat monitoring', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const config = join(home.folder, 'homebeat.yaml')
  let gateway: Gateway | null = null
  const monitoring = (...args: string[]) => homebeat('monitoring', ...args, '-c', config)

  before(async () => {
    const chain = { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` }
    const loaded = home.configure({ transports: [{ name: 'kit', url: 'serial:///dev/no-such-kit' }], chain })
    gateway = await composeGateway(loaded, { logger: silentLogger })
    await gateway.start()
  })
  after(async () => {
    await gateway?.stop(0)
    home.remove()
  })

  it('says in one line what is wrong with what it was given, and then nothing has changed', async () => {
    for (const [args, wanted] of [
      [['pause', 'bath', '--why', 'a bath'], /--for/],
      [['pause', 'bath', '--for', '20m'], /--why/],
      [['pause', 'lunch', '--for', '20m', '--why', 'x'], /bath.*away.*hospital.*deceased/],
      [['pause', 'bath', '--for', '20', '--why', 'x'], /give minutes, hours or days as 45m, 6h or 7d/],
      [['pause', 'bath', '--for', '0m', '--why', 'x'], /give minutes, hours or days/],
      [['pause', 'bath', '--for', '5h', '--why', 'x'], /Give "bath" an end: .*at most 4 hours/],
      [['pause', 'bath', '--for', '20m', '--why', 'x', '--by', ' '], /by: give 1 to 64 letters/],
      [['resume'], /--why/],
    ] as const) {
      const { code, stderr } = await monitoring(...args)
      expect(code, args.join(' ')).to.be.greaterThan(0)
      expect(stderr, args.join(' ')).to.match(wanted)
    }
    expect((await monitoring('show')).stdout).to.equal('monitored\n')
    expect(JSON.parse((await monitoring('show', '--json')).stdout)).to.deep.equal({ notMonitored: null })
  })

  it('pause says who, why and until when, first in show, alarms list and status', async () => {
    const { stdout, code } = await monitoring('pause', 'hospital', '--for', '7d', '--by', 'anna', '--why', 'a new hip')
    expect(code).to.equal(0)
    const said = /^Not monitored: in hospital, since \S+ \S+ until \S+ \S+, said by anna, "a new hip"\n/
    expect(stdout).to.match(said)
    expect((await monitoring('show')).stdout).to.match(said)
    expect((await homebeat('alarms', 'list', '-c', config)).stdout).to.match(said)
    expect((await homebeat('status', '-c', config)).stdout).to.match(said)
    const { notMonitored } = JSON.parse((await monitoring('show', '--json')).stdout)
    expect(notMonitored).to.deep.include({ reason: 'hospital' })
    expect(notMonitored.until - notMonitored.since).to.equal(7 * 86_400_000)
  })

  it('resume ends it once, and show needs no gateway', async () => {
    expect((await monitoring('resume', '--why', 'home again')).stdout).to.equal('the person is watched again\n')
    expect((await monitoring('resume', '--why', 'home again')).stdout).to.equal('monitoring was not paused\n')
    await monitoring('pause', 'away', '--for', '2h', '--by', 'anna', '--why', 'shopping')
    await gateway?.stop(0)
    gateway = null
    expect((await monitoring('show')).stdout).to.match(/^Not monitored: away, .*said by anna, "shopping"\n$/)
    const refused = await monitoring('resume', '--why', 'x')
    expect(refused.stderr).to.match(/No gateway runs on/)
    expect(refused.code).to.equal(1)
  })
})
