import { join } from 'node:path'
import { expect } from 'chai'
import type { AlarmListing } from '#gateway/alarms/actions/alarm-commands.js'
import { composeGateway, type Gateway } from '#gateway/compose/gateway.js'
import type { GatewayDependencies } from '#gateway/compose/site.js'
import type { JournalReader } from '#gateway/journal/api/journal.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { FirmataBinding } from '#simulators/firmata/firmata-binding.js'
import { FirmataDevice } from '#simulators/firmata/firmata-device.js'
import { freePort } from '#simulators/free-port.js'
import { MINUTE } from '#test/gateway/alarms/alarm-home.js'
import { Receiver } from '#test/gateway/alarms/channels/receiver.js'
import { connected, mqttClient, writeSecret } from '#test/gateway/intake/transports/brokers.js'
import { until } from '#test/gateway/intake/transports/kits.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { TestHome } from '#test/support/home.js'
import { settle, TestClock } from '#test/support/test-clock.js'

/** The whole gateway, its devices on MQTT, and people who act in each way there is. */
describe('Acting on alarms of a running gateway', function () {
  this.timeout(60_000)
  let home: TestHome
  let gateway: Gateway | null = null
  let reader: JournalReader | null = null
  let port = 0
  let message = 0
  const hook = new Receiver()
  const clients: { endAsync(): Promise<void> }[] = []

  beforeEach(async () => {
    home = new TestHome()
    port = await freePort()
    for (const device of ['meter', 'button', 'stranger'])
      await writeSecret(home.folder, device, `the-secret-of-${device}`)
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) await client.endAsync().catch(() => {})
    reader?.close()
    await gateway?.stop(0)
    gateway = reader = null
    await hook.stop()
    home.remove()
  })

  async function start(alerts: object, dependencies: Partial<GatewayDependencies> = {}): Promise<void> {
    const devices = [
      { id: 'meter', secretFile: 'meter' },
      { id: 'button', secretFile: 'button', mayAcknowledge: true },
      { id: 'stranger', secretFile: 'stranger' },
    ]
    const loaded = home.configure({
      transports: [{ name: 'b', url: `mqtt+broker://127.0.0.1:${port}`, devices }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
      commit: { maxDelayMs: 0 },
      alerts,
    })
    gateway = await composeGateway(loaded, { logger: silentLogger, ...dependencies })
    await gateway.start()
    reader = openJournalReader(join(home.dataDir, 'journal.db'))
  }

  async function device(id: string) {
    const client = await connected(mqttClient(port, { clientId: id, username: id, password: `the-secret-of-${id}` }))
    clients.push(client)
    const say = (what: string, payload: object) =>
      client.publishAsync(`homebeat/v1/${id}/${what}`, JSON.stringify({ id: String(++message), ...payload }), {
        qos: 1,
      })
    return { say }
  }

  /** Under a clock that is moved by hand. */
  async function stopByHand(clock: TestClock): Promise<void> {
    let stopped = false
    void gateway?.stop(0).then(() => {
      stopped = true
    })
    gateway = null
    while (!stopped) await clock.advance(1000)
  }

  const open = async () => (await callGateway<AlarmListing>(home.dataDir, 'alarms.list')).alerts
  const states = async () => (await open()).map(({ condition, state }) => `${condition} ${state}`)
  const acts = () => reader?.alarmActions.latest(10).map(({ action, actor }) => `${action} ${actor.by} ${actor.via}`)

  it('takes the word of a device that may, when it is durable, and refuses that of others', async () => {
    await start({ channels: [] })
    const [meter, button, stranger] = [await device('meter'), await device('button'), await device('stranger')]
    await meter.say('glucose', { value: 45, unit: 'mg/dL' })
    await stranger.say('acknowledge', { alert: 'all' })
    expect(await states()).to.deep.equal(['low-glucose active'])
    expect(gateway?.status().frames.refused).to.equal(1)
    expect(gateway?.status().unmapped).to.deep.equal([])

    await button.say('acknowledge', { alert: 'all', id: 'b1' })
    expect(acts()).to.deep.equal(['acknowledge button mqtt'])
    expect(await states()).to.deep.equal(['low-glucose acknowledged'])

    await meter.say('glucose', { value: 100, unit: 'mg/dL' })
    await meter.say('glucose', { value: 44, unit: 'mg/dL' })
    await button.say('acknowledge', { alert: 'all', id: 'b1' })
    await button.say('acknowledge', { alert: 'all', at: new Date(Date.now() - MINUTE).toISOString() })
    await button.say('acknowledge', { alert: 'low-glucose-1' })
    await button.say('acknowledge', { alert: 5 })
    expect(await states(), 'neither a redelivery nor an old press reaches a new alarm').to.deep.equal([
      'low-glucose active',
    ])
    const [alert] = await open()
    await button.say('acknowledge', { alert: alert?.alertId })
    expect(await states()).to.deep.equal(['low-glucose acknowledged'])
  })

  it('offers each contact a link of their own, which acknowledges once', async () => {
    const url = await hook.start()
    const linkPort = await freePort()
    await start({
      channels: [{ type: 'webhook', name: 'push', url }],
      contacts: [{ id: 'nurse-1', role: 'nurse', channel: 'push' }],
      links: { publicUrl: `http://127.0.0.1:${linkPort}`, port: linkPort },
    })
    const meter = await device('meter')
    await meter.say('glucose', { value: 45, unit: 'mg/dL' })
    await until(() => hook.received.length === 1)
    const { acknowledgeUrl } = JSON.parse(hook.received[0]?.body ?? '{}')
    expect(acknowledgeUrl).to.match(new RegExp(`^http://127.0.0.1:${linkPort}/a/[A-Za-z0-9_-]{35}$`))
    expect((await fetch(acknowledgeUrl)).status).to.equal(200)
    expect(await states()).to.deep.equal(['low-glucose active'])
    expect((await fetch(acknowledgeUrl, { method: 'POST' })).status).to.equal(200)
    expect((await fetch(acknowledgeUrl, { method: 'POST' })).status).to.equal(404)
    expect(acts()).to.deep.equal(['acknowledge nurse-1 link'])
    const [alert] = await open()
    expect(alert?.acknowledged).to.include({ by: 'nurse-1', via: 'link' })
    expect(alert?.deliveredTo).to.deep.equal(['nurse-1 (push)'])
  })

  it('says on the page of a link that nobody is monitored', async () => {
    hook.received.length = 0
    const linkPort = await freePort()
    await start({
      channels: [{ type: 'webhook', name: 'push', url: await hook.start() }],
      contacts: [{ id: 'nurse-1', role: 'nurse', channel: 'push' }],
      links: { publicUrl: `http://127.0.0.1:${linkPort}`, port: linkPort },
    })
    const meter = await device('meter')
    await meter.say('glucose', { value: 45, unit: 'mg/dL' })
    await until(() => hook.received.length === 1)
    const { acknowledgeUrl } = JSON.parse(hook.received[0]?.body ?? '{}')
    const page = async () => (await fetch(acknowledgeUrl)).text()
    expect(await page())
      .to.contain('Low glucose')
      .and.not.contain('Not monitored')
    const pause = { reason: 'bath', minutes: 30, by: 'nurse-1', note: 'she takes a bath' }
    await callGateway(home.dataDir, 'monitoring.pause', pause)
    expect(await page()).to.match(/Not monitored: in the bath, .*said by nurse-1, &quot;she takes a bath&quot;/)
  })

  it('takes acts from the page and the command line, and shows them in the status', async () => {
    await start({ channels: [{ type: 'webhook', name: 'lamp', url: await hook.start() }] })
    const meter = await device('meter')
    await meter.say('glucose', { value: 45, unit: 'mg/dL' })
    const [alert] = await open()
    const page = readRunFile(home.dataDir)?.console ?? ''
    const origin = new URL(page).origin
    const answer = await fetch(new URL('/api/alarms/acknowledge', page), {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin },
      body: JSON.stringify({ alerts: [alert?.alertId], by: 'anna', note: 'I am with her' }),
    })
    expect(await answer.json()).to.deep.equal({ done: [alert?.alertId] })
    const inhibited = await callGateway<{ until: number }>(home.dataDir, 'alarms.inhibit', {
      ...{ scope: { observable: 'bloodGlucose' }, minutes: 5, by: 'root', note: 'washing' },
    })
    expect(inhibited.until).to.be.greaterThan(Date.now())
    expect(await callGateway(home.dataDir, 'alarms.release', { by: 'root' })).to.deep.equal({ released: 1 })
    expect(await callGateway(home.dataDir, 'alarms.silence', { alerts: 'all', minutes: 5, by: 'root' })).to.deep.equal({
      done: [],
    })
    for (const [name, input] of [
      ['acknowledge', { alerts: 'all' }],
      ['acknowledge', { alerts: [], by: 'x' }],
      ['silence', { alerts: 'all', minutes: 61, by: 'x' }],
      ['inhibit', { scope: { observable: 'mood' }, minutes: 5, by: 'x' }],
    ] as const)
      expect(await codeOf(() => callGateway(home.dataDir, `alarms.${name}`, input))).to.equal('control.input')
    expect(acts()).to.deep.equal(['release root command-line', 'inhibit root command-line', 'acknowledge anna console'])
    expect(gateway?.status().alerts[0]).to.deep.include({ state: 'acknowledged', condition: 'low-glucose' })
    expect(gateway?.status().alerts[0]?.acknowledged).to.include({ by: 'anna', via: 'console' })
  })

  it('ends the reminders by the button of the annunciator, and the log says so', async () => {
    const clock = new TestClock()
    const serialBinding = new FirmataBinding()
    const board = new FirmataDevice()
    serialBinding.plug('/dev/lamp', board)
    await start(
      { channels: [{ type: 'annunciator', name: 'lamp', url: 'firmata:///dev/lamp' }] },
      { clock, serialBinding },
    )
    const meter = await device('meter')
    await meter.say('glucose', { value: 45, unit: 'mg/dL' })
    const alertId = reader?.alerts.active()[0]?.alertId ?? ''
    const reasons = () => reader?.notifications.ofAlert(alertId).map(({ reason }) => reason)
    await until(() => board.lines.length > 0)
    await clock.advance(6 * MINUTE)
    expect(reasons()).to.deep.equal(['raised', 'reminder'])

    board.press(2, true)
    await clock.advance(50)
    board.press(2, false)
    await clock.advance(50)
    await settle()
    expect(acts()).to.deep.equal(['acknowledge lamp button'])
    await clock.advance(20 * MINUTE)
    expect(reasons()).to.deep.equal(['raised', 'reminder', 'acknowledged'])
    expect(reader?.alerts.episode(alertId).at(-1)).to.deep.include({
      state: 'acknowledged',
      actor: { by: 'lamp', via: 'button' },
    })

    await stopByHand(clock)
  })

  it('has a rehearsal at its time, which the button of the annunciator answers', async () => {
    const clock = new TestClock()
    const serialBinding = new FirmataBinding()
    const board = new FirmataDevice()
    serialBinding.plug('/dev/lamp', board)
    const due = new Date(clock.now() + 30 * MINUTE)
    await start(
      {
        channels: [{ type: 'annunciator', name: 'lamp', url: 'firmata:///dev/lamp' }],
        rehearsal: { at: `${due.getMinutes()} ${due.getHours()} * * *` },
      },
      { clock, serialBinding },
    )
    await clock.advance(29 * MINUTE)
    expect(gateway?.status().rehearsal, 'none yet').to.equal(null)
    await clock.advance(2 * MINUTE)
    const said = () => board.lines.find((line) => line.includes('Rehearsal'))
    await until(() => said() !== undefined)
    expect(said()).to.match(/EXERCISE: Rehearsal of the alarm \(active since/)
    expect(gateway?.status().rehearsal).to.deep.include({ answered: null })
    // That the chain is out of reach sounds before any exercise: the first press is for that.
    for (let i = 0; i < 2; i++) {
      board.press(2, true)
      await clock.advance(50)
      board.press(2, false)
      await clock.advance(5000)
    }
    expect(gateway?.status().rehearsal?.answered).to.include({ by: 'lamp', via: 'button' })
    expect(acts()).to.deep.equal(['acknowledge lamp button', 'acknowledge lamp button', 'rehearse gateway gateway'])
    expect(reader?.alerts.active().map(({ condition }) => condition)).to.deep.equal(['batches-provisional'])
    await stopByHand(clock)
  })

  it('ends a rehearsal by whichever way a person answers, and says how', async () => {
    const url = await hook.start()
    const linkPort = await freePort()
    await start({
      channels: [{ type: 'webhook', name: 'push', url }],
      contacts: [{ id: 'nurse-1', role: 'nurse', channel: 'push' }],
      links: { publicUrl: `http://127.0.0.1:${linkPort}`, port: linkPort },
    })
    const button = await device('button')
    const page = readRunFile(home.dataDir)?.console ?? ''
    const headers = { 'content-type': 'application/json', origin: new URL(page).origin }
    const ways: Record<string, (alert: { alertId: string; acknowledgeUrl: string }) => Promise<unknown>> = {
      'nurse-1 link': async ({ acknowledgeUrl }) => {
        const asked = await (await fetch(acknowledgeUrl)).text()
        expect(asked).to.match(/EXERCISE: Rehearsal of the alarm.*Nothing has happened/s)
        return fetch(acknowledgeUrl, { method: 'POST' })
      },
      'anna console': ({ alertId }) => {
        const body = JSON.stringify({ alerts: [alertId], by: 'anna' })
        return fetch(new URL('/api/alarms/acknowledge', page), { method: 'POST', headers, body })
      },
      'button mqtt': () => button.say('acknowledge', { alert: 'all' }),
      'root command-line': () => callGateway(home.dataDir, 'alarms.acknowledge', { alerts: 'all', by: 'root' }),
    }
    for (const [way, answer] of Object.entries(ways)) {
      hook.received.length = 0
      expect(await callGateway(home.dataDir, 'alarms.rehearse', { by: 'root' })).to.deep.equal({ standing: 'begins' })
      // What the one before ended with may still come.
      const told = () => hook.received.map(({ body }) => JSON.parse(body)).find(({ reason }) => reason === 'raised')
      await until(() => told() !== undefined)
      const notice = told()
      expect(notice, way).to.include({ condition: 'rehearsal', rehearsal: true, priority: 'high', reason: 'raised' })
      await answer(notice)
      await until(() => reader?.alerts.active().length === 0)
      const { by, via } = gateway?.status().rehearsal?.answered ?? {}
      expect(`${by} ${via}`).to.equal(way)
    }
  })
})
