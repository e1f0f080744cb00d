import { expect } from 'chai'
import fc from 'fast-check'
import { HomebeatError } from '#gateway/platform/errors.js'
import {
  newWebhookSecret,
  parseWebhookSecret,
  signatureHeaders,
  verifySignature,
} from '#gateway/platform/net/webhook-signature.js'

describe('runtime/webhook-signature', () => {
  const secret = parseWebhookSecret(newWebhookSecret(), 'a test')

  it('signs as the published example of Standard Webhooks does', () => {
    const example = parseWebhookSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'the example')
    const headers = signatureHeaders(example, 'msg_p5jXN8AQM9LWM0D4loKWxJek', 1_614_265_330_000, '{"test": 2432232314}')
    expect(headers['webhook-signature']).to.equal('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=')
  })

  it('knows what it signed, and nothing that was altered in one place', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.nat(2_000_000_000), fc.nat(1000), (body, seconds, at) => {
        const headers = signatureHeaders(secret, 'home-1:7', seconds * 1000, body)
        expect(verifySignature(secret, headers, body)).to.deep.equal({ id: 'home-1:7', timestamp: seconds })
        const bytes = Buffer.from(body)
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ 1
        expect(verifySignature(secret, headers, bytes)).to.equal(null)
        const later = { ...headers, 'webhook-timestamp': String(seconds + 1) }
        expect(verifySignature(secret, later, body)).to.equal(null)
        expect(verifySignature(secret, { ...headers, 'webhook-id': 'home-2:7' }, body)).to.equal(null)
      }),
    )
  })

  it('takes one of several signatures, while one secret replaces another', () => {
    const other = parseWebhookSecret(newWebhookSecret(), 'a test')
    const [one, two] = [secret, other].map((key) => signatureHeaders(key, 'a', 0, 'x')['webhook-signature'])
    const headers = { ...signatureHeaders(secret, 'a', 0, 'x'), 'webhook-signature': `${two} ${one}` }
    expect(verifySignature(secret, headers, 'x')).not.to.equal(null)
  })

  it('refuses what is no signature at all, without throwing', () => {
    for (const headers of [{}, { 'webhook-id': 'a', 'webhook-timestamp': '1', 'webhook-signature': 'v1,' }]) {
      expect(verifySignature(secret, headers, 'x')).to.equal(null)
    }
    const good = signatureHeaders(secret, 'a', 0, 'x')
    expect(verifySignature(secret, { ...good, 'webhook-timestamp': '1e3' }, 'x')).to.equal(null)
    expect(verifySignature(secret, { ...good, 'webhook-id': ['a', 'a'] }, 'x')).to.equal(null)
  })

  it('says how to make a secret where there is a poor one', () => {
    for (const text of ['secret', 'whsec_', 'whsec_c2hvcnQ=', `whsec_${Buffer.alloc(65).toString('base64')}`])
      expect(() => parseWebhookSecret(text, 'the home home-1'))
        .to.throw(HomebeatError, /home-1.*openssl/)
        .with.property('code', 'secret.webhook')
  })
})
