import { expect } from 'chai'
import type { Frame, Transport } from '#gateway/model/transport.js'
import { HomebeatError } from '#gateway/platform/errors.js'

/** A transport, not started, with a far end that the test commands. */
export interface TransportBench {
  readonly transport: Transport
  /** Makes the far end send these texts, in order, when the transport is started. */
  send(texts: readonly string[]): Promise<void>
  /** The text in a frame, where the wire carries no texts and the far end has to say which one it stands for. */
  textOf?(frame: Frame): string | null
  /** Ends the far end; the transport is already stopped. */
  dispose(): Promise<void>
}

/** Pulls frames one after the other. */
export class FrameReader {
  readonly #iterator: AsyncIterator<Frame>

  constructor(transport: Transport) {
    this.#iterator = transport.frames()[Symbol.asyncIterator]()
  }
  /** The next frame, or null at the end. */
  async next(): Promise<Frame | null> {
    const result = await this.#iterator.next()
    return result.done ? null : result.value
  }
  async expect<F extends Frame['format']>(format: F): Promise<Extract<Frame, { format: F }>> {
    const frame = await this.next()
    expect(frame?.format).to.equal(format)
    return frame as Extract<Frame, { format: F }>
  }
  /** The next frame of this format; others are passed over, and settled as committed. */
  async find<F extends Frame['format']>(format: F): Promise<Extract<Frame, { format: F }>> {
    for (;;) {
      const frame = await this.next()
      if (frame === null) throw new Error(`the frames ended before one of format ${format}`)
      if (frame.format === format) return frame as Extract<Frame, { format: F }>
      frame.settle({ outcome: 'committed' })
    }
  }
  async rest(): Promise<Frame[]> {
    const frames: Frame[] = []
    for (let frame = await this.next(); frame; frame = await this.next()) frames.push(frame)
    return frames
  }
}

/** The text that the far end sent in this frame. */
export function textOf(frame: Frame): string | null {
  if (frame.format === 'kit-line') return frame.line
  if (frame.format === 'mqtt-publish') return Buffer.from(frame.payload).toString()
  return null
}

/** Transports of one kind, none of them started. */
export interface ProbeBench {
  readonly right: Transport
  /** Cannot work now. `code`: what its probe says; null where what is wrong may pass by waiting. */
  readonly wrong: readonly { readonly transport: Transport; readonly code: string | null }[]
  dispose(): Promise<void>
}

/** What every transport promises of `probe()`. */
export function shouldProbe(name: string, build: () => Promise<ProbeBench>): void {
  describe(`${name}, probed`, () => {
    let bench: ProbeBench
    beforeEach(async () => {
      bench = await build()
    })
    afterEach(() => bench.dispose())

    it('finds nothing wrong, also twice, also while it runs', async () => {
      await bench.right.probe()
      await bench.right.probe()
      await bench.right.start()
      const { state } = bench.right.status()
      await bench.right.probe()
      expect(bench.right.status().state).to.equal(state)
      await bench.right.stop()
    })

    it('says what will not pass by waiting, and only that', async () => {
      expect(bench.wrong).to.not.have.length(0)
      for (const { transport, code } of bench.wrong) {
        const error: unknown = await transport.probe().catch((thrown: unknown) => thrown)
        expect(error instanceof HomebeatError ? error.code : (error ?? null)).to.equal(code)
        expect(transport.status().state).to.equal('stopped')
      }
    })
  })
}

