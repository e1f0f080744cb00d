import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import type { Gateway } from '#gateway/compose/gateway.js'
import { composeGateway } from '#gateway/compose/gateway.js'
import type { LoadedConfig } from '#gateway/config/load.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { OutboxEntry } from '#gateway/journal/api/outbox.js'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import { laneOf } from '#gateway/model/lane.js'
import { configuredLanes } from '#gateway/outbound/lanes/configured-lanes.js'
import { systemClock } from '#gateway/platform/clock.js'
import { ensureDataDir } from '#gateway/platform/data-dir.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { measurement, nextBatch, transition } from '#test/gateway/journal/journal-fixture.js'
import { TestHome } from '#test/support/home.js'
import { homebeat } from '#test/support/run.js'
import { told as notified } from '#test/support/told.js'

describe('homebeat queue', function () {
  this.timeout(120_000)
  let home: TestHome
  let loaded: LoadedConfig
  let webhook: Server
  let told: string[]

  before(async () => {
    webhook = createServer((request, response) => {
      request.on('data', () => {})
      request.on('end', () => {
        told.push(request.url ?? '')
        response.writeHead(204).end()
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => webhook.once('listening', resolve))
  })
  after(() => webhook.close())

  beforeEach(async () => {
    told = []
    home = new TestHome()
    ensureDataDir(home.dataDir)
    loaded = home.configure({
      transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }],
      alerts: {
        channels: [
          { type: 'webhook', name: 'doctor', url: `http://127.0.0.1:${(webhook.address() as AddressInfo).port}/alert` },
        ],
      },
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    })
    await onJournal(async (journal) => {
      await journal.commit({ measurements: [measurement('m-1')], ...notified([transition()], ['doctor']) })
      journal.batches.close(nextBatch(journal))
      const entry = journal.outbox.claim(laneOf('alert:doctor')) as OutboxEntry
      journal.outbox.launch(entry)
      journal.outbox.settle(entry, { class: 'permanent', reason: 'HTTP 404' }, 1)
    })
  })
  afterEach(() => home.remove())

  async function onJournal<Result>(action: (journal: Journal) => Promise<Result>): Promise<Result> {
    const journal = journalOf({
      path: join(home.dataDir, 'journal.db'),
      lanes: configuredLanes(loaded.config),
      clock: systemClock,
      logger: silentLogger,
      commit: loaded.config.commit,
    })
    await journal.start()
    try {
      return await action(journal)
    } finally {
      await journal.stop()
    }
  }

  const queue = (...args: string[]) => homebeat('queue', ...args, '--config', join(home.folder, 'homebeat.yaml'))

  async function printed(...args: string[]): Promise<string> {
    const { code, stdout, stderr } = await queue(...args)
    expect(stderr).to.equal('')
    expect(code).to.equal(0)
    return stdout
  }

  async function refused(code: number, pattern: RegExp, ...args: string[]): Promise<void> {
    const result = await queue(...args)
    expect(result.stderr).to.match(pattern)
    expect(result.stderr.trim().split('\n')).to.have.length(1)
    expect(result).to.include({ code, stdout: '' })
  }

  const rejectedId = async () => JSON.parse(await printed('list', '--state', 'rejected', '--json')).entries[0].id

  it('lists and shows, of a gateway that does not run, what each entry is and no health value', async () => {
    const list = await printed('list')
    expect(list).to.match(/^ID +LANE +STATE +WHAT +QUEUED +THE FAR END SAID\n/)
    expect(list).to.match(/\n\d+ +alert:doctor +rejected +low-oxygen-saturation raised +\d+ s ago +HTTP 404\n/)
    expect(list).to.match(/\n\d+ +anchor:consortium +queued +batch 1 +/)
    expect(await printed('list', '--lane', 'anchor:consortium', '--state', 'rejected')).to.contain('Nothing waits')
    const id = await rejectedId()
    const shown = await printed('show', String(id))
    expect(shown).to.match(
      /what +telling doctor of an alert \(raised\)\ncondition +low-oxygen-saturation \(physiological, high\)\n/,
    )
    expect(shown).to.match(/far end said +HTTP 404\n/)
    expect(JSON.parse(await printed('show', String(id), '--json')).thing).to.have.all.keys(
      ...['type', 'alertId', 'condition', 'kind', 'priority', 'state', 'at', 'channel', 'reason'],
    )
    const anchor = JSON.parse(await printed('list', '--lane', 'anchor:consortium', '--json')).entries[0].id
    expect(await printed('show', String(anchor))).to.match(
      /what +batch 1 of 1 Observations\nperiod +2023-11-14T22:13:20/,
    )
  })

  it('drops an alert only when that is said, and shows who did it', async () => {
    const id = String(await rejectedId())
    await refused(1, /add --undelivered-alert/, 'drop', id, '--reason', 'told by telephone')
    expect(await printed('drop', id, '--reason', 'told by telephone', '--undelivered-alert')).to.contain('is dropped')
    expect(await printed('show', id)).to.match(
      /by hand +drop by \S+, .*: told by telephone \(the far end had said: HTTP 404\)/,
    )
    const anchor = JSON.parse(await printed('list', '--json')).entries[0].id
    await refused(1, /Batch 1 is not on the chain/, 'drop', String(anchor), '--reason', 'x', '--waiting')
  })

  it('says in one line what is wrong with what was asked', async () => {
    await refused(1, /There is no entry 999/, 'show', '999')
    await refused(2, /whole number/, 'show', 'abc')
    await refused(2, /--all with --lane/, 'retry')
    await refused(2, /--all with --lane/, 'retry', '--all')
    await refused(2, /waiting or rejected/, 'list', '--state', 'lost')
    await refused(2, /fhir:care/, 'list', '--lane', 'care')
    await refused(2, /fhir:care/, 'retry', '--all', '--lane', 'alert/doctor')
    home.configure({
      ...{ dataDir: './nowhere', transports: [{ name: 'broker', url: 'mqtt+broker://127.0.0.1:0' }] },
      chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
    })
    await refused(1, /There is no journal/, 'list')
  })

  it('has a running gateway deliver again what was refused, at once', async () => {
    const gateway: Gateway = await composeGateway(loaded, { logger: silentLogger })
    await gateway.start()
    try {
      expect(told).to.deep.equal([])
      expect(await printed('retry', '--all', '--lane', 'alert:doctor')).to.match(
        /^\d+ alert:doctor: low-oxygen-saturation raised goes again, before what was queued after it\.\n$/,
      )
      while (told.length === 0) await new Promise((resolve) => setTimeout(resolve, 20))
      expect(await printed('list', '--lane', 'alert:doctor')).to.contain('Nothing waits')
      const status = JSON.parse(
        (await homebeat('status', '--json', '--config', join(home.folder, 'homebeat.yaml'))).stdout,
      )
      expect(status.lanes.find(({ lane }: { lane: string }) => lane === 'alert:doctor')).to.include({
        ...{ state: 'idle', depth: 0, rejected: 0, dropped: 0 },
      })
    } finally {
      await gateway.stop(0)
    }
  })

  it('raises an alarm when the disk of a running gateway is nearly full, and tells the doctor', async () => {
    const free = { bavail: 50 * 256, bsize: 4096 }
    const gateway = await composeGateway(loaded, { logger: silentLogger, statfs: async () => free })
    await gateway.start()
    try {
      const alarm = () => gateway.status().alerts.find(({ condition }) => condition === 'disk-critical')
      while (!alarm()?.deliveredTo.includes('doctor')) await new Promise((resolve) => setTimeout(resolve, 50))
      expect(alarm()).to.include({ priority: 'high', kind: 'technical', state: 'active' })
    } finally {
      await gateway.stop(0)
    }
  })

  it('says in the status how each lane stands, those of an earlier configuration apart', async () => {
    const status = async () => (await homebeat('status', '--config', join(home.folder, 'homebeat.yaml'))).stdout
    expect(await status()).to.match(
      / {2}alert:doctor +idle +0 waiting, 0 delivered, 1 rejected\n +homebeat queue list --state rejected --lane alert:doctor\n/,
    )
    const { alerts: _, ...rest } = loaded.config
    loaded = home.configure({ ...rest, dataDir: './data' })
    await onJournal(async () => {})
    expect(await status()).to.match(
      /Lanes of an earlier configuration[^\n]*\n {2}alert:doctor +idle +0 waiting, 0 delivered, 1 rejected\n/,
    )
  })
})
