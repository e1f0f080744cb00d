import { createDecipheriv, createECDH, type ECDH, hkdfSync } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { importJWK, jwtVerify } from 'jose'
import { encryptPush, MAX_PUSH_BYTES } from '#gateway/alarms/channels/push-encryption.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { VapidKey } from '#gateway/alarms/channels/vapid.js'
import { vapidPath } from '#gateway/alarms/channels/webpush.js'
import { noticeFor, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'
import { Receiver } from './receiver.js'

const GOLDEN = new URL('../../../fixtures/alerts/webpush-payload.json', import.meta.url)
const never = new AbortController().signal
const bytes = (text: string) => Buffer.from(text, 'base64url')

/** What a browser keeps: RFC 8291, from the receiver's side. */
class Browser {
  readonly ecdh: ECDH = createECDH('prime256v1')
  readonly auth: Buffer

  constructor(privateKey?: Buffer, auth = Buffer.alloc(16, 7)) {
    if (privateKey) this.ecdh.setPrivateKey(privateKey)
    else this.ecdh.generateKeys()
    this.auth = auth
  }
  subscription(endpoint: string): string {
    const keys = { p256dh: this.ecdh.getPublicKey('base64url'), auth: this.auth.toString('base64url') }
    return JSON.stringify({ endpoint, expirationTime: null, keys })
  }
  open(message: Buffer): string {
    const [salt, sender, sealed] = [message.subarray(0, 16), message.subarray(21, 86), message.subarray(86)]
    expect(message.readUInt32BE(16), 'record size').to.equal(4096)
    expect(message[20], 'length of the key').to.equal(65)
    const derive = (secret: Buffer, saltOf: Buffer, info: string | Buffer, length: number) =>
      Buffer.from(hkdfSync('sha256', secret, saltOf, info, length))
    const info = Buffer.concat([Buffer.from('WebPush: info\0'), this.ecdh.getPublicKey(), sender])
    const secret = derive(this.ecdh.computeSecret(sender), this.auth, info, 32)
    const key = derive(secret, salt, 'Content-Encoding: aes128gcm\0', 16)
    const nonce = derive(secret, salt, 'Content-Encoding: nonce\0', 12)
    const decipher = createDecipheriv('aes-128-gcm', key, nonce)
    decipher.setAuthTag(sealed.subarray(-16))
    const padded = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()])
    const end = padded.lastIndexOf(2)
    expect(padded.subarray(end + 1).every((byte) => byte === 0)).to.equal(true)
    return padded.toString('utf8', 0, end)
  }
}

