import { userInfo } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Gateway } from '#gateway/compose/gateway.js'
import { composeGateway } from '#gateway/compose/gateway.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { freePort } from '#simulators/free-port.js'
import { connected, mqttClient, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

describe('homebeat alarms', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const config = join(home.folder, 'homebeat.yaml')
  let gateway: Gateway | null = null
  let alertId = ''
  const alarms = (...args: string[]) => homebeat('alarms', ...args, '-c', config)

  let port = 0
  const measure = async (id: number, value: number) => {
    const meter = { clientId: 'meter', username: 'meter', password: 'a-secret-of-the-meter' }
    const client = await connected(mqttClient(port, meter))
    const payload = JSON.stringify({ id: String(id), value, unit: 'mg/dL' })
    await client.publishAsync('homebeat/v1/meter/glucose', payload, { qos: 1 })
    await client.endAsync()
  }

  before(async () => {
    port = await freePort()
    await writeSecret(home.folder, 'secret', 'a-secret-of-the-meter')
    const devices = [{ id: 'meter', secretFile: 'secret' }]
    const loaded = home.configure({
      transports: [{ name: 'b', url: `mqtt+broker://127.0.0.1:${port}`, devices }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    })
    gateway = await composeGateway(loaded, { logger: silentLogger })
    await gateway.start()
    await measure(1, 45)
  })
  after(async () => {
    await gateway?.stop(0)
    home.remove()
  })

  it('list shows what is open, and says what to type next', async () => {
    const { stdout, stderr, code } = await alarms('list')
    expect(stderr).to.equal('')
    expect(code).to.equal(0)
    expect(stdout).to.match(
      /^HIGH {4}Low glucose {2}\[low-glucose-\d+\]\n {8}since .*; not acknowledged\n {8}told: nobody yet\n$/,
    )
    const { alerts } = JSON.parse((await alarms('list', '--json')).stdout)
    alertId = alerts[0].alertId
    expect(alerts[0]).to.include({ condition: 'low-glucose', state: 'active' })
  })

  it('silence, escalate and ack act under the login name, or the name that is given', async () => {
    expect((await alarms('silence', alertId, '--minutes', '5')).stdout).to.equal(
      `silenced ${alertId} for 5 minutes; escalation goes on\n`,
    )
    expect((await alarms('list')).stdout).to.contain('not acknowledged, silenced until')
    expect((await alarms('escalate', alertId)).stdout).to.contain('the next in the chain are told now')
    const acknowledged = await alarms('ack', '--all', '--by', 'Anna K.', '--note', 'I am with her')
    expect(acknowledged.stdout).to.equal(`acknowledged ${alertId}\n`)
    expect((await alarms('ack', alertId)).stdout).to.contain('somebody has been quicker')
    const journal = openJournalReader(join(home.dataDir, 'journal.db'))
    expect(journal.alarmActions.latest(10).map(({ action, actor }) => [action, actor])).to.deep.equal([
      ['acknowledge', { by: 'Anna K.', via: 'command-line', note: 'I am with her' }],
      ['escalate', { by: userInfo().username, via: 'command-line' }],
      ['silence', { by: userInfo().username, via: 'command-line' }],
    ])
    journal.close()
  })

  it('inhibit names what it inhibits, and release ends it', async () => {
    expect((await alarms('inhibit', '--sensor', 'spo2', '--minutes', '5', '--note', 'washing')).stdout).to.match(
      /^no alarms until .*: oxygenSaturation \(homebeat alarms release\)\n$/,
    )
    expect((await alarms('list')).stdout).to.match(/^Inhibited until .*: oxygenSaturation\n/)
    expect((await alarms('release')).stdout).to.equal('alarms are raised again\n')
    expect((await alarms('release')).stdout).to.equal('nothing was inhibited\n')
  })

  it('rehearsal asks for one, says what became of each, and whether any is scheduled', async () => {
    const none = await alarms('rehearsal')
    expect(none.stdout).to.match(
      /^No rehearsal is scheduled: alerts\.rehearsal: .*\nRehearsal: none yet, so nobody has tried/,
    )
    expect((await homebeat('status', '-c', config)).stdout).to.contain('Rehearsal: none yet, so nobody has tried')
    const { stdout, code } = await alarms('rehearsal', 'now', '--by', 'Anna K.', '--note', 'a new phone')
    expect(code).to.equal(0)
    expect(stdout, 'the low glucose is not over').to.match(/^a rehearsal of the alarm begins when the high alarm that/)
    const open = async () => (await alarms('list')).stdout
    expect(await open()).not.to.contain('EXERCISE')
    await measure(2, 110)
    while (!(await open()).includes('EXERCISE Rehearsal of the alarm'))
      expect(await open()).not.to.match(/HIGH +Rehearsal/)
    expect((await alarms('rehearsal')).stdout).to.match(
      /\nRehearsal of .*: nobody has answered for \d+ s\n {8}told: nobody\n$/,
    )
    expect((await alarms('rehearsal', 'now')).stdout).to.contain('nobody has answered the rehearsal that has begun')
    const [{ alertId: id }] = JSON.parse((await alarms('rehearsal', '--json')).stdout)
    await alarms('ack', id, '--by', 'nurse-1')
    expect((await homebeat('status', '-c', config)).stdout).to.match(
      /\nRehearsal of .*: answered by nurse-1 \(command-line\) after \d+ s\n/,
    )
    const [result] = JSON.parse((await alarms('rehearsal', '--json')).stdout)
    expect(result).to.deep.include({ alertId: id, told: [] })
    expect(result.answered).to.include({ by: 'nurse-1', via: 'command-line' })
    expect((await alarms('log')).stdout).to.match(/rehearse by Anna K\. \(command-line\), "a new phone"/)
    expect((await alarms('rehearsal', 'later')).code).to.be.greaterThan(0)
  })

  it('says in one line what is wrong with what it was given', async () => {
    for (const [args, wanted] of [
      [['ack'], /Name one alarm .* or say --all/],
      [['ack', alertId, '--all'], /Name one alarm/],
      [['ack', 'low-glucose-1'], /No open alert has the id low-glucose-1/],
      [['ack', '--all', '--by', ' '], /by: give 1 to 64 letters/],
      [['inhibit'], /Say what to inhibit/],
      [['inhibit', '--sensor', 'mood'], /There is no sensor mood: use one of pulse/],
      [['explain', 'low-glucose-1'], /No alarm has the id low-glucose-1/],
    ] as const) {
      const { code, stderr } = await alarms(...args)
      expect(code, args.join(' ')).to.be.greaterThan(0)
      expect(stderr).to.match(wanted)
      expect(stderr.trim().split('\n')).to.have.length(1)
    }
    expect((await alarms('silence', '--all', '--minutes', '61')).code).to.be.greaterThan(0)
  })

  it('list, log and explain work without a gateway; acting says that none runs', async () => {
    await gateway?.stop(0)
    gateway = null
    expect((await alarms('list', '--all')).stdout).to.match(/acknowledged by Anna K\. \(command-line\) at/)
    const log = (await alarms('log')).stdout
    expect(log).to.match(/high {5}Low glucose: active \(45 mg\/dL, limit below 54 mg\/dL\)/)
    expect(log).to.match(/acknowledge by Anna K\. \(command-line\), "I am with her"/)
    const entries = JSON.parse((await alarms('log', '--limit', '2', '--json')).stdout)
    expect(entries.map(({ type }: { type: string }) => type)).to.have.length(2)
    const explained = (await alarms('explain', alertId)).stdout
    expect(explained).to.contain('The value was 45 mg/dL.').and.contain('Anna K. acknowledged it')
    expect(JSON.parse((await alarms('explain', alertId, '--json')).stdout).cause.value).to.equal(45)
    const refused = await alarms('ack', '--all')
    expect(refused.stderr).to.match(/No gateway runs on/)
    expect(refused.code).to.equal(1)
  })
})
