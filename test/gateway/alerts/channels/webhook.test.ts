import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { noticeOf } from '#gateway/alerts/channels/channel.js'
import { type ChannelEdges, createChannel } from '#gateway/alerts/channels/registry.js'
import type { ChannelConfig } from '#gateway/config/schema.js'
import { RAISED, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { Receiver } from './receiver.js'

const stream = { write: () => {} }
const GOLDEN = new URL('../../../fixtures/alerts/webhook-notice.json', import.meta.url)
const never = new AbortController().signal

function webhook(url: string, over: Partial<ChannelEdges & { tokenFile: string }> = {}) {
  const { tokenFile, ...edges } = over
  const config: ChannelConfig = { type: 'webhook', name: 'doctor', url, ...(tokenFile !== undefined && { tokenFile }) }
  return createChannel(config, { fetch, stream, home: 'home-7', baseDir: '.', ...edges })
}

describe('The webhook channel', () => {
  let receiver: Receiver
  let url: string
  beforeEach(async () => {
    receiver = new Receiver()
    url = await receiver.start()
  })
  afterEach(() => receiver.stop())

  shouldBehaveLikeChannel('The webhook channel', async () => ({
    channel: webhook(url),
    received: () => receiver.received.map(({ body }) => body),
    disconnect: () => receiver.stop(),
    async hang() {
      receiver.hanging = true
    },
    stop: () => receiver.stop(),
  }))

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
