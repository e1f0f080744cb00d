import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect } from 'chai'
import { buildFirmware, committedHex } from '#firmware/build.js'
import { HomebeatError } from '#gateway/platform/errors.js'

function needsToolchain(test: Mocha.Context): void {
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  if (folders.some((folder) => existsSync(join(folder, 'avr-g++')))) return
  const runnable = test.runnable() as Mocha.Runnable & { title: string }
  runnable.title += ' (skipped: avr-g++ is not on this machine)'
  test.skip()
}

describe('firmware build', function () {
  this.timeout(120_000)
  let folder: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'homebeat-build-test-'))
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  it('gives the committed file, byte for byte, and fits the Uno', async function () {
    needsToolchain(this)
    const built = await buildFirmware(folder)
    expect(await readFile(built.hex, 'utf8')).to.equal(await readFile(committedHex, 'utf8'))
    expect(built.flashBytes).to.be.within(1000, 30 * 1024)
    expect(built.ramBytes).to.be.within(500, 1434)
  })

  it('names the packages to install when the toolchain is missing', async () => {
    const path = process.env['PATH']
    process.env['PATH'] = folder
    try {
      await buildFirmware(folder)
      expect.fail('built without a compiler')
    } catch (error) {
      expect(error).to.be.instanceOf(HomebeatError)
      expect((error as HomebeatError).code).to.equal('firmware.toolchain')
      expect((error as HomebeatError).message)
        .to.contain('gcc-avr')
        .and.to.contain('avr-libc')
        .and.not.to.contain('\n')
    } finally {
      process.env['PATH'] = path
    }
  })
})
