import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parse } from 'yaml'
import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import { checkSecretFiles } from '#gateway/config/files.js'
import { configSchema } from '#gateway/config/schema.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { packageRoot } from '#gateway/platform/package-root.js'

const channelsOf = (...channels: object[]) => configSchema.shape.alerts.parse({ channels }).channels
const accepts = (channel: object) => configSchema.shape.alerts.safeParse({ channels: [channel] }).success

describe('The configuration of channels', () => {
  it('has every channel in the annotated example, in lines that work when they are uncommented', () => {
    const example = readFileSync(join(packageRoot, 'homebeat.example.yaml'), 'utf8')
    const lines = [...example.matchAll(/^ {4}(?:# )?- (\{ type: .*\})$/gm)].map(([, line]) => parse(line ?? ''))
    const types = channelsOf(...lines).map(({ type }) => type)
    expect(new Set(types)).to.deep.equal(
      new Set(['terminal', 'webhook', 'smtp', 'webpush', 'ntfy', 'mqtt', 'annunciator']),
    )
  })

  it('encrypts e-mail, and keeps nothing at a broker, unless it is told otherwise', () => {
    const [mail, site] = channelsOf(
      { type: 'smtp', name: 'mail', host: 'mail.example', from: 'homebeat@home.example' },
      { type: 'mqtt', name: 'site', url: 'mqtts://broker.lan' },
    )
    expect(mail).to.include({ security: 'starttls' })
    expect(site).to.include({ retainState: false })
    expect(site).to.not.have.property('homeAssistant')
  })

  it('refuses what could end a header, reach another topic or go to another kind of server', () => {
    const smtp = { type: 'smtp', name: 'mail', host: 'mail.example', from: 'homebeat@home.example' }
    const mqtt = { type: 'mqtt', name: 'site', url: 'mqtts://broker.lan' }
    const ntfy = { type: 'ntfy', name: 'phones', url: 'https://ntfy.example' }
    const webpush = { type: 'webpush', name: 'phones', subject: 'mailto:admin@example.org' }
    for (const right of [smtp, mqtt, ntfy, webpush]) expect(accepts(right), JSON.stringify(right)).to.equal(true)
    for (const wrong of [
      { ...smtp, from: 'Homebeat <homebeat@home.example>' },
      { ...smtp, from: 'homebeat@home.example\r\nBcc: everybody@example.org' },
      { ...smtp, password: 'open sesame' },
      { ...mqtt, url: 'https://broker.lan' },
      { ...mqtt, topicPrefix: 'house/#' },
      { ...mqtt, topicPrefix: '$SYS/alerts' },
      { ...mqtt, topicPrefix: '/house/' },
      { ...mqtt, homeAssistant: 'home+assistant' },
      { ...ntfy, url: 'ftp://ntfy.example' },
      { ...ntfy, topic: '../admin' },
      { ...webpush, subject: 'admin@example.org' },
    ])
      expect(accepts(wrong), JSON.stringify(wrong)).to.equal(false)
  })

  it('looks for every secret file of the channels before anything starts', () => {
    const channels = channelsOf(
      { type: 'webhook', name: 'clinic', url: 'https://clinic.example', tokenFile: 'token', secretFile: 'signing' },
      { type: 'smtp', name: 'mail', host: 'h', user: 'u', passwordFile: 'mail', from: 'homebeat@home.example' },
      { type: 'ntfy', name: 'phones', url: 'https://ntfy.example', tokenFile: 'ntfy' },
      { type: 'mqtt', name: 'site', url: 'mqtts://u@broker.lan', passwordFile: 'broker' },
    )
    const missing = missingOf(channels).map((line) => /secret file \/nowhere\/(\w+):/.exec(line)?.[1])
    expect(missing).to.have.members(['token', 'signing', 'mail', 'ntfy', 'broker'])
  })

  function missingOf(channels: ChannelConfig[]): string[] {
    const config = configSchema.parse({
      home: { id: 'home-1', patient: 'p-1' },
      transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
      alerts: { channels },
    })
    try {
      checkSecretFiles({ config, baseDir: '/nowhere' })
    } catch (error) {
      expect(error).to.be.instanceOf(HomebeatError)
      return (error as HomebeatError).message.split('\n')
    }
    return []
  }
})
