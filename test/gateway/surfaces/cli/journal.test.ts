import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { composeGateway } from '#gateway/compose/gateway.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { Sqlite } from '#gateway/platform/sqlite.js'
import type { GatewayStatus } from '#gateway/surfaces/status/feed.js'
import { readRunFile } from '#gateway/surfaces/status/run-file.js'
import { ChainSimulator } from '#simulators/chain/chain-simulator.js'
import { overwrite } from '#test/gateway/journal/damaged-home.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'

const RECORDING = join(packageRoot, 'test/fixtures/wfdb/one.hea')

describe('homebeat journal', function () {
  this.timeout(120_000)
  const home = new TestHome()
  const chain = new ChainSimulator({ port: 0 })
  const journal = join(home.dataDir, 'journal.db')
  let gateway: ChildProcess | undefined
  const config = () => ['--config', join(home.folder, 'homebeat.yaml')]

  before(async () => {
    await chain.start()
    await chain.enrol(await home.gatewayAddress())
  })
  after(async () => {
    gateway?.kill('SIGKILL')
    await chain.stop()
    home.remove()
  })

  /** Plays a recording through the whole gateway: one more batch, anchored. */
  async function oneBatch(at: string): Promise<GatewayStatus> {
    const loaded = home.configure({
      transports: [{ name: 'replay', url: `replay:${RECORDING}?speed=0&at=${at}`, device: 'replay-1' }],
      chain: { endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract, pollSeconds: 0.1 },
    })
    const running = await composeGateway(loaded, { logger: silentLogger })
    await running.start()
    while (running.status().transports.some((transport) => transport.state !== 'ended')) {
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    await running.stop(5000)
    return JSON.parse((await homebeat('status', '--json', ...config())).stdout)
  }

  async function start(): Promise<void> {
    home.configure({
      transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
      chain: { endpoints: [chain.url], chainId: chain.chainId, contract: chain.contract },
    })
    const program = join(packageRoot, 'dist/gateway/main.js')
    const child = spawn(process.execPath, [program, 'start', ...config()], { stdio: ['pipe', 'ignore', 'inherit'] })
    gateway = child
    while (readRunFile(home.dataDir)?.pid !== child.pid) {
      if (child.exitCode !== null) throw new Error('the gateway ended early')
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async function stop(): Promise<void> {
    gateway?.kill('SIGTERM')
    if (gateway) await once(gateway, 'exit')
    gateway = undefined
  }

  /** What the running gateway says, once it is so; the test's time limit ends the wait. */
  async function statusWhere(is: (status: GatewayStatus) => boolean): Promise<GatewayStatus> {
    for (;;) {
      const url = readRunFile(home.dataDir)?.console
      const response = url ? await fetch(new URL('/api/status', url)).catch(() => null) : null
      const status = response?.ok ? ((await response.json()) as GatewayStatus) : null
      if (status && is(status)) return status
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }
  const alerted = (status: GatewayStatus, state: string) =>
    status.alerts.some((alert) => alert.condition === 'journal-damaged' && alert.state === state)

  it('says whether it is whole', async () => {
    expect((await oneBatch('2026-01-01T12:00:00Z')).batches).to.include({ closed: 1, anchored: 1 })
    const whole = await homebeat('journal', 'check', ...config())
    expect(whole.code, whole.stderr).to.equal(0)
    expect(whole.stdout).to.contain('1 batches').and.to.contain('Whole.')
    const bytes = readFileSync(journal)
    bytes.fill(0xa5, 0, 100)
    writeFileSync(journal, bytes)
    const damaged = await homebeat('journal', 'check', ...config())
    expect(damaged.code).to.equal(1)
    expect(damaged.stderr).to.contain('is damaged: start the gateway again')
  })

  it('is saved by the next start, which says so until somebody accepts it', async () => {
    await start()
    const status = await statusWhere((now) => alerted(now, 'active'))
    expect(status.damages).to.have.length(1)
    expect(status.damages?.[0]?.report.batchesWithoutRecords).to.deep.equal([])
    expect(status.batches.last?.number).to.equal(1)
    const said = await homebeat('status', ...config())
    expect(said.stdout).to.contain('The journal was damaged').and.to.contain('homebeat journal accept-damage')
    expect((await homebeat('journal', 'check', ...config())).stdout).to.contain('Whole.')
    const accepted = await homebeat('journal', 'accept-damage', ...config())
    expect(accepted.stdout, accepted.stderr).to.contain('Accepted')
    expect((await statusWhere((now) => alerted(now, 'cleared'))).damages).to.deep.equal([])
  })

  it('loses to a row that does not open only that row, and no verb fails for it', async () => {
    const sqlite = new Sqlite(journal)
    const lost = sqlite.prepare('SELECT identifier FROM measurement WHERE batch = 1').pluck().get() as string
    sqlite.exec('UPDATE leaf SET observation = zeroblob(60) WHERE batch = 1 AND position = 0')
    sqlite.close()
    const check = await homebeat('journal', 'check', ...config())
    expect(check.code).to.equal(1)
    expect(check.stdout).to.contain('leaf/observation/1/0 does not open').and.contain('cost only themselves')
    for (const verb of [
      ['status'],
      ['alarms', 'list'],
      ['journal', 'accept-damage'],
      ['queue', 'list'],
      ['limits', 'list'],
    ]) {
      const { code, stderr } = await homebeat(...verb, ...config())
      expect(code, `${verb}: ${stderr}`).to.equal(0)
    }
    const gone = await homebeat('verify', lost, ...config())
    expect(gone.code).to.equal(1)
    expect(gone.stderr).to.contain('does not open any more, its row in batch 1 was altered')
  })

  it('is saved by the gateway itself where it is found damaged while it runs', async () => {
    const { pid } = readRunFile(home.dataDir) ?? {}
    const sqlite = new Sqlite(journal)
    const index = `SELECT rootpage FROM sqlite_schema WHERE name = 'unmapped_message_waiting'`
    const page = sqlite.prepare(index).pluck().get() as number
    sqlite.close()
    overwrite(journal, (page - 1) * 4096, Buffer.alloc(4096, 0xa5))
    await homebeat('map', 'unmapped', ...config())
    const status = await statusWhere((now) => (now.damages ?? []).length === 1)
    expect(status.damages?.[0]?.setAside).to.be.a('string')
    expect(readRunFile(home.dataDir)?.pid).to.equal(pid)
    expect(status.batches.last?.number).to.equal(1)
    await stop()
    const refused = await homebeat('journal', 'accept-damage', ...config())
    expect(refused.code).to.equal(1)
    expect(refused.stderr).to.contain('start it first')
  })

  it('goes on with its batches where the file of heads says, and where that is lost, the chain', async () => {
    rmSync(journal)
    expect((await oneBatch('2026-01-01T12:05:00Z')).batches).to.include({ closed: 2, anchored: 2 })
    rmSync(journal)
    rmSync(join(home.dataDir, 'batch-heads.jsonl'))
    writeFileSync(journal, 'This is a letter, not a journal. '.repeat(900), { mode: 0o600 })
    const { batches, damages } = await oneBatch('2026-01-01T12:10:00Z')
    expect(batches.last?.number).to.equal(3)
    expect(batches.lastAnchor?.batchNumber).to.equal(3)
    expect(damages).to.have.length(1)
  })

  it('goes on after a backup was put back, once somebody says so', async () => {
    const backup = join(home.folder, 'backup')
    // As backups are made: cpSync of Node 24 gives folders other modes.
    execFileSync('cp', ['-a', home.dataDir, backup])
    expect((await oneBatch('2026-01-01T12:15:00Z')).batches.last?.number).to.equal(4)
    rmSync(home.dataDir, { recursive: true })
    renameSync(backup, home.dataDir)

    await start()
    const older = await statusWhere((now) => now.alerts.some((one) => one.condition === 'journal-older-than-chain'))
    expect(older.batches.last?.number).to.equal(3)
    expect((await homebeat('status', ...config())).stdout).to.contain('Then: homebeat journal continue')
    const said = await homebeat('journal', 'continue', '--by', 'nurse-1', ...config())
    expect(said.stdout, said.stderr).to.contain('Batches go on after 4, the last on the chain (nurse-1).')
    const again = await homebeat('journal', 'continue', ...config())
    expect(again.code).to.equal(1)
    expect(again.stderr).to.contain('There is nothing to continue')
    await stop()

    const { batches } = await oneBatch('2026-01-01T12:20:00Z')
    expect(batches.last?.number).to.equal(5)
    expect(batches.lastAnchor?.batchNumber).to.equal(5)
    expect((await homebeat('journal', 'check', ...config())).stdout).to.contain(
      'Batches 4 to 4 are not in this journal',
    )
  })
})
