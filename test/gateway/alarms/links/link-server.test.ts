import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { LinkServer } from '#gateway/alarms/links/link-server.js'
import { LinkTokens, loadOrCreateLinkKey } from '#gateway/alarms/links/link-tokens.js'
import { configSchema } from '#gateway/config/schema.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { makeIdentity } from '#gateway/platform/net/certificate.js'
import { AlarmHome, MINUTE } from '#test/gateway/alarms/alarm-home.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { halfRequests, raw } from '#test/support/raw-http.js'
import { TestClock } from '#test/support/test-clock.js'

const CONTACTS = ['nurse-1', 'doctor-1']

describe('The tokens of links', () => {
  const key = randomBytes(32)
  const clock = new TestClock()
  const tokens = new LinkTokens({ key, validMinutes: 120, clock })
  const bearer = { alertId: 'low-glucose-1', contact: 'nurse-1' }

  it('names neither the alert nor the contact, and no two are alike', () => {
    const token = tokens.make(bearer)
    expect(token).to.match(/^[A-Za-z0-9_-]{35}$/)
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.to.match(/glucose|nurse/)
    expect(tokens.make(bearer)).not.to.equal(token)
  })

  it('is read until it expires, only with its key, for its alert and its contact', async () => {
    const own = new TestClock()
    const made = new LinkTokens({ key, validMinutes: 120, clock: own })
    const token = made.make(bearer)
    expect(made.read(token, [{ ...bearer, contact: 'doctor-1' }, bearer])).to.deep.equal(bearer)
    expect(made.read(token, [{ ...bearer, contact: 'doctor-1' }])).to.equal(null)
    expect(made.read(token, [{ ...bearer, alertId: 'low-glucose-2' }])).to.equal(null)
    expect(new LinkTokens({ key: randomBytes(32), validMinutes: 120, clock: own }).read(token, [bearer])).to.equal(null)
    await own.advance(119 * MINUTE)
    expect(made.read(token, [bearer])).to.deep.equal(bearer)
    await own.advance(MINUTE)
    expect(made.read(token, [bearer])).to.equal(null)
  })

  it('takes no other text for a token', () => {
    const token = tokens.make(bearer)
    fc.assert(
      fc.property(fc.nat(34), fc.constantFrom(...'ABCDEFabcdef0189-_'), (at, letter) => {
        fc.pre(token[at] !== letter)
        const forged = token.slice(0, at) + letter + token.slice(at + 1)
        // The last letter carries two bits that belong to no byte.
        const same = Buffer.from(forged, 'base64url').equals(Buffer.from(token, 'base64url'))
        expect(tokens.read(forged, [bearer]) === null || same).to.equal(true)
      }),
    )
    fc.assert(fc.property(fc.string(), (text) => tokens.read(text, [bearer]) === null))
  })

  it('keeps its key in a file of its own, 0600, the same after a restart', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homebeat-links-'))
    const path = join(folder, 'keys', 'link.key')
    const made = await loadOrCreateLinkKey(path)
    expect(statSync(path).mode & 0o777).to.equal(0o600)
    expect((await loadOrCreateLinkKey(path)).equals(made)).to.equal(true)
    writeFileSync(path, 'short')
    expect(await codeOf(() => loadOrCreateLinkKey(path))).to.equal('links.key')
    rmSync(folder, { recursive: true })
  })
})

