import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { type CheckIn, checkInSchema, type Vitals } from '#gateway/liveness/check-in.js'
import { Liveness } from '#gateway/liveness/liveness.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { newWebhookSecret, parseWebhookSecret, verifySignature } from '#gateway/platform/net/webhook-signature.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { settle, TestClock } from '#test/support/test-clock.js'

const none = { high: 0, medium: 0, low: 0 }
const well: Vitals = {
  reasons: [],
  alerts: { physiological: { ...none, high: 1 }, technical: none },
  oldestSeconds: { fhir: 12, alert: null, anchor: null },
  journal: 'ok',
}

describe('liveness', () => {
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-beat-'))
  const secretText = newWebhookSecret()
  const secret = parseWebhookSecret(secretText, 'a test')
  let clock: TestClock
  let sent: CheckIn[]
  let answer: () => Response
  let vitals: Vitals
  let liveness: Liveness

  before(() => writeFileSync(join(folder, 'secret'), secretText, { mode: 0o600 }))
  after(() => rmSync(folder, { recursive: true, force: true }))

  beforeEach(() => {
    rmSync(join(folder, 'heartbeat.json'), { force: true })
    clock = new TestClock()
    sent = []
    answer = () => new Response(null, { status: 204 })
    vitals = well
    liveness = compose()
  })
  afterEach(() => liveness.stop())

  function compose(): Liveness {
    return new Liveness({
      targets: [{ name: 'clinic', url: 'https://watch.example/beat', secretFile: 'secret', everySeconds: 60 }],
      home: 'home-1',
      software: '0.1.0',
      baseDir: folder,
      dataDir: folder,
      vitals: () => vitals,
      fetch: async (_url, init) => {
        const body = String(init?.body)
        const signed = verifySignature(secret, init?.headers as Record<string, string>, body)
        expect(signed?.timestamp).to.equal(Math.floor(clock.now() / 1000))
        sent.push(checkInSchema.parse(JSON.parse(body)))
        return answer()
      },
      clock,
      logger: silentLogger,
    })
  }

  /** As the gateway's tick does, second by second. */
  async function live(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      liveness.check()
      await clock.advance(1000)
    }
  }

  it('sends one signed check-in after the other, with numbers that grow and nothing but counts', async () => {
    await liveness.start()
    await live(121)
    expect(sent).to.have.length(3)
    const [first, second] = sent as [CheckIn, CheckIn]
    expect(second.sequence).to.be.greaterThan(first.sequence)
    const golden = JSON.parse(readFileSync(join(packageRoot, 'test/fixtures/liveness/check-in.json'), 'utf8'))
    expect(second).to.deep.equal({ ...golden, sequence: second.sequence })
  })

  it('counts on over restarts, also where the clock has been set back to its beginning', async () => {
    await liveness.start()
    await live(1)
    await liveness.stop()
    const before = sent.at(-1)?.sequence ?? 0
    clock.setWall(0)
    liveness = compose()
    await liveness.start()
    await live(1)
    expect(sent.at(-1)?.sequence).to.be.greaterThan(before)
  })

  it('counts on from the time where its file is lost', async () => {
    await liveness.start()
    await live(61)
    await liveness.stop()
    const before = sent.at(-1)?.sequence ?? 0
    rmSync(join(folder, 'heartbeat.json'))
    liveness = compose()
    await liveness.start()
    await live(1)
    expect(sent.at(-1)?.sequence).to.be.greaterThan(before)
  })

  it('does not look alive where the tick stands still', async () => {
    await liveness.start()
    await live(59)
    expect(sent.at(-1)?.healthy).to.equal(true)
    await clock.advance(61_000)
    expect(sent.at(-1)).to.deep.include({ healthy: false, reasons: ['tick-stalled'] })
  })

  it('does not look alive where the line cannot prove that it works, and says why', async () => {
    vitals = { ...well, reasons: ['commit-refused', 'no-source'] }
    await liveness.start()
    await live(1)
    expect(sent.at(-1)).to.deep.include({ healthy: false, reasons: ['commit-refused', 'no-source'] })
  })

  it('says so where the disk takes no writes, and goes on checking in', async () => {
    if (process.getuid?.() === 0) {
      // Root writes everywhere: a folder in the file's place refuses it too.
      rmSync(join(folder, 'heartbeat.json'), { force: true })
      const { mkdirSync } = await import('node:fs')
      mkdirSync(join(folder, 'heartbeat.json'))
    } else chmodSync(folder, 0o500)
    try {
      await liveness.start()
      await live(61)
      expect(sent).to.have.length(2)
      expect(sent.at(-1)).to.deep.include({ healthy: false, reasons: ['number-not-stored'] })
      expect(sent[1]?.sequence).to.be.greaterThan(sent[0]?.sequence ?? 0)
    } finally {
      chmodSync(folder, 0o700)
      rmSync(join(folder, 'heartbeat.json'), { recursive: true, force: true })
    }
  })

  it('says that it stops, so that the receiver can tell a stop from a power cut', async () => {
    await liveness.start()
    await live(1)
    await liveness.stop()
    expect(sent.map(({ state }) => state)).to.deep.equal(['running', 'stopping'])
    await liveness.stop()
    await clock.advance(120_000)
    expect(sent).to.have.length(2)
  })

  it('tries again soon, then more slowly, and is a technical condition until it gets through', async () => {
    answer = () => new Response(null, { status: 401 })
    expect(liveness.check()).to.deep.equal([])
    await liveness.start()
    await live(1)
    expect(liveness.check()).to.deep.equal([
      { condition: 'heartbeat-failing-clinic', priority: 'medium', delayMs: 150_000, present: true },
    ])
    await live(40)
    expect(sent).to.have.length(4)
    answer = () => new Response(null, { status: 204 })
    await live(60)
    expect(liveness.check()[0]?.present).to.equal(false)
  })

  it('takes a network that is away, and a login page in between, for a failure', async () => {
    answer = () => {
      throw new TypeError('fetch failed')
    }
    await liveness.start()
    await live(1)
    expect(liveness.check()[0]?.present).to.equal(true)
    answer = () => new Response(null, { status: 302, headers: { location: 'https://hotspot.example/' } })
    await live(10)
    await settle()
    expect(liveness.check()[0]?.present).to.equal(true)
  })
})
