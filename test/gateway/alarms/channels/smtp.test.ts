import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import type { ChannelDependencies } from '#gateway/alarms/channels/channel.js'
import type { ChannelConfig } from '#gateway/alarms/channels/config.js'
import { isMailbox } from '#gateway/alarms/channels/mailbox.js'
import { createChannel } from '#gateway/alarms/channels/registry.js'
import { noticeFor, RAISED, shouldBehaveLikeChannel } from '#test/behaviours/channel.behaviour.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'
import { needsOpenssl, selfSigned } from '#test/support/certificates.js'
import { TestClock } from '#test/support/test-clock.js'
import { type Mail, MailServer } from './mail-server.js'

type SmtpConfig = Extract<ChannelConfig, { type: 'smtp' }>

const GOLDEN = new URL('../../../fixtures/alerts/smtp-message.eml', import.meta.url)
const TO = 'doctor@clinic.example'
const never = new AbortController().signal

function smtp(port: number, over: Partial<SmtpConfig> = {}, edges: Partial<ChannelDependencies> = {}) {
  const from = 'homebeat@home.example'
  const config: SmtpConfig = { type: 'smtp', name: 'mail', host: '127.0.0.1', port, security: 'none', from, ...over }
  const world = { fetch, stream: { write: () => {} }, home: 'home-7', baseDir: '.', dataDir: '.' }
  return createChannel(config, { ...world, clock: new TestClock(Date.UTC(2026, 0, 1, 12, 2)), ...edges })
}

/** Headers by name, unfolded, and the text as a reader sees it. */
function read({ raw }: Mail): { headers: Map<string, string[]>; text: string } {
  const [head = '', body = ''] = raw.split(/\r\n\r\n(.*)/s)
  const headers = new Map<string, string[]>()
  for (const line of head.replace(/\r\n[ \t]+/g, ' ').split('\r\n')) {
    const [, name = '', value = ''] = /^([^:]+): (.*)$/.exec(line) ?? []
    headers.set(name.toLowerCase(), [...(headers.get(name.toLowerCase()) ?? []), value])
  }
  const encoding = headers.get('content-transfer-encoding')?.[0]
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return { headers, text: encoding === 'quoted-printable' ? Buffer.from(bytes, 'latin1').toString() : body }
}

const header = (mail: Mail | undefined, name: string) => (mail ? (read(mail).headers.get(name) ?? []) : [])

