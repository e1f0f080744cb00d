import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { newWebhookSecret } from '#gateway/platform/net/webhook-signature.js'
import { isPlaceholder, secretProblems } from '#gateway/platform/secrets/check-secrets.js'

const HOLDS = 'the bearer token of the FHIR server care, one line, issued by its administrator'

describe('The secret files of a configuration', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-test-'))
    path = join(folder, 'token')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function said(
    text: string | Buffer | null,
    { form = 'line', mode = 0o600 } = {} as { form?: 'line' | 'webhook'; mode?: number },
  ) {
    if (text !== null) writeFileSync(path, text)
    if (text !== null) chmodSync(path, mode)
    const [problem, ...more] = secretProblems(folder, [{ path: ['a', 0], file: 'token', holds: HOLDS, form }])
    expect(more).to.deep.equal([])
    if (problem) expect(problem.path).to.deep.equal(['a', 0])
    return problem?.message.replace(path, 'F')
  }

  for (const [what, text, message, options] of [
    ['missing', null, 'There is no secret file F: create it with mode 600'],
    ['empty', ' \n', 'The secret file F is empty: write the secret into it'],
    ['open to others', 'k3jf92jf', `Other users may open the secret file F: run chmod 600 PATH`, { mode: 0o644 }],
    ['a placeholder', 'changeme', 'The secret file F holds a placeholder: write the real secret into it'],
    ['two lines', 'k3jf92jf\nsecond', 'The secret file F holds more than one line'],
    ['bytes', Buffer.from([0xff, 0xfe, 0x41, 0, 0x42]), 'The secret file F holds bytes that are no text'],
    [
      'a certificate',
      '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
      'The secret file F holds a key or certificate in PEM, which belongs elsewhere',
    ],
    [
      'a token where a webhook secret belongs',
      'eyJhbGciOi',
      'The secretFile of F must hold whsec_ and 24 to 64 bytes as base64: echo "whsec_$(openssl rand -base64 32)" makes one',
      { form: 'webhook' },
    ],
  ] as const)
    it(`says what belongs there and who issues it: ${what}`, () => {
      expect(said(text, options)).to.equal(`${message.replace('PATH', path)}. It holds ${HOLDS}.`)
    })

  it('may end with a new line, and hold any form of secret', () => {
    expect(said('eyJhbGciOi.eyJzdWIi.x-_~\r\n')).to.equal(undefined)
    expect(said('the kettle sings at noon')).to.equal(undefined)
    expect(said(newWebhookSecret(), { form: 'webhook' })).to.equal(undefined)
  })

  for (const text of [
    ...[
      'changeme',
      'CHANGE_ME',
      'change-this',
      'replace-me',
      '<token>',
      '<your token>',
      '{{ token }}',
      '%TOKEN%',
      '$(cat token)',
      '[secret]',
    ],
    ...[
      'your-token-here',
      'your_password',
      'Your FHIR token',
      'YOUR_API_KEY',
      'my-password',
      'the-token',
      'example-token',
    ],
    ...[
      'xxx',
      'XXXXXXXX',
      '***',
      '...',
      'password',
      'Password1',
      'password123',
      'secret',
      'token',
      'todo',
      'TBD',
      'placeholder',
    ],
    ...['admin', 'letmein', '123456789', 'whsec_xxxx', 'whsec_<base64>', 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'],
  ])
    it(`knows a placeholder: ${text}`, () => {
      expect(isPlaceholder(text)).to.equal(true)
    })

  it('takes nothing for a placeholder that somebody made at random', () => {
    const hex = fc.uint8Array({ minLength: 12, maxLength: 32 }).map((bytes) => Buffer.from(bytes).toString('base64url'))
    fc.assert(fc.property(hex, (text) => !isPlaceholder(text) && !isPlaceholder(`whsec_${text}`)))
    for (const text of [
      'open sesame',
      'a-secret-of-the-meter',
      'my mother sings on Sundays',
      'tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2',
    ])
      expect(isPlaceholder(text), text).to.equal(false)
  })
})
