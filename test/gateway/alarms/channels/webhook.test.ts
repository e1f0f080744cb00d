import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type ChannelDependencies, noticeOf } from '#gateway/alarms/channels/channel.js'
import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { parseWebhookSecret, signatureHeaders } from '#gateway/platform/net/webhook-signature.js'
import { noticeFor, RAISED, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'
import { type Received, Receiver } from './receiver.js'

const stream = { write: () => {} }
const GOLDEN = new URL('../../../fixtures/alerts/webhook-notice.json', import.meta.url)
const never = new AbortController().signal

function webhook(url: string, over: Partial<ChannelDependencies & { tokenFile: string; secretFile: string }> = {}) {
  const { tokenFile, secretFile, ...edges } = over
  const files = { ...(tokenFile !== undefined && { tokenFile }), ...(secretFile !== undefined && { secretFile }) }
  const config: ChannelConfig = { type: 'webhook', name: 'doctor', url, ...files }
  return createChannel(config, { fetch, stream, home: 'home-7', baseDir: '.', dataDir: '.', ...edges })
}

describe('The webhook channel', () => {
  let receiver: Receiver
  let url: string
  beforeEach(async () => {
    receiver = new Receiver()
    url = await receiver.start()
  })
  afterEach(() => receiver.stop())

  const rig = async () => ({
    channel: webhook(url),
    received: () => receiver.received.map(({ body }) => body),
    keys: () => receiver.received.map(({ headers }) => headers['idempotency-key']),
    disconnect: () => receiver.stop(),
    async hang() {
      receiver.hanging = true
    },
    stop: () => receiver.stop(),
  })
  shouldBehaveLikeChannel('The webhook channel', rig, { recognisable: true })

  it('posts the documented JSON', async () => {
    const notice = { ...noticeOf(RAISED, 'home-7'), preview: 'HIGH: Low oxygen saturation (active since 12:02)' }
    await webhook(url).notify(notice, never)
    const [request] = receiver.received
    expect(request?.method).to.equal('POST')
    expect(request?.headers['content-type']).to.equal('application/json')
    expect(request?.headers.authorization).to.equal(undefined)
    expect(JSON.parse(request?.body ?? '')).to.deep.equal(JSON.parse(readFileSync(GOLDEN, 'utf8')))
  })

  it('sends the same key with each attempt, another for the end of the alert', async () => {
    const channel = webhook(url)
    for (const state of ['active', 'active', 'cleared'] as const)
      await channel.notify(noticeOf({ ...RAISED, state }, 'home-7'), never)
    const keys = receiver.received.map(({ headers }) => headers['idempotency-key'])
    const key = (state: string) => `home-7:${RAISED.alertId}:${state}`
    expect(keys).to.deep.equal([key('active'), key('active'), key('cleared')])
  })

  it('reads token and secret anew for each attempt: what was renewed holds at once, what is missing makes it wait', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homebeat-renewed-'))
    const write = (name: string, text: string) => writeFileSync(join(folder, name), text, { mode: 0o600 })
    const secretOf = (text: string) => `whsec_${Buffer.from(text.padEnd(32)).toString('base64')}`
    try {
      write('token', 'old')
      write('secret', secretOf('old'))
      const channels = [
        webhook(url, { tokenFile: 'token', secretFile: 'secret', baseDir: folder }),
        createChannel(
          { type: 'ntfy', name: 'n', url, topic: 't', tokenFile: 'token' },
          { fetch, stream, home: 'home-7', baseDir: folder, dataDir: folder },
        ),
      ]
      for (const channel of channels) {
        write('token', 'old')
        write('secret', secretOf('old'))
        receiver.received.length = 0
        await channel.notify(noticeOf(RAISED, 'home-7'), never)
        write('token', 'new')
        write('secret', secretOf('new'))
        await channel.notify(noticeOf(RAISED, 'home-7'), never)
        rmSync(join(folder, 'token'))
        expect(await channel.notify(noticeOf(RAISED, 'home-7'), never)).to.include({ class: 'transient' })
        expect(receiver.received.map(({ headers }) => headers.authorization)).to.deep.equal([
          'Bearer old',
          'Bearer new',
        ])
        const [before, after] = receiver.received.map(({ headers }) => headers['webhook-signature'])
        if (channel === channels[0]) expect(before).to.be.a('string').and.not.equal(after)
      }
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('leaves a far end that drips bytes after its deadline, and closes the socket', async () => {
    for (const head of ['HTTP/1.1 200 OK\r\nX: ', 'HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n']) {
      let closed: () => void = () => {}
      const ended = new Promise<void>((resolve) => {
        closed = resolve
      })
      const server = createServer((socket) => {
        socket.write(head)
        const drip = setInterval(() => socket.write(' '), 20)
        socket
          .on('error', () => {})
          .on('close', () => {
            clearInterval(drip)
            closed()
          })
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
      const outcome = await webhook(address, { timeoutMs: 300 }).notify(noticeOf(RAISED, 'home-7'), never)
      // The status is all that counts: a body that does not end holds nothing up.
      expect(outcome.class).to.equal(head.includes('Length') ? 'delivered' : 'ambiguous')
      await ended
      server.close()
    }
  })

  it('asks for another try when the other end is busy, no sooner than it says', async () => {
    receiver.status = 429
    receiver.headers = { 'retry-after': '17' }
    const outcome = await webhook(url).notify(noticeOf(RAISED, 'home-7'), never)
    expect(outcome).to.deep.equal({ class: 'transient', reason: 'HTTP 429', retryAfterMs: 17_000 })
  })

  it('gives up what the other end refuses', async () => {
    receiver.status = 422
    expect(await webhook(url).notify(noticeOf(RAISED, 'home-7'), never)).to.include({ class: 'permanent' })
  })

  it('repeats what may have happened', async () => {
    receiver.status = 500
    expect(await webhook(url).notify(noticeOf(RAISED, 'home-7'), never)).to.include({ class: 'ambiguous' })
  })

  it('does not follow a redirect', async () => {
    receiver.status = 302
    receiver.headers = { location: url }
    expect(await webhook(url).notify(noticeOf(RAISED, 'home-7'), never)).to.include({ class: 'transient' })
    expect(receiver.received).to.have.length(1)
  })

  it('waits for an answer only so long', async () => {
    receiver.hanging = true
    const outcome = await webhook(url, { timeoutMs: 50 }).notify(noticeOf(RAISED, 'home-7'), never)
    expect(outcome).to.deep.equal({ class: 'ambiguous', reason: 'no answer in time' })
  })

  describe('with a secret', () => {
    let folder: string
    const AT = 1614265330_000
    // A pair of the specification's own examples.
    const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'homebeat-test-'))
      writeFileSync(join(folder, 'secret'), `${SECRET}\n`, { mode: 0o600 })
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    it('signs as Standard Webhooks does', () => {
      const secret = parseWebhookSecret(SECRET, 'doctor')
      expect(signatureHeaders(secret, 'msg_p5jXN8AQM9LWM0D4loKWxJek', AT, '{"test": 2432232314}')).to.deep.equal({
        'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
        'webhook-timestamp': '1614265330',
        'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
      })
    })

    it('signs what it sends, with the time of each attempt and the key of all', async () => {
      const clock = new TestClock()
      const channel = webhook(url, { secretFile: 'secret', baseDir: folder, clock })
      await channel.notify(noticeFor('raised'), never)
      await clock.advance(60_000)
      await channel.notify(noticeFor('raised'), never)
      const times = receiver.received.map(({ headers, body }) => {
        expect(headers['webhook-id']).to.equal(headers['idempotency-key'])
        expect(headers['webhook-signature']).to.equal(verifiable(headers, body))
        expect(headers['webhook-signature']).to.not.equal(verifiable(headers, `${body} `))
        return Number(headers['webhook-timestamp'])
      })
      expect(times).to.deep.equal([clock.now() / 1000 - 60, clock.now() / 1000])
    })

    it('refuses a secret that is none', async () => {
      for (const text of ['secret', 'whsec_', 'whsec_c2hvcnQ=', SECRET.slice(6)]) {
        writeFileSync(join(folder, 'secret'), text)
        const open = () => webhook(url, { secretFile: 'secret', baseDir: folder })
        expect(await codeOf(open), text).to.equal('secret.webhook')
      }
    })

    /** As the channels' README tells a receiver to. */
    function verifiable(headers: Received['headers'], body: string): string {
      const content = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${body}`
      const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
      return `v1,${createHmac('sha256', key).update(content).digest('base64')}`
    }
  })

  describe('with a token', () => {
    let folder: string
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'homebeat-test-'))
      writeFileSync(join(folder, 'token'), 'a-secret\n', { mode: 0o600 })
    })
    afterEach(() => rmSync(folder, { recursive: true }))

    it('sends what its file holds', async () => {
      await webhook(url, { tokenFile: 'token', baseDir: folder }).notify(noticeOf(RAISED, 'home-7'), never)
      expect(receiver.received[0]?.headers.authorization).to.equal('Bearer a-secret')
    })

    it('refuses a file that others may read', async () => {
      chmodSync(join(folder, 'token'), 0o644)
      expect(await codeOf(() => webhook(url, { tokenFile: 'token', baseDir: folder }))).to.equal('secret.mode')
    })

    it('refuses to send it over plain HTTP to another machine', async () => {
      const open = () => webhook('http://hook.example/alert', { tokenFile: 'token', baseDir: folder })
      expect(await codeOf(open)).to.equal('channel.insecure')
    })
  })
})
