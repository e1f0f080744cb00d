import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { get, type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { pino } from 'pino'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import type { ConsoleActions } from '#gateway/surfaces/console/acts.js'
import { type ConsoleOptions, ConsoleServer } from '#gateway/surfaces/console/server.js'
import type { LiveEvent } from '#gateway/surfaces/status/feed.js'
import { raw } from '#test/support/raw-http.js'
import { settle, TestClock } from '#test/support/test-clock.js'
import { FakeFeed } from './fake-feed.js'

interface Answer {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

describe('the console server', () => {
  const clock = new TestClock()
  const pageFolder = mkdtempSync(join(tmpdir(), 'homebeat-page-'))
  let feed: FakeFeed
  const started: ConsoleServer[] = []

  before(() => {
    mkdirSync(join(pageFolder, 'assets'))
    writeFileSync(join(pageFolder, 'index.html'), '<!doctype html><title>page</title>')
    writeFileSync(join(pageFolder, 'assets', 'app-1a2b.js'), 'export {}')
  })
  after(() => rmSync(pageFolder, { recursive: true }))
  beforeEach(() => {
    feed = new FakeFeed(() => clock.now())
    feed.fill()
  })
  afterEach(async () => {
    for (const server of started.splice(0)) await server.stop()
  })

  async function start(change: Partial<ConsoleOptions> = {}): Promise<ConsoleServer> {
    const server = new ConsoleServer({
      feed,
      host: '127.0.0.1',
      port: 0,
      logger: silentLogger,
      clock,
      pageFolder,
      ...change,
    })
    started.push(server)
    await server.start()
    return server
  }

  function ask(server: ConsoleServer, path: string, options: RequestOptions = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const asked = request(
        { host: '127.0.0.1', port: server.address().port, path, agent: false, ...options },
        (answer) => {
          let body = ''
          answer.setEncoding('utf8').on('data', (text: string) => {
            body += text
          })
          answer.on('end', () => resolve({ code: answer.statusCode ?? 0, headers: answer.headers, body }))
        },
      )
      asked.on('error', reject).end()
    })
  }

  /** Opens `/api/live`; `events` fills as they arrive. */
  async function live(server: ConsoleServer) {
    const events: LiveEvent[] = []
    let text = ''
    let ended = false
    const answer = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
      get({ host: '127.0.0.1', port: server.address().port, path: '/api/live', agent: false }, resolve).on(
        'error',
        reject,
      )
    })
    answer.setEncoding('utf8').on('data', (piece: string) => {
      text += piece
      const blocks = text.split('\n\n')
      text = blocks.pop() ?? ''
      for (const block of blocks) if (block.startsWith('data: ')) events.push(JSON.parse(block.slice(6)))
      comments.push(...blocks.filter((block) => block.startsWith(':')))
    })
    const comments: string[] = []
    answer.on('close', () => {
      ended = true
    })
    return { answer, events, comments, ended: () => ended, close: () => answer.destroy() }
  }

  /** Real sockets take real turns of the loop: looks again until it is so. The suite's timeout is the bound. */
  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await settle(1)
  }

  it('serves the page, with hashed assets kept and the rest asked for again', async () => {
    const server = await start()
    const page = await ask(server, '/')
    expect(page).to.include({ code: 200, body: '<!doctype html><title>page</title>' })
    expect(page.headers['cache-control']).to.equal('no-cache')
    const asset = await ask(server, '/assets/app-1a2b.js')
    expect(asset.headers['cache-control']).to.contain('immutable')
    expect((await ask(server, '/nothing')).code).to.equal(404)
    expect((await ask(server, '/../../package.json')).code).to.be.within(400, 404)
    expect((await ask(server, '/%2e%2e/%2e%2e/package.json')).code).to.be.within(400, 404)
  })

  it('says how to build the page where it is not built', async () => {
    const server = await start({ pageFolder: join(pageFolder, 'nowhere') })
    const page = await ask(server, '/')
    expect(page.code).to.equal(503)
    expect(page.body).to.contain('npm run build')
  })

  it('sends strict headers with every answer', async () => {
    const server = await start()
    for (const path of ['/', '/api/status', '/nothing']) {
      const { headers } = await ask(server, path)
      const policy = String(headers['content-security-policy'])
      expect(policy).to.contain("default-src 'none'").and.contain("script-src 'self'")
      expect(policy).not.to.contain('unsafe')
      expect(headers['x-content-type-options']).to.equal('nosniff')
      expect(headers['referrer-policy']).to.equal('no-referrer')
      expect(headers['access-control-allow-origin']).to.equal(undefined)
    }
    expect((await ask(server, '/api/status')).headers['cache-control']).to.equal('no-store')
  })

  it('answers only to its own names with its own port', async () => {
    const server = await start()
    const { port } = server.address()
    const code = async (host: string) => (await ask(server, '/api/status', { headers: { host } })).code
    for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, `[::1]:${port}`, `LOCALHOST:${port}`])
      expect(await code(host), host).to.equal(200)
    for (const host of ['localhost', `evil.example:${port}`, `127.0.0.1:${port + 1}`, `localhost.evil.example:${port}`])
      expect(await code(host), host).to.equal(421)
  })

  it('refuses other sites and every method but GET', async () => {
    const server = await start()
    const refused = async (headers: Record<string, string>) => (await ask(server, '/api/live', { headers })).code
    expect(await refused({ 'sec-fetch-site': 'cross-site' })).to.equal(403)
    expect(await refused({ 'sec-fetch-site': 'same-site' })).to.equal(403)
    expect(await refused({ origin: 'http://localhost:3000' })).to.equal(403)
    expect((await ask(server, '/api/status', { method: 'POST' })).code).to.equal(405)
    expect((await ask(server, '/api/status', { method: 'DELETE' })).code).to.equal(405)
  })

  it('guards what the router sees, however the path is written', async () => {
    const server = await start()
    const own = `127.0.0.1:${server.address().port}`
    const foreign = 'sec-fetch-site: cross-site'
    const paths = [
      '/%61pi/values',
      '/ap%69/status',
      '/api/%76alues',
      '/%61%70%69/live',
      '/api/values?x',
      '/api%2fvalues',
    ]
    for (const path of [...paths, `http://${own}/api/values`, `http://evil.example/api/values`, '//api/values']) {
      const answer = await raw(server.address().port, [`GET ${path} HTTP/1.1`, `host: ${own}`, foreign])
      expect(answer, path).to.match(/^HTTP\/1.1 (400|403|404) /)
      expect(answer, path).not.to.match(/"(sensor|version)"/)
    }
    const inAnyWriting = await ask(server, '/%61pi/values')
    expect(inAnyWriting.code).to.equal(200)
    expect(inAnyWriting.headers['cache-control']).to.equal('no-store')
  })

  it('refuses a request that says a header twice that decides about it', async () => {
    const server = await start()
    const own = `host: 127.0.0.1:${server.address().port}`
    for (const twice of [
      [own, 'host: evil.example'],
      ['host: evil.example', own],
      [own, own],
    ])
      expect(await raw(server.address().port, ['GET /api/values HTTP/1.1', ...twice])).to.match(/^HTTP\/1.1 400 /)
  })

  describe('with alarm actions', () => {
    const acts: unknown[] = []
    const actions: ConsoleActions = {
      async acknowledge(ids, actor) {
        acts.push(['acknowledge', ids, actor])
        if (ids !== 'all' && ids.includes('over-1')) throw new HomebeatError('alarm.unknown', 'It may be over by now.')
        return ['a-1']
      },
      async silence(ids, ms, actor) {
        acts.push(['silence', ids, ms, actor])
        return []
      },
      async escalate(id, actor) {
        acts.push(['escalate', id, actor])
      },
      async pause(reason, ms, actor) {
        acts.push(['pause', reason, ms, actor])
      },
      async resume(actor) {
        acts.push(['resume', actor])
      },
    }
    const page = (server: ConsoleServer) => ({
      'content-type': 'application/json',
      origin: `http://127.0.0.1:${server.address().port}`,
    })
    async function post(server: ConsoleServer, act: string, body: unknown, headers: object = page(server)) {
      const text = typeof body === 'string' ? body : JSON.stringify(body)
      const answer = await fetch(`${server.address().url}api/alarms/${act}`, {
        method: 'POST',
        headers: { ...headers },
        body: text,
      })
      return { code: answer.status, text: await answer.text() }
    }
    beforeEach(() => {
      acts.length = 0
    })

    it('acts for its own page: who and how go with it', async () => {
      const server = await start({ actions })
      expect(await post(server, 'acknowledge', { alerts: ['a-1'], by: ' anna ', note: 'on my way' })).to.deep.equal({
        code: 200,
        text: '{"done":["a-1"]}',
      })
      await post(server, 'silence', { alerts: 'all', minutes: 10, by: 'nurse-1' })
      await post(server, 'escalate', { alert: 'a-1', by: 'nurse-1' })
      await post(server, 'pause', { reason: 'bath', minutes: 30, by: 'nurse-1' })
      await post(server, 'resume', { by: 'nurse-1' })
      expect(acts).to.deep.equal([
        ['acknowledge', ['a-1'], { by: 'anna', via: 'console', note: 'on my way' }],
        ['silence', 'all', 600_000, { by: 'nurse-1', via: 'console' }],
        ['escalate', 'a-1', { by: 'nurse-1', via: 'console' }],
        ['pause', 'bath', 1_800_000, { by: 'nurse-1', via: 'console' }],
        ['resume', { by: 'nurse-1', via: 'console' }],
      ])
    })

    it('says in one sentence why it did not', async () => {
      const server = await start({ actions })
      expect(await post(server, 'acknowledge', { alerts: ['over-1'], by: 'anna' })).to.deep.equal({
        code: 409,
        text: '{"error":"It may be over by now."}',
      })
      acts.length = 0
      for (const body of [
        { alerts: ['a-1'] },
        { alerts: ['a-1'], by: '' },
        { alerts: ['a-1'], by: 'x'.repeat(65) },
        { alerts: ['a-1'], by: 'two\nlines' },
        { alerts: ['a 1'], by: 'anna' },
        { alerts: [], by: 'anna' },
        { alerts: ['a-1'], by: 'anna', via: 'button' },
        '{"alerts":',
      ])
        expect((await post(server, 'acknowledge', body)).code, JSON.stringify(body)).to.equal(400)
      expect((await post(server, 'silence', { alerts: 'all', minutes: 61, by: 'anna' })).code).to.equal(400)
      for (const body of [
        { reason: 'tired', minutes: 5, by: 'anna' },
        { reason: 'bath', by: 'anna' },
      ])
        expect((await post(server, 'pause', body)).code).to.equal(400)
      expect((await post(server, 'acknowledge', { alerts: 'all', by: 'anna', note: 'x'.repeat(5000) })).code).to.equal(
        413,
      )
      expect(acts).to.deep.equal([])
    })

    it('refuses other sites, forms, and who does not say where it comes from', async () => {
      const server = await start({ actions })
      const own = page(server)
      const body = { alerts: 'all', by: 'anna' }
      for (const headers of [
        { ...own, origin: 'https://evil.example' },
        { ...own, origin: 'null' },
        { 'content-type': 'application/json' },
        { ...own, 'content-type': 'text/plain' },
        { ...own, 'content-type': 'application/x-www-form-urlencoded' },
        { ...own, 'content-type': 'application/jsonp' },
      ])
        expect((await post(server, 'acknowledge', body, headers)).code, JSON.stringify(headers)).to.equal(403)
      const strange = { ...own, host: 'evil.example', 'sec-fetch-site': 'cross-site' }
      expect((await ask(server, '/api/alarms/acknowledge', { method: 'POST', headers: strange })).code).to.equal(421)
      const sent = { ...own, 'sec-fetch-site': 'cross-site' }
      expect((await ask(server, '/api/alarms/acknowledge', { method: 'POST', headers: sent })).code).to.equal(403)
      expect((await post(server, 'inhibit', body)).code).to.equal(404)
      expect(acts).to.deep.equal([])
    })

    it('refuses a foreign act, however its path is written', async () => {
      const server = await start({ actions })
      const body = '{"alerts":"all","by":"x"}'
      const lines = ['sec-fetch-site: cross-site', 'content-type: application/json', `content-length: ${body.length}`]
      for (const path of ['/%61pi/alarms/acknowledge', '/api/alarms/%61cknowledge', '/api/al%61rms/acknowledge'])
        for (const origin of ['origin: http://evil.example', `origin: http://127.0.0.1:${server.address().port}`]) {
          const host = `host: 127.0.0.1:${server.address().port}`
          const head = [`POST ${path} HTTP/1.1`, host, origin, ...lines]
          expect(await raw(server.address().port, head, body), path).to.match(/^HTTP\/1.1 40[0-9] /)
        }
      expect(acts).to.deep.equal([])
    })

    it('does nothing where it has no alarm actions', async () => {
      const server = await start()
      expect((await post(server, 'acknowledge', { alerts: 'all', by: 'anna' })).code).to.equal(404)
    })
  })

  it('gives the status and the values as JSON', async () => {
    const server = await start()
    expect(JSON.parse((await ask(server, '/api/status')).body)).to.deep.equal(JSON.parse(JSON.stringify(feed.status())))
    expect(JSON.parse((await ask(server, '/api/values')).body)).to.have.length(10)
    feed.broken = true
    const failed = await ask(server, '/api/status')
    expect(failed.code).to.equal(500)
    expect(failed.body).not.to.contain('journal')
  })

  it('sends the status and all values at once, then what the feed says', async () => {
    const server = await start()
    const page = await live(server)
    expect(page.answer.headers['content-type']).to.contain('text/event-stream')
    expect(page.answer.headers['content-security-policy']).to.contain("default-src 'none'")
    await until(() => page.events.length === 11)
    expect(page.events.map((event) => event.type)).to.deep.equal(['status', ...Array(10).fill('value')])

    feed.value('pulse', 80, '/min')
    feed.value('pulse', 81, '/min')
    const at = clock.now()
    feed.samples('ecg', at, 4, Array(25).fill(2.500000001))
    feed.samples('ecg', at + 100, 4, Array(25).fill(null))
    feed.samples('ecg', at + 400, 4, [1])
    await clock.advance(150)
    await until(() => page.events.length >= 14)
    expect(page.events.slice(11)).to.deep.equal([
      { type: 'value', value: { sensor: 'pulse', at, value: 81, unit: '/min', quality: 'good', remarks: [] } },
      {
        type: 'samples',
        sensor: 'ecg',
        at,
        periodMs: 4,
        unit: 'V',
        samples: [...Array(25).fill(2.5), ...Array(25).fill(null)],
      },
      { type: 'samples', sensor: 'ecg', at: at + 400, periodMs: 4, unit: 'V', samples: [1] },
    ])
    page.close()
  })

  it('sends the status every second, right after an alert, and a heartbeat', async () => {
    const server = await start()
    const page = await live(server)
    await until(() => page.events.length === 11)
    feed.raise('low-oxygen-saturation', 'high')
    await clock.advance(150)
    await until(() => page.events.length === 13)
    expect(page.events[11]).to.deep.include({ type: 'alert' })
    const status = page.events[12]
    expect(status?.type === 'status' && status.status.alerts[0]?.condition).to.equal('low-oxygen-saturation')
    await clock.advance(15_000)
    await until(() => page.comments.length > 0)
    const statuses = page.events.filter((event) => event.type === 'status').length
    expect(statuses).to.be.within(13, 17)
    page.close()
  })

  it('listens to the feed only while a page is open', async () => {
    const server = await start()
    expect(feed.listeners.size).to.equal(0)
    const one = await live(server)
    const two = await live(server)
    expect(feed.listeners.size).to.equal(1)
    one.close()
    two.close()
    await until(() => feed.listeners.size === 0)
  })

  it('refuses one page more than it may have, and takes one again when a page closes', async () => {
    const server = await start({ maxClients: 1 })
    const page = await live(server)
    const refused = await ask(server, '/api/live')
    expect(refused.code).to.equal(503)
    expect(refused.body).to.contain('too many pages')
    page.close()
    await until(() => feed.listeners.size === 0)
    const again = await live(server)
    expect(again.answer.statusCode).to.equal(200)
    again.close()
  })

  it('drops a page that does not read, and keeps the others', async function () {
    this.timeout(60_000)
    const log: string[] = []
    const logger = pino({ level: 'info' }, { write: (line: string) => log.push(line) })
    const server = await start({ maxBuffered: 64 * 1024, logger })
    const dropped = () => log.some((line) => line.includes('too slowly was dropped'))
    const { port } = server.address()
    const slow = connect(port, '127.0.0.1')
    slow.on('error', () => {})
    slow.write(`GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`)
    slow.pause()
    await until(() => feed.listeners.size === 1)
    const quick = await live(server)
    const noise = Array.from({ length: 5000 }, (_, i) => 1.2345 + i)
    // The system's own buffers take some megabytes before ours begin to fill.
    for (let round = 0; round < 2000 && !dropped(); round++) {
      feed.samples('ecg', clock.now(), 4, noise)
      await clock.advance(150)
    }
    expect(dropped()).to.equal(true)
    const seen = quick.events.length
    feed.value('pulse', 99, '/min')
    await clock.advance(150)
    await until(() => quick.events.length > seen)
    expect(quick.ended()).to.equal(false)
    let closed = false
    slow.on('close', () => {
      closed = true
    })
    slow.resume()
    await until(() => closed)
    quick.close()
  })

  it('goes on when the feed cannot give a status', async () => {
    const server = await start()
    const page = await live(server)
    await until(() => page.events.length === 11)
    feed.broken = true
    await clock.advance(2000)
    feed.value('pulse', 70, '/min')
    await clock.advance(150)
    await until(() => page.events.length === 12)
    expect(page.ended()).to.equal(false)
    page.close()
  })

  it('says what to do when the port is taken', async () => {
    const { port } = (await start()).address()
    const error = await start({ port }).then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).to.be.instanceOf(HomebeatError).and.have.property('code', 'console.port-in-use')
    expect((error as Error).message).to.equal(
      `port ${port} is already in use on 127.0.0.1: stop the other program, or set console.port in the configuration (0 picks a free one)`,
    )
  })

  it('listens on loopback only', async () => {
    const error = await start({ host: '0.0.0.0' }).then(
      () => null,
      (reason: unknown) => reason,
    )
    expect(error).to.be.instanceOf(HomebeatError).and.have.property('code', 'console.not-loopback')
  })

  it('starts and stops twice without harm, ends open pages, and can start again', async () => {
    const server = await start()
    await server.start()
    const page = await live(server)
    await Promise.all([server.stop(), server.stop()])
    await until(page.ended)
    expect(feed.listeners.size).to.equal(0)
    await server.stop()
    await server.start()
    expect((await ask(server, '/api/status')).code).to.equal(200)
  })
})
