import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { HomebeatError } from '#gateway/platform/errors.js'
import { readPrivateFile, writePrivateFile } from '#gateway/platform/secrets/private-file.js'

describe('platform/secrets/private-file', () => {
  let folder: string
  let path: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-private-'))
    path = join(folder, 'file')
  })
  afterEach(() => rmSync(folder, { recursive: true, force: true }))

  const codeOf = (act: () => unknown): string => {
    try {
      act()
    } catch (error) {
      if (error instanceof HomebeatError) return error.code
      throw error
    }
    return 'no error'
  }

  it('reads what it wrote, and says null where there is nothing', () => {
    expect(readPrivateFile(path)).to.equal(null)
    writePrivateFile(path, 'one\n')
    writePrivateFile(path, 'two\n')
    expect(readPrivateFile(path)).to.equal('two\n')
  })

  it('says of every kind of file what is wrong with it: most of them list no devices', () => {
    writeFileSync(path, 'x', { mode: 0o600 })
    chmodSync(path, 0o640)
    expect(codeOf(() => readPrivateFile(path))).to.equal('private-file.mode')
    writeFileSync(path, 'x'.repeat(1024 * 1024 + 1))
    chmodSync(path, 0o600)
    expect(codeOf(() => readPrivateFile(path))).to.equal('private-file.too-large')
    expect(codeOf(() => readPrivateFile(join(path, 'below-a-file')))).to.equal('private-file.unreadable')
    mkdirSync(join(folder, 'taken'))
    writeFileSync(join(folder, 'taken', 'x'), '')
    expect(codeOf(() => writePrivateFile(join(folder, 'taken'), 'x'))).to.equal('private-file.not-written')
  })
})
