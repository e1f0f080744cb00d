import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { EnrolledDevices } from '#gateway/intake/transports/mqtt/enrolled-devices.js'
import { makeCode, readCode } from '#gateway/intake/transports/mqtt/enrolment-code.js'
import { SecretHasher } from '#gateway/intake/transports/mqtt/secret-hash.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { temporaryFolder } from '#test/gateway/intake/transports/brokers.js'
import { TestClock } from '#test/support/test-clock.js'

const MINUTE = 60_000

describe('A one-time code', () => {
  it('is read as it was made, however people type it', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), fc.boolean(), (bytes, small) => {
        const code = makeCode(() => bytes)
        expect(code).to.match(/^[0-9A-HJKMNP-TV-Z]{5}-[0-9A-HJKMNP-TV-Z]{5}$/)
        const typed = small ? code.toLowerCase().replace('-', ' ').replaceAll('1', 'l').replaceAll('0', 'o') : code
        expect(readCode(typed)).to.equal(code.replace('-', ''))
      }),
    )
  })
  it('is none when it has another length or a letter that codes do not have', () => {
    expect(['', 'ABCDE', 'ABCDE-FGHJKM', 'ABCDU-FGHJK', 'ABCDE-FGHJ!'].map(readCode)).to.deep.equal(Array(5).fill(null))
  })
})

describe('The store of devices', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  let clock: TestClock
  let path: string
  const open = () => EnrolledDevices.open(path, clock)

  beforeEach(async () => {
    folder = await temporaryFolder()
    path = join(folder.path, 'devices.json')
    clock = new TestClock()
  })
  afterEach(() => folder.remove())

  it('knows a device by its credential, also after a restart, and keeps neither it nor a code', async () => {
    const store = open()
    const credential = await store.add('cuff')
    const { code } = await store.enrol('meter', 15)
    expect(credential).to.match(/^[\w-]{43}$/)
    for (const known of [store, open()]) {
      expect(known.recognises('cuff', credential)).to.equal(false)
      expect(await known.verify('cuff', credential)).to.equal('credential')
      expect(known.recognises('cuff', credential)).to.equal(true)
      expect(await known.verify('cuff', `${credential}x`)).to.equal('wrong')
      expect(await known.verify('meter', credential)).to.equal('wrong')
      expect(await known.verify('stranger', credential)).to.equal('wrong')
    }
    const text = readFileSync(path, 'utf8')
    expect(text).to.not.contain(credential).and.not.contain(code).and.not.contain(code.replace('-', ''))
    expect(statSync(path).mode & 0o777).to.equal(0o600)
  })

  it('does not know a device that was revoked, whatever was verified before', async () => {
    const store = open()
    const credential = await store.add('cuff')
    await store.verify('cuff', credential)
    const told: string[] = []
    store.onRevoked((id) => told.push(id))
    store.revoke('cuff')
    expect(told).to.deep.equal(['cuff'])
    expect(store.recognises('cuff', credential)).to.equal(false)
    expect(await store.verify('cuff', credential)).to.equal('wrong')
    expect(() => store.revoke('cuff')).to.throw(HomebeatError, /homebeat device list/)
  })

  it('gives a credential for a code, which is void from its first use on', async () => {
    const store = open()
    const { code, expiresAt } = await store.enrol('cuff', 15)
    expect(expiresAt - clock.now()).to.equal(15 * MINUTE)
    expect(await store.verify('cuff', code.toLowerCase())).to.equal('code')
    const lost = (await store.issue('cuff')) as string
    expect(await store.verify('cuff', code)).to.equal('code')
    const credential = (await store.issue('cuff')) as string
    store.delivered('cuff')
    expect(await store.verify('cuff', lost)).to.equal('wrong')
    expect(await store.verify('cuff', credential)).to.equal('credential')
    expect(await store.verify('cuff', code)).to.equal('wrong')
    expect(await store.issue('cuff')).to.equal(null)
    expect(await open().verify('cuff', credential)).to.equal('credential')
    expect(store.list()).to.deep.equal([{ id: 'cuff', state: 'enrolled', codeExpiresAt: null }])
  })

  it('lets the code expire, and with it a credential that was not acknowledged, but not one that was', async () => {
    const store = open()
    const codes = { cuff: await store.enrol('cuff', 15), meter: await store.enrol('meter', 15) }
    const cuff = (await store.issue('cuff')) as string
    const meter = (await store.issue('meter')) as string
    store.delivered('meter')
    await clock.advance(15 * MINUTE)
    expect(await store.verify('cuff', codes.cuff.code)).to.equal('wrong')
    expect(await store.verify('cuff', cuff)).to.equal('wrong')
    expect(await store.verify('meter', meter)).to.equal('credential')
    expect(store.list().map(({ state }) => state)).to.deep.equal(['without-credential', 'enrolled'])
  })

  it('voids a code after five wrong ones, also over a restart', async () => {
    const { code } = await open().enrol('cuff', 15)
    for (let i = 0; i < 4; i++) expect(await open().verify('cuff', makeCode())).to.equal('wrong')
    expect(await open().verify('cuff', code)).to.equal('code')
    expect(await open().verify('cuff', makeCode())).to.equal('wrong')
    expect(await open().verify('cuff', code)).to.equal('wrong')
  })

  it('keeps the old credential good until the new one is used', async () => {
    const store = open()
    const old = await store.add('cuff')
    await store.enrol('cuff', 15)
    const next = (await store.issue('cuff')) as string
    expect(await store.verify('cuff', old)).to.equal('credential')
    expect(await store.verify('cuff', next)).to.equal('credential')
    expect(store.recognises('cuff', old)).to.equal(false)
    expect(await store.verify('cuff', old)).to.equal('wrong')
  })

  it('refuses a second credential beside a good one', async () => {
    const store = open()
    await store.add('cuff')
    const failure = await store.add('cuff').catch((error: HomebeatError) => error.code)
    expect(failure).to.equal('devices.known')
  })

  for (const [what, text] of [
    ['cut short', '{"version":1,"dev'],
    ['of another version', '{"version":2,"devices":[]}'],
    [
      'asking for a costly hash',
      JSON.stringify({
        version: 1,
        devices: [
          {
            id: 'a',
            enrolment: null,
            credential: { N: 2 ** 30, r: 8, p: 1, salt: 'A'.repeat(24), hash: 'A'.repeat(44) },
          },
        ],
      }),
    ],
  ] as const)
    it(`refuses a file that is ${what}`, () => {
      writeFileSync(path, text, { mode: 0o600 })
      expect(open).to.throw(HomebeatError, /damaged: put a backup back/)
    })

  it('refuses a file that others may open', () => {
    writeFileSync(path, '{"version":1,"devices":[]}', { mode: 0o600 })
    chmodSync(path, 0o640)
    expect(open).to.throw(HomebeatError, /chmod 600/)
  })
})

describe('Hashing secrets', () => {
  it('turns a flood away instead of queueing it', async () => {
    const hasher = new SecretHasher()
    const stored = await hasher.hash('right')
    const answers = await Promise.all(Array.from({ length: 60 }, () => hasher.verify('wrong', stored)))
    expect(answers.filter((answer) => answer === 'busy').length).to.be.at.least(40)
    expect(answers).to.not.include(true)
    expect(await hasher.verify('right', stored)).to.equal(true)
  })
  it('salts: the same secret twice has two hashes', async () => {
    const hasher = new SecretHasher()
    const [one, two] = [await hasher.hash('x'), await hasher.hash('x')]
    expect(one.hash).to.not.equal(two.hash)
  })
})