describe('The link server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-links-'))
  let home: AlarmHome
  let tokens: LinkTokens
  let server: LinkServer | null = null

  beforeEach(async () => {
    home = await new AlarmHome().start()
    tokens = new LinkTokens({ key: randomBytes(32), validMinutes: 120, clock: home.clock })
  })
  afterEach(async () => {
    await server?.stop()
    server = null
    await home.stop()
  })
  after(() => rmSync(folder, { recursive: true }))

  async function start(links: object = {}): Promise<LinkServer> {
    const config = configSchema.shape.alerts.parse({
      links: { publicUrl: 'https://home.example:8443', port: 0, ...links },
    }).links
    if (!config) throw new Error('no links')
    const { actions, clock } = home
    server = new LinkServer({
      config,
      tokens,
      contacts: CONTACTS,
      call: ['At home: <1>'],
      actions,
      say: ({ condition }) => ({
        alarm: `home-7: HIGH: ${condition}`,
        lines: ['Home: <b>Flat & 12</b>.', 'Other open alarms: none.'],
      }),
      ...{ baseDir: folder, dataDir: folder },
      clock,
      logger: silentLogger,
    })
    await server.start()
    return server
  }

  async function ask(path: string, method = 'GET', init: RequestInit = {}) {
    const answer = await fetch(`http://127.0.0.1:${server?.port}${path}`, { method, redirect: 'manual', ...init })
    return { code: answer.status, headers: answer.headers, text: await answer.text() }
  }

  it('asks at GET, however often a scanner fetches it, and acknowledges at POST, as the contact', async () => {
    const [alertId = ''] = await home.glucose(50)
    await start()
    const link = `/a/${tokens.make({ alertId, contact: 'nurse-1' })}`
    for (let i = 0; i < 3; i++) {
      const page = await ask(link)
      expect(page.code).to.equal(200)
      expect(page.text)
        .to.contain('<form method="post">')
        .and.contain('<strong>home-7: HIGH: low-glucose</strong>')
        .and.contain('<p>Home: &lt;b&gt;Flat &amp; 12&lt;/b&gt;.</p><p>Other open alarms: none.</p>')
        .and.not.match(/50|nurse|p-1/)
    }
    expect(home.journal.alerts.episode(alertId).at(-1)?.state).to.equal('active')
    expect((await ask(link, 'HEAD')).code).to.equal(404)
    const done = await ask(link, 'POST', { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: '' })
    expect(done.code).to.equal(200)
    expect(home.journal.alerts.episode(alertId).at(-1)).to.deep.include({
      state: 'acknowledged',
      actor: { by: 'nurse-1', via: 'link' },
    })
  })

  it('works once, also after a restart, and gives the same page for used, expired, forged and over', async () => {
    const [alertId = ''] = await home.glucose(50)
    await start()
    const used = `/a/${tokens.make({ alertId, contact: 'nurse-1' })}`
    const other = `/a/${tokens.make({ alertId, contact: 'doctor-1' })}`
    const expired = `/a/${new LinkTokens({ key: randomBytes(32), validMinutes: 120, clock: home.clock }).make({ alertId, contact: 'nurse-1' })}`
    const codes = await Promise.all([ask(used, 'POST'), ask(used, 'POST')])
    expect(codes.map(({ code }) => code).sort()).to.deep.equal([200, 404])
    await server?.stop()
    await home.restart()
    await start()
    const pages = await Promise.all(
      [used, other, expired, '/a/x', '/a/', '/', '/api/status', `/a/${'A'.repeat(35)}`].flatMap((path) => [
        ask(path),
        ask(path, 'POST'),
      ]),
    )
    expect(new Set(pages.map(({ code, text }) => `${code} ${text}`)).size).to.equal(1)
    expect(pages[0]?.code).to.equal(404)
    expect(home.journal.alarmActions.latest(10)).to.have.length(1)
  })

  it('takes no link after its time', async () => {
    const [alertId = ''] = await home.glucose(50)
    await start()
    const link = `/a/${tokens.make({ alertId, contact: 'nurse-1' })}`
    await home.clock.advance(121 * MINUTE)
    expect((await ask(link, 'POST')).code).to.equal(404)
    expect(home.journal.alarmActions.latest(10)).to.deep.equal([])
  })

  it('sends strict headers with every answer', async () => {
    await start()
    const { headers } = await ask('/a/x')
    expect(headers.get('referrer-policy')).to.equal('no-referrer')
    expect(headers.get('cache-control')).to.equal('no-store')
    expect(headers.get('content-security-policy')).to.contain("default-src 'none'").and.contain("form-action 'self'")
    expect(headers.get('content-security-policy')).not.to.contain('unsafe')
  })

  it('holds back who tries too often, for a minute, and never a good link', async () => {
    const [alertId = ''] = await home.glucose(50)
    await start()
    for (let i = 0; i < 30; i++) expect((await ask('/a/guess')).code).to.equal(404)
    const link = `/a/${tokens.make({ alertId, contact: 'nurse-1' })}`
    expect((await ask('/a/guess')).code).to.equal(429)
    expect((await ask('/elsewhere')).code).to.equal(429)
    expect((await ask(link, 'POST')).code).to.equal(200)
    expect((await ask(link, 'POST')).code).to.equal(429)
    await home.clock.advance(MINUTE)
    expect((await ask('/a/guess')).code).to.equal(404)
  })

  for (const [what, bytes] of [
    ['silent sockets', ''],
    ['half requests', 'GET /a/x HTT'],
  ] as const)
    it(`lets a doctor acknowledge beside 100 ${what}, and says that somebody takes the places`, async () => {
      const [alertId = ''] = await home.glucose(50)
      const { port } = await start()
      const isFull = () => server?.check().map(({ condition, present }) => `${condition} ${present}`)
      expect(isFull()).to.deep.equal(['links-full false'])
      const strangers = await halfRequests(port, 100, bytes)
      try {
        expect((await ask(`/a/${tokens.make({ alertId, contact: 'doctor-1' })}`, 'POST')).code).to.equal(200)
        expect(isFull()).to.deep.equal(['links-full true'])
        await home.clock.advance(MINUTE)
        expect(isFull()).to.deep.equal(['links-full false'])
      } finally {
        strangers.end()
      }
    })

  it('closes what has not asked within ten seconds', async () => {
    const { port } = await start()
    const { open } = await halfRequests(port, 1, 'GET /a/x HTTP/1.1\r\nx: ')
    await home.clock.advance(10_000)
    await Promise.all(open.map((socket) => socket.closed || once(socket, 'close')))
  })

  it('refuses two Host headers, and the name of another server', async () => {
    const [alertId = ''] = await home.glucose(50)
    const { port } = await start()
    const path = `/a/${tokens.make({ alertId, contact: 'doctor-1' })}`
    for (const line of [`GET ${path} HTTP/1.1`, `GET http://other.example${path} HTTP/1.1`])
      expect(await raw(port, [line, 'host: home.example', 'host: other.example'])).to.match(/^HTTP\/1.1 400 /)
    expect(await raw(port, [`GET http://other.example${path} HTTP/1.1`, 'host: home.example'])).to.match(/ 400 /)
  })

  it('is not fooled by what a POST carries', async () => {
    await start()
    const bodies = [
      { headers: { 'content-type': 'application/json' }, body: '{"__proto__":1}' },
      { headers: { 'content-type': 'text/plain' }, body: 'x'.repeat(100_000) },
    ]
    for (const init of bodies) expect((await ask('/a/x', 'POST', init)).code).to.be.within(400, 413)
  })

  it('answers the network only encrypted, unless it is told otherwise', async () => {
    await start({ host: '0.0.0.0' }).then(
      () => expect.fail('it started'),
      (error: Error) => expect(error.message).to.contain('would answer the network without encryption'),
    )
    await start({ host: '0.0.0.0', allowUnencrypted: true })
    expect((await ask('/a/x')).code).to.equal(404)
  })

  it('speaks TLS with the site’s certificate', async () => {
    const [alertId = ''] = await home.glucose(50)
    const { cert, key } = await makeIdentity({ names: ['home.example'], addresses: ['127.0.0.1'] })
    writeFileSync(join(folder, 'link.crt'), cert)
    writeFileSync(join(folder, 'link.pem'), key, { mode: 0o600 })
    const { port } = await start({ tls: { certFile: 'link.crt', keyFile: 'link.pem' } })
    const code = await new Promise((resolve, reject) => {
      const path = `/a/${tokens.make({ alertId, contact: 'nurse-1' })}`
      const ca = readFileSync(join(folder, 'link.crt'))
      const asked = request({ host: '127.0.0.1', port, path, method: 'POST', ca, agent: false }, (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      })
      asked.on('error', reject).end()
    })
    expect(code).to.equal(200)
  })
})
