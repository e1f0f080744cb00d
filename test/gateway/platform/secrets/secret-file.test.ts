import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import type { HomebeatError } from '#gateway/platform/errors.js'
import { MAX_SECRET_BYTES, readSecret } from '#gateway/platform/secrets/secret-file.js'

describe('Reading a secret file', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-test-'))
    path = join(folder, 'token')
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function refusal(): HomebeatError {
    try {
      readSecret(path)
    } catch (error) {
      return error as HomebeatError
    }
    return expect.fail('the secret was read')
  }

  it('gives the secret without the white space around it', () => {
    writeFileSync(path, '  p4ss wörd\r\n\n', { mode: 0o600 })
    expect(readSecret(path)).to.equal('p4ss wörd')
  })

  for (const mode of [0o640, 0o604, 0o620, 0o601, 0o777]) {
    it(`refuses mode ${mode.toString(8)}, says what to do and nothing of the secret`, () => {
      writeFileSync(path, 'p4ssword')
      chmodSync(path, mode)
      expect(refusal().code).to.equal('secret.mode')
      expect(refusal().message).to.contain(`run chmod 600 ${path}`).and.not.to.contain('p4ssword')
    })
  }

  it('refuses what is not there, not a file, empty, or too large to be a secret', () => {
    expect(refusal().code).to.equal('secret.not-found')
    mkdirSync(path, { mode: 0o700 })
    expect(refusal().code).to.equal('secret.unreadable')
    rmSync(path, { recursive: true })
    writeFileSync(path, '\n', { mode: 0o600 })
    expect(refusal().code).to.equal('secret.empty')
    writeFileSync(path, 'x'.repeat(MAX_SECRET_BYTES))
    expect(readSecret(path)).to.have.length(MAX_SECRET_BYTES)
    writeFileSync(path, 'x'.repeat(MAX_SECRET_BYTES + 1))
    expect(refusal().code).to.equal('secret.too-large')
  })
})