/** What every live transport promises, whatever its wire. */
export function shouldBehaveLikeTransport(name: string, build: () => Promise<TransportBench>): void {
  describe(`${name} as a transport`, () => {
    let bench: TransportBench
    const read = (frame: Frame) => bench.textOf?.(frame) ?? textOf(frame)
    beforeEach(async () => {
      bench = await build()
    })
    afterEach(async () => {
      await bench.transport.stop()
      await bench.dispose()
    })

    const readTexts = async (reader: FrameReader, count: number): Promise<(string | null)[]> => {
      const texts: (string | null)[] = []
      while (texts.length < count) {
        const frame = await reader.next()
        if (frame === null) break
        frame.settle({ outcome: 'committed' })
        if (read(frame) !== null) texts.push(read(frame))
      }
      return texts
    }

    it('can be stopped before it was started, and started and stopped twice', async () => {
      const { transport } = bench
      await transport.stop()
      await Promise.all([transport.start(), transport.start()])
      await transport.start()
      await Promise.all([transport.stop(), transport.stop()])
      await transport.stop()
      expect(transport.status().state).to.equal('stopped')
    })

    it('says that it is connected before the first data, and gives the data in order', async () => {
      const { transport } = bench
      const reader = new FrameReader(transport)
      await transport.start()
      const texts = Array.from({ length: 40 }, (_, i) => `!n${i}`)
      await bench.send(texts)
      const first = await reader.expect('transport-event')
      expect(first).to.include({ event: 'connected', count: 1, transport: transport.name })
      expect(await readTexts(reader, texts.length)).to.deep.equal(texts)
    })

    it('marks each frame with its name and the time of its arrival', async () => {
      const { transport } = bench
      const reader = new FrameReader(transport)
      await transport.start()
      await bench.send(['!once'])
      for (let seen = false; !seen; ) {
        const frame = await reader.next()
        expect(frame).to.have.property('transport', transport.name)
        expect(frame?.receivedAt).to.be.a('number').greaterThan(Date.UTC(2025, 0))
        seen = frame !== null && read(frame) === '!once'
      }
    })

    it('takes a frame’s settlement in every form, also a second one, also after its end', async () => {
      const { transport } = bench
      const reader = new FrameReader(transport)
      await transport.start()
      await bench.send(['!1', '!2', '!3'])
      const frames: Frame[] = []
      while (frames.length < 3) {
        const frame = await reader.next()
        if (frame && read(frame) !== null) {
          frames.push(frame)
          if (frames.length < 3) frame.settle({ outcome: 'committed' })
          if (frames.length === 2) frame.settle({ outcome: 'refused', code: 'test.twice', reason: 'said twice' })
        } else frame?.settle({ outcome: 'committed' })
      }
      await transport.stop()
      frames[2]?.settle({ outcome: 'committed' })
      frames[2]?.settle({ outcome: 'refused', code: 'test.late', reason: 'said late' })
      expect(frames.map(read)).to.deep.equal(['!1', '!2', '!3'])
    })

    it('ends the iteration of a waiting consumer when it is stopped', async () => {
      const reader = new FrameReader(bench.transport)
      await bench.transport.start()
      const rest = reader.rest()
      await bench.transport.stop()
      const frames = await rest
      expect(frames.filter((frame) => read(frame) !== null)).to.have.length(0)
      expect(await reader.next()).to.equal(null)
    })

    it('runs again after a stop', async () => {
      const { transport } = bench
      for (const text of ['!first', '!second', '!third']) {
        await transport.start()
        const reader = new FrameReader(transport)
        await bench.send([text])
        expect(await readTexts(reader, 1)).to.deep.equal([text])
        await transport.stop()
      }
    })

    it('says in one sentence how it is, without credentials', async () => {
      const { transport } = bench
      const check = (state: string) => {
        const status = transport.status()
        expect(status).to.include({ name: transport.name, state })
        expect(status.sentence).to.match(/^\S[^\n]{3,200}$/)
        expect(status.url).to.not.match(/:[^/@]*@/)
      }
      check('stopped')
      const reader = new FrameReader(transport)
      await transport.start()
      await bench.send(['!here'])
      await readTexts(reader, 1)
      check('connected')
      await transport.stop()
      check('stopped')
    })

    it('leaves no listeners behind', async () => {
      const warnings: Error[] = []
      const note = (warning: Error) => warnings.push(warning)
      process.on('warning', note)
      const before = process.eventNames().map((event) => process.listenerCount(event))
      try {
        for (let i = 0; i < 12; i++) {
          await bench.transport.start()
          await bench.transport.stop()
        }
        await new Promise((resolve) => setImmediate(resolve))
      } finally {
        process.removeListener('warning', note)
      }
      expect(warnings.map(String)).to.deep.equal([])
      process.on('warning', note)
      expect(process.eventNames().map((event) => process.listenerCount(event))).to.deep.equal(before)
      process.removeListener('warning', note)
    })
  })
}
