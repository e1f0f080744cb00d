import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { ReplayTransport } from '#gateway/intake/transports/replay/replay-transport.js'
import type { Frame, WaveformFrame } from '#gateway/model/transport.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { shouldProbe } from '#test/behaviours/transport.behaviour.js'
import { sharedData } from '#test/support/shared-data.js'
import { settle, TestClock } from '#test/support/test-clock.js'

const fixtures = join(packageRoot, 'test/fixtures/wfdb')
const expected = JSON.parse(readFileSync(join(fixtures, 'expected.json'), 'utf8'))
const AT = Date.UTC(2026, 0, 1)

const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/')
const replay = (path: string, query = '', clock = new TestClock()) =>
  new ReplayTransport({
    name: 'ecg',
    url: `replay:${encoded(path)}?${query}`,
    device: 'holter',
    clock,
    logger: silentLogger,
  })

const blocks = (frames: readonly Frame[]) =>
  frames.filter((frame): frame is WaveformFrame => frame.format === 'waveform-block')
const samplesOf = (frames: readonly Frame[]) => blocks(frames).flatMap((frame) => [...frame.samples])
const eventsOf = (frames: readonly Frame[]) =>
  frames.flatMap((frame) => (frame.format === 'transport-event' ? [frame.event] : []))

/** Everything it gives until it ends. */
async function all(transport: ReplayTransport): Promise<Frame[]> {
  await transport.start()
  const frames: Frame[] = []
  for await (const frame of transport.frames()) {
    frames.push(frame)
    frame.settle({ outcome: 'committed' })
  }
  await transport.stop()
  return frames
}

async function failure(transport: ReplayTransport): Promise<HomebeatError> {
  try {
    await transport.start()
  } catch (error) {
    expect(error).to.be.instanceOf(HomebeatError)
    expect((error as HomebeatError).message).to.not.include('\n')
    return error as HomebeatError
  } finally {
    await transport.stop()
  }
  throw new Error('it started')
}

shouldProbe('ReplayTransport', async () => ({
  right: replay(join(fixtures, 'two.hea')),
  wrong: [{ transport: replay('/nowhere/two.hea'), code: null }],
  dispose: async () => {},
}))

