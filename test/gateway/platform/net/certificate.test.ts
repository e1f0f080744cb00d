import { X509Certificate } from 'node:crypto'
import { chmodSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { HomebeatError } from '#gateway/platform/errors.js'
import {
  brokerIdentity,
  fingerprintOf,
  makeIdentity,
  ownCertificate,
  readIdentity,
} from '#gateway/platform/net/certificate.js'
import { temporaryFolder } from '#test/gateway/intake/transports/brokers.js'

describe('The broker’s certificate', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>
  beforeEach(async () => {
    folder = await temporaryFolder()
  })
  afterEach(() => folder.remove())

  const put = (name: string, text: string, mode = 0o600) => {
    const path = join(folder.path, name)
    writeFileSync(path, text)
    chmodSync(path, mode)
    return path
  }

  it('is for the names and addresses it is made for, and vouches for itself only', async () => {
    const { cert } = await makeIdentity({ names: ['pi.local', 'pi'], addresses: ['192.0.2.7', '2001:db8::7'] })
    const read = new X509Certificate(cert)
    expect(read.checkHost('pi.local')).to.equal('pi.local')
    expect(read.checkHost('other.local')).to.equal(undefined)
    expect(read.checkIP('192.0.2.7')).to.equal('192.0.2.7')
    expect(read.checkIP('2001:db8::7')).to.not.equal(undefined)
    expect(read.verify(read.publicKey)).to.equal(true)
    expect(read.publicKey.asymmetricKeyDetails?.namedCurve).to.equal('prime256v1')
    expect(read.keyUsage).to.deep.equal(['1.3.6.1.5.5.7.3.1'])
    expect(fingerprintOf(cert)).to.equal(read.fingerprint256)
  })

  it('is made once, with a key for its owner only', async () => {
    const first = await brokerIdentity(undefined, '.', folder.path)
    expect(await brokerIdentity(undefined, '.', folder.path)).to.deep.equal(first)
    expect(statSync(ownCertificate(folder.path).keyFile).mode & 0o777).to.equal(0o600)
  })

  it('is refused in one line when something is wrong with its files', async () => {
    const [one, other] = [
      await makeIdentity({ names: ['a'], addresses: [] }),
      await makeIdentity({ names: ['b'], addresses: [] }),
    ]
    const cert = put('one.crt', one.cert, 0o644)
    const key = put('one.key', one.key)
    expect(readIdentity(cert, key).cert).to.equal(one.cert)
    for (const [certFile, keyFile, pattern] of [
      [cert, put('other.key', other.key), /other\.key is not the key of the certificate .*one\.crt/],
      [cert, put('open.key', one.key, 0o644), /chmod 600 .*open\.key/],
      [cert, put('no.key', 'hello'), /no\.key is no private key/],
      [put('no.crt', 'hello'), key, /no\.crt cannot be used: it holds no certificate in PEM/],
      [join(folder.path, 'none.crt'), key, /none\.crt cannot be used: there is no such file/],
      [cert, join(folder.path, 'none.key'), /There is no secret file .*none\.key/],
    ] as const)
      expect(() => readIdentity(certFile, keyFile))
        .to.throw(HomebeatError, pattern)
        .with.property('code', 'config.certificate')
  })
})
