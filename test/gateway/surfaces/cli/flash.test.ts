import { existsSync } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { expect } from 'chai'
import { packageRoot } from '#gateway/platform/package-root.js'
import { runNode } from '#test/support/run.js'

/** A character device that everybody may open, so that only the fake avrdude decides. */
const PORT = '/dev/null'

describe('homebeat flash', function () {
  this.timeout(60_000)
  let folder: string
  let log: string
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'homebeat-flash-'))
    log = join(folder, 'arguments')
  })
  afterEach(() => rm(folder, { recursive: true, force: true }))

  /** An avrdude that writes down its arguments, says something, and ends so. */
  async function avrdude(says: string, code: number): Promise<void> {
    const file = join(folder, 'avrdude')
    const script = `#!/bin/sh\nprintf '%s\\n' "$@" > '${log}'\ncat >&2 <<'SAID'\n${says}\nSAID\nexit ${code}\n`
    await writeFile(file, script)
    await chmod(file, 0o755)
  }
  const flash = (args: string[], path = `${folder}${delimiter}${process.env['PATH']}`) =>
    runNode(['dist/gateway/main.js', 'flash', ...args], { env: { PATH: path } })

  it('has avrdude write the committed firmware into an Uno', async () => {
    await avrdude('avrdude done.  Thank you.', 0)
    const { code, stdout, stderr } = await flash([PORT])
    expect(stderr).to.equal('')
    expect(code).to.equal(0)
    expect(stdout).to.equal(`The firmware is on the kit at ${PORT}.\n`)
    const hex = join(packageRoot, 'firmware', 'homebeat.hex')
    expect(existsSync(hex)).to.equal(true)
    expect((await readFile(log, 'utf8')).trimEnd().split('\n')).to.deep.equal([
      '-p',
      'm328p',
      '-c',
      'arduino',
      '-b',
      '115200',
      '-P',
      PORT,
      '-D',
      '-U',
      `flash:w:${hex}:i`,
    ])
  })

  it('only says what it would run with --dry-run, port or no port', async () => {
    await avrdude('', 0)
    const { code, stdout } = await flash(['/dev/no-such-port', '--dry-run'])
    expect(code).to.equal(0)
    expect(stdout).to.match(/^avrdude -p m328p .* -P \/dev\/no-such-port .*homebeat\.hex:i\n$/)
    expect(existsSync(log)).to.equal(false)
  })

  const fails = async (args: string[], says: RegExp, path?: string) => {
    const { code, stdout, stderr } = await flash(args, path)
    expect(code).to.equal(1)
    expect(stdout).to.equal('')
    expect(stderr).to.match(says)
    expect(stderr.trimEnd().split('\n'), stderr).to.have.length(1)
  }

  it('names the package when avrdude is missing', () =>
    fails([PORT], /avrdude is not installed: apt install avrdude/, folder))

  it('says so when the port is not there or none at all', async () => {
    await avrdude('', 0)
    await fails(['/dev/no-such-port'], /no \/dev\/no-such-port: is the kit plugged in/)
    await fails([log.replace('arguments', 'avrdude')], /is not a serial port/)
    expect(existsSync(log)).to.equal(false)
  })

  it('makes one line of what avrdude complains about', async () => {
    for (const [said, says] of [
      [`avrdude: ser_open(): can't open device "${PORT}": Device or resource busy`, /in use: stop the gateway/],
      [
        'avrdude: stk500_recv(): programmer is not responding\navrdude: stk500_getsync() attempt 10 of 10: not in sync: resp=0x00',
        /No Arduino Uno answers/,
      ],
      [
        'avrdude: verification error, first mismatch at byte 0x0000\n avrdude: verification error; content mismatch',
        /reads back differently/,
      ],
      [`avrdude: ser_open(): can't open device "${PORT}": Permission denied`, /dialout/],
      ['avrdude: something new\navrdude error: a flood', /avrdude failed on \/dev\/null: avrdude error: a flood/],
    ] as const) {
      await avrdude(said, 1)
      await fails([PORT], says)
    }
  })
})
