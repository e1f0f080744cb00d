import { expect } from 'chai'
import { addressProblems } from '#gateway/alarms/channels/address.js'
import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import { ConfiguredChannels, type ConfiguredChannelsOptions } from '#gateway/alarms/channels/configured-channels.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { configSchema } from '#gateway/config/schema.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { TestClock } from '#test/support/test-clock.js'
import { Receiver } from './receiver.js'

describe('The book of channels', () => {
  let receiver: Receiver
  let url: string
  beforeEach(async () => {
    receiver = new Receiver()
    url = await receiver.start()
  })
  afterEach(() => receiver.stop())

  const book = (contacts: ConfiguredChannelsOptions['contacts'], configs?: ChannelConfig[]) => {
    const edges = { fetch, stream: { write: () => {} }, home: 'home-7', baseDir: '.', dataDir: '.' }
    const all: ChannelConfig[] = configs ?? [
      { type: 'webhook', name: 'clinic', url },
      { type: 'ntfy', name: 'phones', url: new URL('/', url).href },
    ]
    const channels = all.map((config) => createChannel(config, edges))
    return new ConfiguredChannels({ channels, contacts, home: 'home-7', clock: new TestClock() })
  }
  const family = [
    { id: 'daughter', channel: 'phones', address: 'topic-of-daughter' },
    { id: 'son', channel: 'phones', address: 'topic-of-son' },
  ]

  it('says which channels there are, whom they reach and how, without a secret', () => {
    const origin = new URL(url).origin
    expect(book(family).list()).to.deep.equal([
      { name: 'clinic', about: `POSTs JSON to ${origin}`, contacts: [] },
      { name: 'phones', about: `posts to a topic at ${origin}`, contacts: ['daughter', 'son'] },
    ])
  })

  it('sends a test that nobody takes for an alert, and that leaves nothing open', async () => {
    expect(await book(family).test('clinic')).to.deep.equal({ class: 'delivered' })
    const body = JSON.parse(receiver.received[0]?.body ?? '{}')
    expect(body).to.include({ reason: 'test', state: 'cleared', condition: 'test', priority: 'high', home: 'home-7' })
    expect(body.preview).to.equal('TEST: this is how an alert would reach you')
  })

  it('sends it to the contact named, or to the only one', async () => {
    await book(family).test('phones', 'son')
    await book(family.slice(0, 1)).test('phones')
    expect(receiver.received.map(({ path }) => path)).to.deep.equal(['/topic-of-son', '/topic-of-daughter'])
  })

  it('says what the other end said', async () => {
    receiver.status = 422
    expect(await book(family).test('clinic')).to.deep.equal({ class: 'permanent', reason: 'HTTP 422' })
  })

  it('asks whom, and which channel, where that is not clear', async () => {
    expect(await codeOf(() => book(family).test('phones'))).to.equal('channel.contact')
    expect(await codeOf(() => book(family).test('phones', 'neighbour'))).to.equal('channel.contact')
    expect(await codeOf(() => book(family).test('clinic', 'son'))).to.equal('channel.contact')
    expect(await codeOf(() => book(family).test('pigeon'))).to.equal('channel.unknown')
    expect(receiver.received).to.deep.equal([])
  })

  it('refuses what could reach nobody, all at once', () => {
    const contacts = [{ id: 'son', role: 'caregiver', channel: 'phones', address: 'two words' }]
    const channels = [
      { type: 'ntfy', name: 'phones', url },
      { type: 'smtp', name: 'mail', host: '127.0.0.1', security: 'none', from: 'homebeat@home.example' },
    ]
    const alerts = configSchema.shape.alerts.parse({ contacts, channels })
    expect([...addressProblems(alerts, '.')]).to.deep.equal([
      {
        path: ['alerts', 'contacts', 0, 'address'],
        message: 'the topic must be 1 to 64 letters, digits, hyphens and underscores',
      },
      {
        path: ['alerts', 'channels', 1],
        message: 'no contact uses it, and no e-mail address: give the contact one as its address',
      },
    ])
  })
})
