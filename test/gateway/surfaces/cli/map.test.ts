import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { stringify } from 'yaml'
import { journalOf } from '#gateway/journal/sqlite/sqlite-journal.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { homebeat } from '#test/support/run.js'
import { TestClock } from '#test/support/test-clock.js'

const BAND = {
  topic: 'home/TheengsGateway/BTtoMQTT/F1C89B123456',
  payload: { id: 'F1:C8:9B:12:34:56', model_id: 'MB/SW', act_bpm: 72 },
  receivedAt: '2026-01-01T12:00:00Z',
}

describe('homebeat map', function () {
  this.timeout(90_000)
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-map-'))
  const config = join(folder, 'homebeat.yaml')
  const write = (name: string, text: string) => {
    writeFileSync(join(folder, name), text)
    return join(folder, name)
  }

  before(() => {
    write('site.yaml', stringify({ devices: { 'f1:c8:9b:12:34:56': 'band-1' } }))
    write(
      'homebeat.yaml',
      stringify({
        home: { id: 'h', patient: 'p' },
        transports: [{ name: 'kit', url: 'serial:///dev/null' }],
        chain: { endpoints: ['http://127.0.0.1:1'], chainId: 1, contract: `0x${'ab'.repeat(20)}` },
        mappings: ['site.yaml'],
      }),
    )
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('--dry-run says what each message would become, or what was missing, with an exit code', async () => {
    const file = write('one.json', JSON.stringify(BAND))
    const unnamed = await homebeat('map', '--dry-run', file)
    expect(unnamed.stdout).to.contain('unmapped, nearest theengs/activity-heart-rate: The device that it names')
    expect(unnamed.code).to.equal(1)
    const named = await homebeat('map', '--dry-run', file, '-c', config)
    expect(named.stderr).to.equal('')
    expect(named.stdout).to.equal(
      `${BAND.topic}\n  mapped by theengs/activity-heart-rate\n` +
        '    pulseRate 72 /min, 2026-01-01T12:00:00.000Z, device band-1, questionable (identity-by-arrival)\n',
    )
    expect(named.code).to.equal(0)
  })

  it('--dry-run takes JSON lines, a topic for all, and Homebeat’s own contract', async () => {
    const file = write(
      'lines.jsonl',
      `{"payload":"71.0"}\n{"topic":"homebeat/v1/cuff-1/pulse","payload":{"value":71}}\n`,
    )
    const { stdout } = await homebeat('map', '--dry-run', file, '--topic', 'bed/sensor/heart_rate/state', '--json')
    const [first, second] = JSON.parse(stdout)
    expect(first).to.include({ outcome: 'mapped', by: 'esphome/heart-rate' })
    expect(first.measurements[0].value).to.deep.equal({ type: 'quantity', value: 71 })
    expect(second).to.include({ outcome: 'unmapped', code: 'decode.payload', by: 'homebeat/v1' })
  })

  it('says in one line what is wrong with what it was given', async () => {
    for (const [args, wanted] of [
      [[], /Give --dry-run <file>/],
      [['--dry-run', join(folder, 'none.json')], /cannot be read \(ENOENT\)/],
      [['--dry-run', '/dev/zero'], /larger than 16 MiB/],
      [['--dry-run', write('bad.json', '{"topic"')], /has no messages/],
      [['--dry-run', write('no-topic.json', '{"payload":"1"}')], /Message 1 names no topic/],
      [['retry', '-c', config], /No gateway runs on/],
    ] as const) {
      const { code, stderr } = await homebeat('map', ...args)
      expect(code).to.be.greaterThan(0)
      expect(stderr).to.match(wanted)
      expect(stderr.trim().split('\n')).to.have.length(1)
    }
  })

  it('list shows the site’s and the shipped templates by their MQTT filters', async () => {
    const { stdout } = await homebeat('map', 'list')
    expect(stdout).to.match(/activity-heart-rate +home\/\+\/BTtoMQTT\/\+ +pulse, identity: change/)
  })

  it('unmapped reads the journal of a stopped gateway, and its JSON is what --dry-run takes', async () => {
    const journal = journalOf({
      path: join(folder, 'homebeat-data', 'journal.db'),
      lanes: [],
      clock: new TestClock(),
      logger: silentLogger,
      commit: { maxDelayMs: 0, maxCount: 1 },
    })
    await journal.start()
    const payload = new TextEncoder().encode(JSON.stringify(BAND.payload))
    const kept = {
      deviceId: 'bridge',
      payload,
      receivedAt: Date.UTC(2026, 0, 1, 12),
      code: 'map.device',
      reason: 'Why.',
    }
    const unmapped = [
      { ...kept, topic: BAND.topic },
      { ...kept, topic: 'steer\u001b[2J', payload: new Uint8Array([0xff]) },
    ]
    await journal.commit({ measurements: [], transitions: [], unmapped })
    await journal.stop()

    const { stdout } = await homebeat('map', 'unmapped', '-c', config)
    expect(stdout).to.match(
      /^2 messages kept\n2 {2}2026-01-01T12:00:00\.000Z {2}bridge {2}steer·\[2J\n {4}map\.device: Why\.\n/,
    )
    const json = await homebeat('map', 'unmapped', '-c', config, '--json', '--limit', '5')
    const again = await homebeat('map', '--dry-run', write('kept.json', json.stdout), '-c', config)
    expect(again.stdout).to.contain('mapped by theengs/activity-heart-rate')
    const status = await homebeat('status', '-c', config)
    expect(status.stdout).to.contain('Messages kept unmapped (homebeat map unmapped says why)\n  bridge           2\n')
  })
})
