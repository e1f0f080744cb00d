import { expect } from 'chai'
import type { Measurement } from '#fhir/measurement.js'
import type { Pipeline } from '#gateway/engine/pipeline.js'
import { Pump } from '#gateway/engine/pump.js'
import { Recorder } from '#gateway/engine/recorder.js'
import { BoundedQueue } from '#gateway/intake/transports/bounded-queue.js'
import type { Commit } from '#gateway/journal/api/commit.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { Frame, FrameOutcome, Transport } from '#gateway/model/transport.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { settle, TestClock } from '#test/support/test-clock.js'

const measurement: Measurement = {
  identifier: 'm-1',
  sensor: 'pulse',
  observable: 'pulseRate',
  deviceId: 'd',
  at: 0,
  value: { type: 'quantity', value: 70 },
  quality: 'good',
  remarks: [],
}

/** A pump between a queue of frames and a disk that does what the test says. */
function build(step: Partial<PipelineStep> = { measurements: [measurement] }, given: Partial<Transport> = {}) {
  const clock = new TestClock()
  const queue = new BoundedQueue<Frame>(1000)
  const settled: FrameOutcome[] = []
  const disk = { refusals: 0, error: new Error('disk full') as Error, commits: [] as Commit[], hold: false }
  const held: (() => void)[] = []
  const journal = {
    async commit(commit: Commit) {
      if (disk.hold) await new Promise<void>((resolve) => held.push(resolve))
      if (disk.refusals-- > 0) throw disk.error
      disk.commits.push(commit)
    },
  } as unknown as Journal
  const transport = {
    name: 'kit',
    probe: async () => {},
    start: async () => {},
    stop: async () => queue.close(),
    status: () => ({ name: 'kit', url: 'x:', state: 'connected', sentence: '' }),
    frames: () => queue,
    ...given,
  } as Transport
  const pipeline = {
    accept: () => ({
      measurements: [],
      transitions: [],
      notifications: [],
      digestItems: [],
      live: [],
      events: [],
      lost: 0,
      refused: null,
      received: 1,
      ...step,
    }),
  } as unknown as Pipeline
  const recorder = new Recorder({ journal, clock, logger: silentLogger })
  const pump = new Pump({
    transport,
    pipeline,
    recorder,
    clock,
    logger: silentLogger,
    onCommitted: () => {},
  })
  const arrive = () =>
    queue.push({
      format: 'kit-line',
      line: '',
      transport: 'kit',
      receivedAt: 0,
      settle: (outcome) => settled.push(outcome),
    })
  return { clock, queue, settled, disk, held, pump, recorder, arrive }
}

describe('engine/pump', () => {
  it('starts without a transport that the home can do without, and takes what it says of itself', async () => {
    const start = async () => Promise.reject(new HomebeatError('replay.not-found', 'There is no recording.'))
    const { pump, arrive, settled } = build({}, { start, isDispensable: true })
    await pump.start()
    arrive()
    await settle()
    expect(settled).to.deep.equal([{ outcome: 'committed' }])
    await pump.stop()
    const { pump: needed } = build({}, { start })
    const refused = await needed.start().catch((error: HomebeatError) => error.code)
    expect(refused).to.equal('replay.not-found')
  })

  it('settles a frame only when what it brought is durable', async () => {
    const { disk, held, pump, arrive, settled } = build()
    disk.hold = true
    await pump.start()
    arrive()
    await settle()
    expect(settled).to.deep.equal([])
    for (const release of held) release()
    await settle()
    expect(settled).to.deep.equal([{ outcome: 'committed' }])
    await pump.stop()
  })

  it('tries the same commit again while the disk refuses, and loses nothing', async () => {
    const { clock, disk, pump, arrive, settled } = build()
    disk.refusals = 3
    await pump.start()
    arrive()
    for (let i = 0; i < 3; i++) {
      await settle()
      expect(settled).to.deep.equal([])
      await clock.advance(1000)
    }
    expect(disk.commits.map((commit) => commit.measurements)).to.deep.equal([[measurement]])
    expect(settled).to.deep.equal([{ outcome: 'committed' }])
    await pump.stop()
  })

  it('holds the transport back while too much is under way', async () => {
    const { disk, held, pump, arrive, recorder } = build()
    disk.hold = true
    await pump.start()
    for (let i = 0; i < 600; i++) arrive()
    await settle()
    expect(recorder.underWay).to.equal(256)
    disk.hold = false
    while (held.length > 0) {
      held.shift()?.()
      await settle(1)
    }
    await settle()
    expect(disk.commits).to.have.length(600)
    await pump.stop()
  })

  it('tells the sender when the gateway stops before the disk took it', async () => {
    const { disk, pump, recorder, arrive, settled } = build()
    disk.refusals = Number.POSITIVE_INFINITY
    await pump.start()
    arrive()
    await settle()
    await pump.stop()
    await recorder.finish()
    await settle()
    expect(settled).to.have.length(1)
    expect(settled[0]).to.include({ outcome: 'not-stored', code: 'journal.stopping' })
  })

  it('does not repeat what the journal can never store', async () => {
    const { disk, pump, arrive, settled } = build()
    disk.refusals = 1
    disk.error = new HomebeatError('journal.not-storable', 'not a number')
    await pump.start()
    arrive()
    await settle()
    expect(settled[0]).to.include({ outcome: 'refused', code: 'journal.not-storable' })
    await pump.stop()
  })

  it('acknowledges a message that nobody could read when it is kept, and not before', async () => {
    const unmapped = {
      deviceId: 'd',
      topic: 't',
      payload: new Uint8Array(),
      receivedAt: 0,
      code: 'map.topic',
      reason: '',
    }
    const refused = { code: 'map.topic', reason: '', count: 1 }
    const { disk, held, pump, arrive, settled } = build({ unmapped: [unmapped], refused })
    disk.hold = true
    await pump.start()
    arrive()
    await settle()
    expect(settled).to.deep.equal([])
    held[0]?.()
    await settle()
    expect(disk.commits[0]?.unmapped).to.deep.equal([unmapped])
    expect(settled).to.deep.equal([{ outcome: 'committed' }])
    await pump.stop()
  })

  it('says at once what the pipeline refuses, and settles what needs no commit', async () => {
    const refusing = build({ refused: { code: 'decode.crc', reason: 'bad CRC', count: 1 } })
    await refusing.pump.start()
    refusing.arrive()
    await settle()
    expect(refusing.settled).to.deep.equal([{ outcome: 'refused', code: 'decode.crc', reason: 'bad CRC' }])
    await refusing.pump.stop()

    const quiet = build({})
    await quiet.pump.start()
    quiet.arrive()
    await settle()
    expect(quiet.settled).to.deep.equal([{ outcome: 'committed' }])
    await quiet.pump.stop()
  })
})