describe('ReplayTransport', () => {
  let folder: string
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'homebeat-replay-'))
  })
  after(() => rmSync(folder, { recursive: true, force: true }))

  it('gives the samples of a format 212 record in blocks, with their scale, then says that it ended', async () => {
    const frames = await all(replay(join(fixtures, 'two.hea'), `speed=0&at=2026-01-01T00:00:00Z`))
    expect(samplesOf(frames)).to.deep.equal(expected.two.MLII)
    expect(eventsOf(frames)).to.deep.equal(['connected', 'ended'])
    expect(frames.at(-1)).to.include({ format: 'transport-event', event: 'ended', transport: 'ecg' })
    const [first, second] = blocks(frames)
    expect(blocks(frames).map((frame) => frame.samples.length)).to.deep.equal([250, 250, 101])
    expect(first).to.include({
      sensor: 'ecg',
      deviceId: 'holter',
      transport: 'ecg',
      unit: 'mV',
      at: AT,
      periodMs: 1000 / 360,
    })
    expect(first).to.include({ origin: -5.12, factor: 0.005, lowerLimit: 0, upperLimit: 2047 })
    expect(second?.at).to.be.closeTo(AT + 250 * (1000 / 360), 1e-6)
  })

  it('plays another signal of the same file, and one of another format behind a prolog', async () => {
    expect(samplesOf(await all(replay(join(fixtures, 'two.hea'), 'speed=0&signal=V5')))).to.deep.equal(expected.two.V5)
    const one = await all(replay(join(fixtures, 'one.hea'), 'speed=0'))
    expect(samplesOf(one)).to.deep.equal(expected.one['ECG lead II'])
    expect(blocks(one)[0]).to.include({ unit: 'mV', periodMs: 4, lowerLimit: -32_768, upperLimit: 32_767 })
  })

  it('plays a record whose header states next to nothing, uncalibrated', async () => {
    const frames = await all(replay(join(fixtures, 'odd.hea'), 'speed=0'))
    expect(samplesOf(frames)).to.deep.equal(expected.odd['0'])
    expect(blocks(frames)[0]).to.include({ unit: '1', periodMs: 4 })
  })

  it('plays a part', async () => {
    const frames = await all(replay(join(fixtures, 'two.hea'), 'speed=0&from=0.5&for=0.25&at=2026-01-01T00:00:00Z'))
    expect(samplesOf(frames)).to.deep.equal(expected.two.MLII.slice(180, 270))
    expect(blocks(frames)[0]?.at).to.equal(AT)
  })

  it('gives a block when its last sample is due, and times from its start unless told', async () => {
    const clock = new TestClock()
    const began = clock.now()
    const transport = replay(join(fixtures, 'one.hea'), 'speed=2', clock)
    await transport.start()
    const frames: Frame[] = []
    const reading = (async () => {
      for await (const frame of transport.frames()) frames.push(frame)
    })()
    // The file is read in the background: give that time, without moving the clock.
    const due = async (count: number) => {
      for (let i = 0; i < 2000 && blocks(frames).length < count; i++) await clock.advance(0)
      for (let i = 0; i < 20; i++) await clock.advance(0)
      return blocks(frames).length
    }
    while (eventsOf(frames).length === 0) await settle()
    expect(await due(0)).to.equal(0)
    // 250 samples at 250 Hz, twice as fast.
    await clock.advance(499)
    expect(await due(0)).to.equal(0)
    await clock.advance(1)
    expect(await due(1)).to.equal(1)
    await clock.advance(500)
    expect(await due(2)).to.equal(2)
    expect(blocks(frames).map((frame) => frame.at - began)).to.deep.equal([0, 1000])
    expect(blocks(frames).map((frame) => frame.receivedAt - began)).to.deep.equal([500, 1000])
    expect(transport.status().state).to.equal('connected')
    await transport.stop()
    await reading
    expect(transport.status().state).to.equal('stopped')
    expect(eventsOf(frames)).to.deep.equal(['connected'])
  })

  it('reads no further than a consumer takes', async () => {
    const path = join(folder, 'long.hea')
    writeFileSync(path, 'long 1 250 100000\nlong.dat 16 200 16 0 0 0 0 II\n')
    writeFileSync(join(folder, 'long.dat'), Buffer.alloc(200_000))
    const transport = replay(path, 'speed=0')
    await transport.start()
    const consumer = transport.frames()[Symbol.asyncIterator]()
    expect((await consumer.next()).value).to.include({ event: 'connected' })
    expect((await consumer.next()).value).to.include({ format: 'waveform-block' })
    await settle(200)
    expect(transport.status().state).to.equal('connected')
    await transport.stop()
    const left: Frame[] = []
    for await (const frame of transport.frames()) left.push(frame)
    expect(blocks(left).length).to.be.below(10)
  })

  it('starts and stops twice without harm, and plays again from the start', async () => {
    const transport = replay(join(fixtures, 'two.hea'), 'speed=0')
    await Promise.all([transport.start(), transport.start()])
    await Promise.all([transport.stop(), transport.stop()])
    expect(samplesOf(await all(transport))).to.deep.equal(expected.two.MLII)
    expect(transport.status().state).to.equal('stopped')
  })

  it('can be stopped before it was started, and says how it is at each time', async () => {
    const transport = replay(join(fixtures, 'odd.hea'), 'speed=0')
    await transport.stop()
    expect(transport.status()).to.include({ name: 'ecg', state: 'stopped' })
    await transport.start()
    for await (const _ of transport.frames());
    expect(transport.status().state).to.equal('ended')
    await transport.stop()
    expect(transport.status().state).to.equal('stopped')
  })

  it('ends the iteration of a waiting consumer when it is stopped', async () => {
    const transport = replay(join(fixtures, 'two.hea'), 'speed=1')
    await transport.start()
    const frames: Frame[] = []
    const reading = (async () => {
      for await (const frame of transport.frames()) frames.push(frame)
    })()
    await settle(20)
    await transport.stop()
    await reading
    expect(eventsOf(frames)).to.deep.equal(['connected'])
    expect(blocks(frames)).to.have.length(0)
  })

  it('finds a relative path from the folder it is given', async () => {
    const options = { name: 'ecg', url: 'replay:wfdb/odd.hea?speed=0', device: 'holter', logger: silentLogger }
    const transport = new ReplayTransport({ ...options, baseDir: join(fixtures, '..') })
    expect(samplesOf(await all(transport))).to.deep.equal(expected.odd['0'])
  })

  it('says what to do when there is no such recording', async () => {
    expect(await failure(replay(join(folder, 'none.hea')))).to.include({ code: 'replay.not-found' })
    writeFileSync(join(folder, 'lonely.hea'), 'lonely 1\nlonely.dat 16\n')
    expect(await failure(replay(join(folder, 'lonely.hea')))).to.include({ code: 'replay.not-found' })
    writeFileSync(join(folder, 'folder.hea'), 'f 1\n../two.dat 16\n')
    expect(await failure(replay(join(folder, 'folder.hea')))).to.include({ code: 'replay.format' })
  })

  it('refuses a start behind the end', async () => {
    expect(await failure(replay(join(fixtures, 'two.hea'), 'from=1.7'))).to.include({ code: 'replay.range' })
  })

  it('refuses a damaged, shortened or foreign signal file before it plays anything of it', async () => {
    const damaged = (name: string, change: (bytes: Buffer) => Buffer) => {
      copyFileSync(join(fixtures, 'two.hea'), join(folder, 'two.hea'))
      writeFileSync(join(folder, 'two.dat'), change(readFileSync(join(fixtures, 'two.dat'))))
      return failure(replay(join(folder, 'two.hea'), `speed=0&signal=${name}`))
    }
    const flip = (at: number) => (bytes: Buffer) => {
      bytes[at] = (bytes[at] as number) ^ 1
      return bytes
    }
    expect((await damaged('MLII', flip(900))).message).to.include('checksum')
    expect((await damaged('MLII', flip(0))).message).to.include('first sample')
    expect((await damaged('V5', flip(902))).message).to.include('checksum')
    expect((await damaged('MLII', (bytes) => bytes.subarray(0, -1))).message).to.include('shorter')
  })

  it('plays a signal whatever the header says of another one of its file', async () => {
    const samples = Int16Array.from({ length: 8 }, (_, i) => i)
    writeFileSync(join(folder, 'o.dat'), new Uint8Array(samples.buffer))
    const played = async (...lines: string[]) => {
      writeFileSync(
        join(folder, 'o.hea'),
        `\ufeffo 2 250,0 ${lines.some((line) => line.includes('x3')) ? 2 : 4}\n${lines.join('\n')}\n`,
      )
      return samplesOf(await all(replay(join(folder, 'o.hea'), 'speed=0')))
    }
    expect(await played('o.dat 16 -200 11 0 0 0 0 ABP', 'o.dat 16 200 11 0 1 16 0 II')).to.deep.equal([1, 3, 5, 7])
    expect(await played('o.dat 16 200 11 0 0 12 0 II', 'o.dat 16 200 odd')).to.deep.equal([0, 2, 4, 6])
    expect(await played('o.dat 16x3 200 11 0 0 0 0 ABP', 'o.dat 16 200 11 0 3 10 0 II')).to.deep.equal([3, 7])
    expect(await played('o.dat 16 200 11 0 0 6 0 II', '../o.dat 80')).to.have.length(4)
  })

  it('says in an event what it cannot play', async () => {
    const transport = replay('/nowhere/two.hea')
    expect((await failure(transport)).code).to.equal('replay.not-found')
    const frames: Frame[] = []
    for await (const frame of transport.frames()) frames.push(frame)
    expect(eventsOf(frames)).to.deep.equal(['disconnected'])
  })

  it('says which kinds of record it does not play', async () => {
    writeFileSync(join(folder, 's.dat'), Buffer.alloc(600))
    const problem = async (...lines: string[]) => {
      writeFileSync(join(folder, 's.hea'), `${lines.join('\n')}\n`)
      const { code, message } = await failure(replay(join(folder, 's.hea')))
      expect(code).to.equal('replay.format')
      return message
    }
    expect(await problem('s 1', 's.dat 310')).to.include('format 310')
    expect(await problem('s 1', 's.dat 16x4')).to.include('samples a frame')
    expect(await problem('s 1', 's.dat 16:5')).to.include('skew')
    expect(await problem('s/2 1', 's1 10', 's2 10')).to.include('segments')
    expect(await problem('s 2', 's.dat 16', 's.dat 212')).to.include('different ways')
    expect(await problem('s 3', 's.dat 16', 't.dat 16', 's.dat 16')).to.include('apart')
  })

  it('plays a real record whole: the samples, the length and the checksum are those of its header', async function () {
    this.timeout(60_000)
    const path = sharedData(this, 'mitdb/100.hea')
    const mlii = replay(path, 'speed=0')
    await mlii.start() // checks initial value and checksum
    let count = 0
    let first: number | null | undefined
    let sum = 0
    for await (const frame of mlii.frames()) {
      if (frame.format !== 'waveform-block') continue
      first ??= frame.samples[0]
      count += frame.samples.length
      for (const sample of frame.samples) sum = (sum + (sample as number)) & 0xffff
    }
    await mlii.stop()
    expect(first).to.equal(995)
    expect(count).to.equal(650_000)
    expect((sum << 16) >> 16).to.equal(-22_131)
    const v5 = samplesOf(await all(replay(path, 'speed=0&for=1&signal=V5')))
    expect(v5).to.have.length(360)
    expect(v5[0]).to.equal(1011)
  })
})
