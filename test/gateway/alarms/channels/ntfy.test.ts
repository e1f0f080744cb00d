import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ChannelDependencies } from '#gateway/alarms/channels/channel.js'
import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { noticeFor, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { Receiver } from './receiver.js'

const GOLDEN = new URL('../../../fixtures/alerts/ntfy-request.json', import.meta.url)
const never = new AbortController().signal

function ntfy(
  url: string,
  over: { topic?: string; tokenFile?: string } = {},
  edges: Partial<ChannelDependencies> = {},
) {
  const config: ChannelConfig = { type: 'ntfy', name: 'phones', url, ...over }
  const world = { fetch, stream: { write: () => {} }, home: 'home-7', baseDir: '.', dataDir: '.' }
  return createChannel(config, { ...world, ...edges })
}

describe('The ntfy channel', () => {
  let receiver: Receiver
  let server: string
  beforeEach(async () => {
    receiver = new Receiver()
    server = new URL('/push/', await receiver.start()).href
  })
  afterEach(() => receiver.stop())

  const rig = async () => ({
    channel: ntfy(server),
    address: 'family-8Hd3kQ',
    received: () => receiver.received.map(({ headers, body }) => `${headers['title']}\n${body}`),
    keys: () => receiver.received.map(({ headers }) => headers['x-sequence-id']),
    disconnect: () => receiver.stop(),
    async hang() {
      receiver.hanging = true
    },
    stop: () => receiver.stop(),
  })
  shouldBehaveLikeChannel('The ntfy channel', rig, { addressed: true, recognisable: true })

  it('sends what ntfy documents', async () => {
    const acknowledgeUrl = 'https://home.example/a/token'
    const notice = noticeFor('raised', { address: 'family-8Hd3kQ', acknowledgeUrl })
    await ntfy(server).notify({ ...notice, preview: 'HIGH: Low oxygen saturation (active since 12:02)' }, never)
    const [{ method, path, headers, body } = {}] = receiver.received as Partial<(typeof receiver.received)[0]>[]
    const names = ['content-type', 'title', 'priority', 'tags', 'x-sequence-id', 'click', 'actions']
    const sent = { method, path, headers: Object.fromEntries(names.map((name) => [name, headers?.[name]])), body }
    expect(sent).to.deep.equal(JSON.parse(readFileSync(GOLDEN, 'utf8')))
  })

  it('is as loud as the alert, and quiet when it is over or somebody has it', async () => {
    const channel = ntfy(server, { topic: 'home' })
    for (const priority of ['high', 'medium', 'low'] as const)
      await channel.notify({ ...noticeFor('raised'), priority }, never)
    await channel.notify(noticeFor('cleared'), never)
    await channel.notify(noticeFor('acknowledged'), never)
    expect(receiver.received.map(({ headers }) => headers['priority'])).to.deep.equal(['5', '4', '2', '2', '2'])
  })

  it('has a topic of its own for who has none', async () => {
    const channel = ntfy(server, { topic: 'home' })
    expect(channel.addressProblem?.(undefined)).to.equal(null)
    await channel.notify(noticeFor('raised'), never)
    await channel.notify(noticeFor('raised', { address: 'family' }), never)
    expect(receiver.received.map(({ path }) => path)).to.deep.equal(['/push/home', '/push/family'])
  })

  it('sends its token, but not over plain HTTP to another machine', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'homebeat-test-'))
    writeFileSync(join(folder, 'token'), 'tk_secret\n', { mode: 0o600 })
    const over = { topic: 'home', tokenFile: 'token' }
    await ntfy(server, over, { baseDir: folder }).notify(noticeFor('raised'), never)
    expect(receiver.received[0]?.headers.authorization).to.equal('Bearer tk_secret')
    const open = () => ntfy('http://ntfy.example', over, { baseDir: folder })
    expect(await codeOf(open)).to.equal('channel.insecure')
    rmSync(folder, { recursive: true })
  })

  it('shows neither topic nor token when it speaks of itself', () => {
    const { about } = ntfy('https://ntfy.example/hidden', { topic: 'family-8Hd3kQ' })
    expect(about).to.equal('posts to a topic at https://ntfy.example')
  })
})