describe('The web push channel', () => {
  let receiver: Receiver
  let folder: string
  let browser: Browser
  let clock: TestClock
  let local: string
  beforeEach(async () => {
    receiver = new Receiver()
    receiver.status = 201
    local = await receiver.start()
    folder = mkdtempSync(join(tmpdir(), 'homebeat-test-'))
    browser = new Browser()
    clock = new TestClock()
  })
  afterEach(async () => {
    await receiver.stop()
    rmSync(folder, { recursive: true })
  })

  const ENDPOINT = 'https://push.example/send/4f2a'
  /** The push service's name leads to the receiver here; TLS is Node's own. */
  const toReceiver: typeof fetch = (url, init) => fetch(new URL(new URL(String(url)).pathname, local), init)
  const webpush = (over: { fetch?: typeof fetch } = {}) =>
    createChannel(
      { type: 'webpush', name: 'phones', subject: 'mailto:admin@example.org' },
      {
        ...{ fetch: over.fetch ?? toReceiver, stream: { write: () => {} }, home: 'home-7' },
        ...{ baseDir: folder, dataDir: folder, clock },
      },
    )
  const address = () => browser.subscription(ENDPOINT)

  const rig = async () => ({
    channel: webpush(),
    address: address(),
    received: () => receiver.received.map((request) => browser.open(request.bytes)),
    disconnect: () => receiver.stop(),
    async hang() {
      receiver.hanging = true
    },
    stop: () => receiver.stop(),
  })
  shouldBehaveLikeChannel('The web push channel', rig, { addressed: true })

  it('encrypts as the example of RFC 8291 does', () => {
    const sender = createECDH('prime256v1')
    sender.setPrivateKey(bytes('yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw'))
    const receiver = new Browser(bytes('q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94'), bytes('BTBZMqHH6r4Tts7J_aSIgg'))
    const keys = { p256dh: receiver.ecdh.getPublicKey(), auth: receiver.auth }
    const text = 'When I grow up, I want to be a watermelon'
    const sealed = encryptPush(Buffer.from(text), keys, { salt: bytes('DGv6ra1nlYgDCS1FRnbzlw'), sender })
    expect(Buffer.from(sealed).toString('base64url')).to.equal(
      'DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_' +
        'yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN',
    )
    expect(receiver.open(Buffer.from(sealed))).to.equal(text)
  })

  it('can be read by the browser that it is for, whatever it says', () => {
    const keys = { p256dh: browser.ecdh.getPublicKey(), auth: browser.auth }
    const other = new Browser()
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 900 }), (text) => {
        const sealed = Buffer.from(encryptPush(Buffer.from(text), keys))
        expect(browser.open(sealed)).to.equal(text)
        expect(() => other.open(sealed)).to.throw()
      }),
      { numRuns: 50 },
    )
    expect(() => encryptPush(Buffer.alloc(MAX_PUSH_BYTES + 1), keys)).to.throw()
    expect(encryptPush(Buffer.alloc(MAX_PUSH_BYTES), keys)).to.have.length(4096)
  })

  it('sends the documented payload, as urgent as the alert, with a topic that a later message of it shares', async () => {
    const channel = webpush()
    const acknowledgeUrl = 'https://home.example/a/token'
    const notice = noticeFor('raised', { address: address(), acknowledgeUrl })
    await channel.notify({ ...notice, preview: 'HIGH: Low oxygen saturation (active since 12:02)' }, never)
    await channel.notify(noticeFor('cleared', { address: address() }), never)
    await channel.notify({ ...noticeFor('raised', { address: address() }), alertId: 'x-1', priority: 'low' }, never)
    const [first, second, other] = receiver.received
    expect(JSON.parse(browser.open(first?.bytes ?? Buffer.of()))).to.deep.equal(
      JSON.parse(readFileSync(GOLDEN, 'utf8')),
    )
    expect(first?.path).to.equal('/send/4f2a')
    expect(first?.headers).to.include({ 'content-encoding': 'aes128gcm', ttl: '86400', urgency: 'high' })
    expect(other?.headers).to.include({ urgency: 'low' })
    // RFC 8030, 5.4
    expect(first?.headers['topic']).to.match(/^[A-Za-z0-9_-]{1,32}$/)
    expect(second?.headers['topic']).to.equal(first?.headers['topic'])
    expect(other?.headers['topic']).to.not.equal(first?.headers['topic'])
    expect(JSON.stringify(first?.headers)).to.not.contain('oxygen')
  })

  it('identifies itself with a key that it made, keeps, and shows', async () => {
    await webpush().notify(noticeFor('raised', { address: address() }), never)
    await webpush().notify(noticeFor('raised', { address: address() }), never)
    expect(statSync(vapidPath(folder)).mode & 0o777).to.equal(0o600)
    const { publicKey } = await VapidKey.loadOrCreate(vapidPath(folder))
    for (const { headers } of receiver.received) {
      const [, token = '', key] = /^vapid t=([^,]+), k=(.+)$/.exec(headers.authorization ?? '') ?? []
      expect(key).to.equal(publicKey)
      const point = bytes(publicKey)
      expect([point.length, point[0]]).to.deep.equal([65, 4])
      const [x, y] = [point.subarray(1, 33), point.subarray(33)].map((part) => part.toString('base64url'))
      const jwk = await importJWK({ kty: 'EC', crv: 'P-256', x: x ?? '', y: y ?? '' }, 'ES256')
      const options = { audience: 'https://push.example', currentDate: new Date(clock.now()) }
      const { payload } = await jwtVerify(token, jwk, options)
      expect(payload.sub).to.equal('mailto:admin@example.org')
      expect((payload.exp ?? 0) * 1000 - clock.now()).to.be.within(1, 24 * 3600 * 1000)
    }
  })

  it('gives up a subscription that is gone or of another key, and keeps what may still come', async () => {
    const expected = {
      404: 'permanent',
      410: 'permanent',
      403: 'permanent',
      401: 'transient',
      429: 'transient',
    } as const
    for (const [status, outcome] of Object.entries(expected)) {
      receiver.status = Number(status)
      const result = await webpush().notify(noticeFor('raised', { address: address() }), never)
      expect(result.class, status).to.equal(outcome)
      if (status === '410') expect(result).to.include({ reason: 'HTTP 410: subscription gone' })
    }
  })

  it('asks a push service no second time for a subscription that is gone, until there is another', async () => {
    for (const status of [404, 410]) {
      const channel = webpush()
      receiver.received.length = 0
      receiver.status = status
      await channel.notify(noticeFor('raised', { address: address() }), never)
      receiver.status = 201
      const again = await channel.notify(noticeFor('raised', { address: address() }), never)
      expect(again, String(status)).to.deep.include({ class: 'permanent' })
      expect(again).to.have.property('reason').that.contains('subscribe again')
      expect(receiver.received).to.have.length(1)
      const renewed = JSON.stringify({ ...JSON.parse(address()), endpoint: `${JSON.parse(address()).endpoint}/new` })
      expect((await channel.notify(noticeFor('raised', { address: renewed }), never)).class).to.equal('delivered')
    }
  })

  it('takes a subscription from a file of mode 0600', async () => {
    const channel = webpush()
    expect(channel.addressProblem?.('file:phone.json')).to.contain('There is no secret file')
    writeFileSync(join(folder, 'phone.json'), address(), { mode: 0o600 })
    expect(channel.addressProblem?.('file:phone.json')).to.equal(null)
    await channel.notify(noticeFor('raised', { address: 'file:phone.json' }), never)
    expect(receiver.received).to.have.length(1)
  })

  it('refuses subscriptions that it could not send to, and quotes none of them', () => {
    const { keys } = JSON.parse(address())
    const wrong = [
      { endpoint: 'http://push.example/', keys },
      { endpoint: ENDPOINT },
      { endpoint: ENDPOINT, keys: { ...keys, auth: 'c2hvcnQ' } },
      { endpoint: ENDPOINT, keys: { ...keys, p256dh: keys.auth } },
    ].map((subscription) => JSON.stringify(subscription))
    for (const text of [...wrong, '{"endpoint":', 'https://push.example/send/4f2a']) {
      const problem = webpush().addressProblem?.(text)
      expect(problem, text).to.be.a('string').and.to.not.contain('4f2a')
    }
  })

  it('never rejects for a key that is no point of the curve', async () => {
    const subscription = JSON.parse(address())
    subscription.keys.p256dh = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString('base64url')
    const outcome = await webpush().notify(noticeFor('raised', { address: JSON.stringify(subscription) }), never)
    expect(outcome).to.include({ class: 'permanent' })
  })

  it('shortens what does not fit in a push message', async () => {
    const preview = 'ä long digest '.repeat(1000)
    const notice = { ...noticeFor('digest', { address: address() }), preview }
    expect(await webpush().notify(notice, never)).to.deep.equal({ class: 'delivered' })
    const text = browser.open(receiver.received[0]?.bytes ?? Buffer.of())
    expect(Buffer.byteLength(text)).to.be.within(MAX_PUSH_BYTES / 2, MAX_PUSH_BYTES)
    expect(JSON.parse(text).preview).to.match(/^ä long digest .* …$/)
  })

  it('does not replace a key file that it cannot read', async () => {
    await VapidKey.loadOrCreate(vapidPath(folder))
    writeFileSync(vapidPath(folder), '{"kty":"RSA"}')
    expect(await codeOf(() => VapidKey.loadOrCreate(vapidPath(folder)))).to.equal('vapid.format')
    const outcome = await webpush().notify(noticeFor('raised', { address: address() }), never)
    expect(outcome.class).to.equal('transient')
    expect(readFileSync(vapidPath(folder), 'utf8')).to.equal('{"kty":"RSA"}')
  })
})
