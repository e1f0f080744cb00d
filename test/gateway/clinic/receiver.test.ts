import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { get } from 'node:https'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ClinicReport } from '#gateway/clinic/report.js'
import { composeReceiver, type Receiver } from '#gateway/compose/clinic.js'
import type { SerialBinding } from '#gateway/intake/transports/serial/binding.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import { callGateway } from '#gateway/platform/control-socket/control-client.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { brokerIdentity } from '#gateway/platform/net/certificate.js'
import { FirmataBinding } from '#simulators/firmata/firmata-binding.js'
import { FirmataDevice } from '#simulators/firmata/firmata-device.js'
import { until } from '#test/gateway/intake/transports/kits.js'
import { halfRequests, raw } from '#test/support/raw-http.js'
import { settle, TestClock } from '#test/support/test-clock.js'
import { checkInAt, post, TestClinic } from './clinic.js'

interface Told {
  readonly condition: string
  readonly reason: string
  readonly priority: string
  readonly home: string
  readonly preview: string
}

describe('clinic/receiver', function () {
  this.timeout(30_000)
  let clinic: TestClinic
  let clock: TestClock
  let receiver: Receiver
  let told: Told[]
  let secret: string
  let sequence: number

  beforeEach(async () => {
    clinic = new TestClinic()
    clock = new TestClock()
    told = []
    sequence = 0
    secret = clinic.secret('home-1')
    await start()
  })
  afterEach(async () => {
    await receiver.stop()
    clinic.remove()
  })

  async function start(parts: object = {}, serialBinding?: SerialBinding): Promise<void> {
    receiver = await composeReceiver(clinic.configure({ homes: [{ id: 'home-1', secretFile: 'home-1' }], ...parts }), {
      logger: silentLogger,
      clock,
      ...(serialBinding && { serialBinding }),
      fetch: async (_url, init) => {
        told.push(JSON.parse(String(init?.body)))
        return new Response(null, { status: 204 })
      },
    })
    await receiver.start()
  }

  const port = () => receiver.address().checkInPort
  const checkIn = async (change: Parameters<typeof checkInAt>[2] = {}, key = secret, at = clock.now()) =>
    (await post(port(), key, checkInAt(at, ++sequence, change), at)).status

  async function pass(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) await clock.advance(1000)
    await clock.advance(100)
    await settle(10)
  }

  const reasons = (condition: string) => told.filter((one) => one.condition === condition).map((one) => one.reason)

  it('hears a home beside 700 half requests, and says that somebody takes the places', async () => {
    const half = 'POST /beat HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{'
    const strangers = await halfRequests(port(), 700, half)
    try {
      expect(await checkIn()).to.equal(204)
      await pass(2)
      expect(reasons('check-ins-full')).to.deep.equal(['raised'])
      await pass(61)
      expect(reasons('check-ins-full')).to.deep.equal(['raised', 'cleared'])
    } finally {
      strangers.end()
    }
  })

  it('gives no share to a proxy, behind which all homes are', async () => {
    await receiver.stop()
    await start({ trustProxy: ['127.0.0.0/8'] })
    const homes = await halfRequests(port(), 100, '')
    expect((await fetch(`http://127.0.0.1:${port()}/healthz`)).status).to.equal(200)
    expect(homes.open.filter(({ closed }) => closed)).to.deep.equal([])
    await pass(2)
    expect(reasons('check-ins-full')).to.deep.equal([])
    homes.end()
  })

  it('says first that a home is not monitored, why and until when', async () => {
    const until = new Date(clock.now() + 3_600_000).toISOString()
    const notMonitored = { reason: 'hospital', since: new Date(clock.now()).toISOString(), until }
    expect(await checkIn({ notMonitored })).to.equal(204)
    expect(receiver.report().homes[0]?.gateway?.notMonitored).to.deep.equal(notMonitored)
    const page = await (await fetch(receiver.address().pageUrl)).text()
    expect(page).to.contain('1 not monitored, 1 present.')
    expect(page).to.match(/present, not monitored.*not monitored: in hospital, until /)
    expect(await checkIn()).to.equal(204)
    expect(await (await fetch(receiver.address().pageUrl)).text()).not.to.contain('not monitored')
  })

  it('refuses two Host headers at both of its servers', async () => {
    const page = Number(new URL(receiver.address().pageUrl).port)
    for (const [at, path] of [
      [port(), '/healthz'],
      [page, '/api/homes'],
    ] as const) {
      const host = `host: 127.0.0.1:${at}`
      expect(await raw(at, [`GET ${path} HTTP/1.1`, host])).to.match(/^HTTP\/1.1 200 /)
      expect(await raw(at, [`GET ${path} HTTP/1.1`, host, 'host: evil.example'])).to.match(/^HTTP\/1.1 400 /)
      expect(await raw(at, [`GET http://evil.example${path} HTTP/1.1`, host])).to.match(/^HTTP\/1.1 400 /)
    }
  })

  it('tells people once that a home is silent, and when it is heard again', async () => {
    expect(await checkIn()).to.equal(204)
    await pass(299)
    expect(told).to.deep.equal([])
    await pass(60)
    expect(told).to.have.length(1)
    expect(told[0]).to.include({
      condition: 'home-silent-home-1',
      reason: 'raised',
      priority: 'high',
      home: 'clinic-1',
    })
    expect(told[0]?.preview).to.match(/^HIGH: No sign of life from the gateway of home-1 \(active since \d\d:\d\d\)$/)
    await checkIn()
    await pass(2)
    expect(reasons('home-silent-home-1')).to.deep.equal(['raised', 'cleared'])
  })

  it('takes the button of its annunciator for an answer, in the name of the annunciator', async () => {
    await receiver.stop()
    const serialBinding = new FirmataBinding()
    const board = new FirmataDevice()
    serialBinding.plug('/dev/lamp', board)
    const channels = [{ type: 'annunciator', name: 'duty-lamp', url: 'firmata:///dev/lamp' }]
    await start({ alerts: { channels } }, serialBinding)
    expect(await checkIn()).to.equal(204)
    await pass(360)
    await until(() => board.lines.some((line) => line.includes('No sign of life from the gateway of home-1')))
    board.press(2, true)
    await clock.advance(50)
    board.press(2, false)
    await pass(2)
    const journal = openJournalReader(join(clinic.dataDir, 'journal.db'))
    const actor = { by: 'duty-lamp', via: 'button' }
    expect(journal.alerts.active().map(({ condition, state }) => `${condition} ${state}`)).to.deep.equal([
      'home-silent-home-1 acknowledged',
    ])
    expect(journal.alarmActions.latest(9)).to.have.length(1)
    expect(journal.alarmActions.latest(9)[0]).to.deep.include({ action: 'acknowledge', actor })
    journal.close()
  })

  it('reminds until somebody acknowledges, and keeps that over a restart', async () => {
    const remind = {
      alerts: {
        channels: [{ type: 'webhook', name: 'duty', url: 'http://127.0.0.1:1/duty' }],
        contacts: [{ id: 'nurse', role: 'nurse', channel: 'duty' }],
        remindMinutes: { high: 5 },
      },
    }
    await receiver.stop()
    await start(remind)
    await checkIn()
    await pass(310)
    await receiver.stop()
    await start(remind)
    await pass(310)
    expect(reasons('home-silent-home-1')).to.deep.equal(['raised', 'reminder'])
    const { dataDir } = clinic
    const answer = callGateway(dataDir, 'home.acknowledge', { home: 'home-1', by: 'ward', note: 'rang the family' })
    await settle(20)
    await clock.advance(100)
    expect(await answer)
      .to.have.property('acknowledged')
      .with.length(1)
    await pass(900)
    expect(reasons('home-silent-home-1').filter((reason) => reason === 'reminder')).to.have.length(1)
    expect(receiver.report().homes[0]?.alarms[0]?.state).to.equal('acknowledged')
  })

  it('raises a medium alarm where a gateway checks in without keeping watch', async () => {
    for (let minute = 0; minute < 12; minute++) {
      await checkIn({ healthy: false, reasons: ['no-source'] })
      await pass(60)
    }
    expect(told.map(({ condition, priority }) => [condition, priority])).to.deep.equal([
      ['home-unhealthy-home-1', 'medium'],
    ])
  })

  it('takes nothing that is forged, repeated, old, too large or no check-in', async () => {
    const send = (body: string, headers: Record<string, string> = {}) =>
      fetch(`http://127.0.0.1:${port()}/beat`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body,
      })
    expect(await checkIn({}, clinic.secret('other'))).to.equal(401)
    expect(await checkIn({ home: 'home-unknown' })).to.equal(401)
    expect((await send(JSON.stringify(checkInAt(clock.now(), 1)))).status).to.equal(401)
    expect((await send('{')).status).to.equal(400)
    expect((await send(JSON.stringify({ ...checkInAt(clock.now(), 1), sequence: 'x' }))).status).to.equal(400)
    expect((await send('x'.repeat(9000))).status).to.equal(413)
    expect(await checkIn({}, secret, clock.now() - 301_000)).to.equal(400)
    expect(receiver.report().homes[0]?.state).to.equal('awaited')
    expect(await checkIn()).to.equal(204)
    sequence--
    expect(await checkIn()).to.equal(409)
  })

  it('holds back an address that is refused again and again, but never a home with its secret', async () => {
    const wrong = clinic.secret('other')
    const statuses: number[] = []
    for (let i = 0; i < 30; i++) statuses.push(await checkIn({ home: `home-${i + 10}` }, wrong))
    expect(statuses.filter((status) => status === 401)).to.have.length(20)
    expect(statuses.filter((status) => status === 429)).to.have.length(10)
    expect(await checkIn()).to.equal(204)
  })

  it('enrols and forgets homes while it runs; what is forgotten alarms no longer', async () => {
    const { dataDir } = clinic
    const { secret: key } = await callGateway<{ secret: string }>(dataDir, 'home.enrol', {
      home: 'home-9',
      renew: false,
    })
    expect(await checkIn({ home: 'home-9' }, key)).to.equal(204)
    await pass(302)
    expect(reasons('home-silent-home-9')).to.deep.equal(['raised'])
    await callGateway(dataDir, 'home.forget', { home: 'home-9' })
    await pass(2)
    expect(reasons('home-silent-home-9')).to.deep.equal(['raised', 'cleared'])
    expect(await checkIn({ home: 'home-9' }, key)).to.equal(401)
    const again = await callGateway(dataDir, 'home.forget', { home: 'home-1' }).catch((error) => error.code)
    expect(again).to.equal('clinic.configured')
  })

  it('is healthy for the clinic’s own monitoring while it ticks, and not where it does not', async () => {
    const health = async () => (await fetch(`http://127.0.0.1:${port()}/healthz`)).status
    expect(await health()).to.equal(200)
    clock.monotonic = () => 60_000
    expect(await health()).to.equal(503)
  })

  it('shows the page to this machine only, where it has no token', async () => {
    const { pageUrl } = receiver.address()
    const ask = async (path: string, headers: Record<string, string> = {}) =>
      (await fetch(new URL(path, pageUrl), { headers })).status
    expect(await ask('/')).to.equal(200)
    expect(await ask('/', { 'x-forwarded-for': '192.0.2.1' })).to.equal(403)
    expect((await (await fetch(new URL('/api/homes', pageUrl))).json()) as ClinicReport).to.include({
      receiver: 'clinic-1',
    })
    expect((await fetch(`http://127.0.0.1:${port()}/`)).status).to.equal(404)
  })

  it('asks everybody for the token, where there is one', async () => {
    await receiver.stop()
    const token = clinic.secret('page-token')
    await start({ page: { port: 0, tokenFile: 'page-token' } })
    const ask = async (authorization?: string) =>
      (await fetch(receiver.address().pageUrl, { headers: authorization ? { authorization } : {} })).status
    expect(await ask()).to.equal(401)
    expect(await ask('Bearer wrong')).to.equal(401)
    expect(await ask(`Bearer ${token}`)).to.equal(200)
    expect(await ask(`Basic ${Buffer.from(`ward:${token}`).toString('base64')}`)).to.equal(200)

    const answered: number[] = []
    let right = 0
    for (let i = 0; i < 40; i++) {
      // 0: its place went to the next one of its address.
      void ask(`Bearer guess-${i}`)
        .catch(() => 0)
        .then((status) => answered.push(status))
      right += Number((await ask(`Bearer ${token}`)) === 200)
      right += Number((await ask()) === 401)
    }
    expect(right, 'a right token, and a browser that has not asked for it yet, beside one that guesses').to.equal(80)
    expect(answered.filter((status) => status !== 0).length, 'wrong ones wait').to.be.below(5)
    while (answered.length < 40) {
      await clock.advance(4000)
      await settle(10)
    }
    expect(answered.filter((status) => status !== 401 && status !== 0)).to.deep.equal([])
  })

  it('speaks TLS with the certificate of its configuration', async () => {
    const { cert, key } = await brokerIdentity(undefined, clinic.folder, clinic.folder)
    writeFileSync(join(clinic.folder, 'watch.crt'), cert)
    writeFileSync(join(clinic.folder, 'watch.key'), key, { mode: 0o600 })
    await receiver.stop()
    await start({ tls: { certFile: 'watch.crt', keyFile: 'watch.key' }, listen: { host: '0.0.0.0', port: 0 } })
    const [answer] = (await once(
      get({ port: port(), path: '/healthz', ca: cert, checkServerIdentity: () => undefined }),
      'response',
    )) as [IncomingMessage]
    expect(answer.statusCode).to.equal(200)
    answer.resume()
  })

  it('is the only one on its folder', async () => {
    const second = composeReceiver(clinic.configure({ dataDir: './data' }), { logger: silentLogger, clock })
    expect(await second.catch((error) => error.code)).to.equal('journal.in-use')
  })
})