describe('The SMTP channel', () => {
  let server: MailServer
  let port: number
  beforeEach(async () => {
    server = new MailServer()
    port = await server.start()
  })
  afterEach(() => server.stop())
  const raised = (telling = {}) => noticeFor('raised', { address: TO, ...telling })

  const rig = async () => ({
    channel: smtp(port),
    address: TO,
    received: () => server.mails.map((mail) => read(mail).text),
    keys: () => server.mails.map((mail) => header(mail, 'message-id')[0]),
    disconnect: () => server.stop(),
    async hang() {
      server.hang = { on: 'recipient' }
    },
    stop: () => server.stop(),
  })
  shouldBehaveLikeChannel('The SMTP channel', rig, { addressed: true, recognisable: true })

  it('sends the documented message', async () => {
    const notice = raised({ acknowledgeUrl: 'https://home.example/a/token' })
    await smtp(port).notify({ ...notice, preview: 'HIGH: Low oxygen saturation (active since 12:02)' }, never)
    expect(server.mails[0]).to.deep.include({ from: 'homebeat@home.example', to: [TO] })
    expect(server.mails[0]?.raw.replaceAll('\r\n', '\n')).to.equal(readFileSync(GOLDEN, 'utf8'))
  })

  it('ties the messages of one alert together, and no others', async () => {
    const channel = smtp(port)
    await channel.notify(raised(), never)
    await channel.notify(noticeFor('cleared', { address: TO }), never)
    await channel.notify({ ...raised(), alertId: 'probe-off-spo2-1' }, never)
    const [first, second, other] = server.mails.map((mail) => header(mail, 'references'))
    expect(first).to.have.length(1)
    expect(second).to.deep.equal(first)
    expect(other).to.not.deep.equal(first)
    for (const mail of server.mails) expect(header(mail, 'in-reply-to')).to.deep.equal(header(mail, 'references'))
  })

  it('marks high alerts as important, low ones as not, and all as sent by a machine', async () => {
    for (const priority of ['high', 'medium', 'low'] as const) await smtp(port).notify({ ...raised(), priority }, never)
    await smtp(port).notify(noticeFor('cleared', { address: TO }), never)
    expect(server.mails.map((mail) => header(mail, 'importance'))).to.deep.equal([['high'], [], ['low'], []])
    for (const mail of server.mails) expect(header(mail, 'auto-submitted')).to.deep.equal(['auto-generated'])
  })

  it('keeps the alert out of what the connection shows before the message', async () => {
    await smtp(port).notify(raised(), never)
    for (const name of ['message-id', 'references', 'from', 'to'])
      expect(header(server.mails[0], name).join()).to.not.contain('oxygen')
  })

  it('writes a digest with its first line as the subject', async () => {
    const covers = [{ ...RAISED, priority: 'low' as const }]
    await smtp(port).notify(noticeFor('digest', { address: TO, covers }), never)
    expect(header(server.mails[0], 'subject')).to.deep.equal(['home-7: One alert of low priority:'])
    expect(server.mails[0] && read(server.mails[0]).text).to.contain('- Low oxygen saturation, at ')
  })

  it('lets nothing in a name or an address become a header', async () => {
    const label = 'Home\r\nBcc: everybody@example.org\r\n\r\nsmuggled: yes ümlaut'
    await smtp(port).notify(noticeFor('raised', { address: TO }, { label }), never)
    const [mail] = server.mails
    expect(header(mail, 'bcc')).to.deep.equal([])
    expect(header(mail, 'smuggled')).to.deep.equal([])
    expect(mail?.to).to.deep.equal([TO])
    const text = fc.string({ unit: fc.constantFrom('a', '@', '.', '\r', '\n', ' ', ',', '<', '>', ';', '"', ':', 'é') })
    fc.assert(
      fc.property(text, (address) => {
        if (isMailbox(address)) expect(address).to.match(/^[a.]+@[a.]+$/)
      }),
    )
    fc.assert(fc.property(fc.emailAddress(), (address) => isMailbox(address)))
  })

  describe('says what a refusal means', () => {
    const outcomeWith = async (refuse: Partial<MailServer['refuse']>) => {
      Object.assign(server.refuse, refuse)
      return smtp(port).notify(raised(), never)
    }
    it('a recipient who does not exist: for good', async () => {
      expect(await outcomeWith({ recipient: 550 })).to.deep.equal({
        class: 'permanent',
        reason: 'SMTP 550 to the recipient',
      })
    })
    it('a mailbox that is busy: again', async () => {
      expect(await outcomeWith({ recipient: 450 })).to.deep.equal({
        class: 'transient',
        reason: 'SMTP 450 to the recipient',
      })
    })
    it('a message that is not taken: for good; not taken now: again', async () => {
      expect(await outcomeWith({ message: 554 })).to.deep.equal({ class: 'permanent', reason: 'SMTP 554' })
      expect(await outcomeWith({ message: 451 })).to.deep.equal({ class: 'transient', reason: 'SMTP 451' })
    })
    it('a connection that breaks after the message: perhaps', async () => {
      server.hang = { on: 'message', cut: true }
      expect((await smtp(port).notify(raised(), never)).class).to.equal('ambiguous')
    })
    it('a connection that breaks before it: again', async () => {
      server.hang = { on: 'recipient', cut: true }
      expect((await smtp(port).notify(raised(), never)).class).to.equal('transient')
    })
    it('a server that says nothing, before the message and after it', async () => {
      const channel = smtp(port, {}, { timeoutMs: 1000 })
      server.hang = { on: 'recipient' }
      expect((await channel.notify(raised(), never)).class).to.equal('transient')
      server.hang = { on: 'message' }
      expect((await channel.notify(raised(), never)).class).to.equal('ambiguous')
    })
  })

  describe('with encryption and a login', () => {
    let folder: string
    let files: ReturnType<typeof selfSigned>
    let safe: MailServer
    before(function () {
      needsOpenssl(this)
      folder = mkdtempSync(join(tmpdir(), 'homebeat-smtp-'))
      files = selfSigned(folder)
      writeFileSync(join(folder, 'password'), 'open sesame\n', { mode: 0o600 })
      writeFileSync(join(folder, 'wrong'), 'guess\n', { mode: 0o600 })
    })
    after(() => folder && rmSync(folder, { recursive: true }))
    afterEach(() => safe?.stop())
    const account = { user: 'doctor', passwordFile: 'password', caFile: 'server.crt' }

    it('reads the password anew for each message: one that was renewed holds at once', async () => {
      safe = new MailServer({ tls: 'tls', files, login: true })
      writeFileSync(join(folder, 'renewed'), 'of before', { mode: 0o600 })
      const own = { ...account, security: 'tls' as const, passwordFile: 'renewed' }
      const channel = smtp(await safe.start(), own, { baseDir: folder })
      expect((await channel.notify(raised(), never)).class).to.not.equal('delivered')
      writeFileSync(join(folder, 'renewed'), 'open sesame', { mode: 0o600 })
      expect(await channel.notify(raised(), never)).to.deep.equal({ class: 'delivered' })
      rmSync(join(folder, 'renewed'))
      expect(await channel.notify(raised(), never)).to.include({ class: 'transient' })
    })

    for (const security of ['starttls', 'tls'] as const) {
      it(`logs in by ${security} with the site's own authority`, async () => {
        safe = new MailServer({ tls: security, files, login: true })
        const channel = smtp(await safe.start(), { security, ...account }, { baseDir: folder })
        expect(await channel.notify(raised(), never)).to.deep.equal({ class: 'delivered' })
        expect(safe.mails[0]).to.include({ secure: true, user: 'doctor' })
      })
      it(`sends nothing by ${security} to a server whose certificate it does not trust`, async () => {
        safe = new MailServer({ tls: security, files, login: true })
        const { caFile: _, ...untrusting } = account
        const channel = smtp(await safe.start(), { security, ...untrusting }, { baseDir: folder })
        const outcome = await channel.notify(raised(), never)
        expect(outcome.class).to.equal('transient')
        expect('reason' in outcome && outcome.reason).to.contain('check security and caFile')
        expect(safe.mails).to.deep.equal([])
      })
    }

    it('sends nothing in clear where the server offers no encryption', async () => {
      const outcome = await smtp(port, { security: 'starttls' }).notify(raised(), never)
      expect(outcome.class).to.equal('transient')
      expect(server.mails).to.deep.equal([])
    })

    it('waits for people to mend a wrong password', async () => {
      safe = new MailServer({ tls: 'starttls', files, login: true })
      const over = { security: 'starttls' as const, ...account, passwordFile: 'wrong' }
      const outcome = await smtp(await safe.start(), over, { baseDir: folder }).notify(raised(), never)
      expect(outcome).to.deep.equal({ class: 'transient', reason: 'SMTP 535: renew the user and its passwordFile' })
    })
  })

  it('refuses a configuration that cannot work or is not safe', async () => {
    const refused = (over: Partial<SmtpConfig>) => codeOf(() => smtp(25, over))
    expect(await refused({ host: 'mail.example' })).to.equal('channel.insecure')
    expect(await refused({ user: 'doctor' })).to.equal('channel.login')
    expect(await refused({ passwordFile: 'nowhere' })).to.equal('channel.login')
    expect(await refused({ user: 'doctor', passwordFile: 'nowhere' })).to.equal('secret.not-found')
    expect(await refused({ caFile: 'nowhere' })).to.equal('channel.ca-file')
    expect(await refused({ caFile: 'package.json' })).to.equal('channel.ca-file')
  })
})
