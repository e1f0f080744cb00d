import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect } from 'chai'
import { sqlitePackage } from '#gateway/platform/sqlite.js'
import { type DiskFault, FaultyDisk } from '#simulators/faults/disk/faulty-disk.js'

/** Opens a database as the journal does, then writes: once here, once outside the folder. Prints what SQLite says. */
const WRITER = `
  const Sqlite = require('${sqlitePackage(Number(process.versions['napi']))}')
  const said = []
  for (const file of process.argv.slice(1)) {
    try {
      const db = new Sqlite(file)
      db.pragma('journal_mode = WAL')
      db.pragma('synchronous = FULL')
      db.exec('CREATE TABLE IF NOT EXISTS t (x); INSERT INTO t VALUES (1)')
      said.push('ok')
    } catch (error) { said.push(error.code) }
  }
  console.log(said.join())
`

describe('a faulty disk', function () {
  this.timeout(60_000)
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-faulty-'))
  const elsewhere = mkdtempSync(join(tmpdir(), 'homebeat-sound-'))
  const disk = new FaultyDisk(folder)
  let env: NodeJS.ProcessEnv

  before(async function () {
    if (!existsSync('/usr/bin/cc')) {
      this.test?.parent?.eachTest((test) => {
        test.title += ' (skipped: there is no C compiler)'
      })
      this.skip()
    }
    env = await disk.environment()
    expect(await written({ fault: 'none' })).to.equal('ok,ok')
  })
  after(() => {
    disk.remove()
    for (const path of [folder, elsewhere]) rmSync(path, { recursive: true, force: true })
  })

  async function written(fault: DiskFault): Promise<string> {
    disk.set(fault)
    const files = [join(folder, 'a.db'), join(elsewhere, 'a.db')]
    const { stdout } = await promisify(execFile)(process.execPath, ['-e', WRITER, ...files], {
      env: { ...process.env, NODE_OPTIONS: '', ...env },
    })
    return stdout.trim()
  }

  it('is full below its folder, and nowhere else', async () => {
    expect(await written({ fault: 'full' })).to.match(/^SQLITE_(FULL|IOERR\w*|CANTOPEN),ok$/)
  })

  it('is read-only', async () => {
    expect(await written({ fault: 'read-only' })).to.match(/^SQLITE_(READONLY\w*|CANTOPEN|IOERR\w*),ok$/)
  })

  it('errs as often as it is told', async () => {
    expect(await written({ fault: 'error', times: 1 })).to.match(/^SQLITE_IOERR\w*,ok$/)
    expect(await written({ fault: 'none' })).to.equal('ok,ok')
  })

  it('lies, and is slow, without harm to a process that goes on', async () => {
    expect(await written({ fault: 'lie' })).to.equal('ok,ok')
    expect(await written({ fault: 'slow', ms: 5 })).to.equal('ok,ok')
  })
})
