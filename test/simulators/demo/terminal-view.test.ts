import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import fc from 'fast-check'
import { silentLogger } from '#gateway/platform/logger.js'
import { packageRoot } from '#gateway/platform/package-root.js'
import { ConsoleServer } from '#gateway/surfaces/console/server.js'
import { TerminalView } from '#simulators/demo/terminal-view.js'
import { width } from '#simulators/demo/view/ansi.js'
import { liveEvents } from '#simulators/demo/view/live-stream.js'
import { renderLine, renderView } from '#simulators/demo/view/render.js'
import { strip } from '#simulators/demo/view/strip.js'
import { emptyView, take, type ViewState } from '#simulators/demo/view/view-state.js'
import { ecg, FakeFeed } from '#test/gateway/surfaces/console/fake-feed.js'
import { settle, TestClock } from '#test/support/test-clock.js'

const NOW = Date.UTC(2026, 0, 1, 12)
const GOLDEN = join(packageRoot, 'test', 'fixtures', 'demo')

function fullState(): ViewState {
  const feed = new FakeFeed(() => NOW)
  feed.fill()
  feed.value('gsr', null, 'uS', { quality: 'missing', remarks: ['probe-off'] })
  feed.value('bodyTemperature', 36.7, 'Cel', { at: NOW - 95_000 })
  feed.raise('probe-off-gsr', 'low', { kind: 'technical', raisedAt: NOW - 21_000, deliveredTo: ['terminal'] })
  feed.raise('low-oxygen-saturation', 'high', { raisedAt: NOW - 64_000, deliveredTo: ['doctor', 'terminal'] })
  feed.raise('high-pulse-rate', 'medium', { state: 'cleared' })
  let state: ViewState = { ...emptyView('http://127.0.0.1:8080/', NOW), timeZone: 'UTC' }
  state = take(state, { type: 'status', status: feed.status() })
  for (const value of feed.values()) state = take(state, { type: 'value', value })
  for (let t = 0; t < 6000; t += 100) {
    const samples = Array.from({ length: 25 }, (_, i) => (t >= 3000 && t < 3400 ? null : ecg(t + i * 4)))
    state = take(state, { type: 'samples', sensor: 'ecg', at: NOW - 6000 + t, periodMs: 4, unit: 'V', samples })
  }
  return state
}

/** Compares with the file of that name; a missing file is written once, to be looked at and kept. */
function expectGolden(name: string, text: string): void {
  const file = join(GOLDEN, name)
  const visible = `${text.replaceAll('\x1b', '␛')}\n`
  if (!existsSync(file) && !process.env['CI']) {
    mkdirSync(GOLDEN, { recursive: true })
    writeFileSync(file, visible)
  }
  expect(visible).to.equal(readFileSync(file, 'utf8'))
}

class FakeStream {
  isTTY = true
  columns = 100
  rows = 32
  written: string[] = []
  write(text: string | Uint8Array): boolean {
    this.written.push(String(text))
    return true
  }
  get last(): string {
    return this.written.at(-1) ?? ''
  }
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await settle(1)
}

describe('the terminal view of the demo', () => {
  it('draws a wide terminal in two columns', () => {
    expectGolden('terminal-view-110x32.txt', renderView(fullState(), 110, 32))
  })

  it('draws a common terminal of 80 by 24', () => {
    expectGolden('terminal-view-80x24.txt', renderView(fullState(), 80, 24))
  })

  it('says that nothing is live when the gateway is out of reach', () => {
    expectGolden('terminal-view-lost.txt', renderView({ ...fullState(), connection: 'lost' }, 110, 32))
  })

  it('says that it waits before anything has come', () => {
    const text = renderView(emptyView('http://127.0.0.1:8080/', NOW), 80, 24)
    expect(text).to.contain('connecting…').and.contain('Waiting for the gateway').and.contain('no reading')
  })

  it('says before everything else that nobody is monitored, in the picture and on the line', () => {
    const state = fullState()
    const actor = { by: 'nurse-1', via: 'console', note: 'a bath' } as const
    const notMonitored = { reason: 'bath', actor, since: NOW, until: NOW + 60_000 } as const
    const paused = { ...state, status: state.status && { ...state.status, notMonitored } }
    const words = 'Not monitored: in the bath'
    expect(renderView(paused, 110, 32).split('\n')[1])
      .to.contain(words)
      .and.contain('said by nurse-1')
    expect(renderLine(paused)).to.match(/^\S+ Not monitored: in the bath, .* \| /)
    for (const text of [renderView(state, 110, 32), renderLine(state)]) expect(text).not.to.contain('Not monitored')
  })

  it('shows an exercise as one, and below what has happened', () => {
    const feed = new FakeFeed(() => NOW)
    feed.raise('probe-off-gsr', 'medium', { kind: 'technical', raisedAt: NOW - 21_000 })
    feed.raise('rehearsal', 'high', { kind: 'technical', raisedAt: NOW - 1000 })
    const state = take(emptyView('http://127.0.0.1:8080/', NOW), { type: 'status', status: feed.status() })
    expect(renderView(state, 110, 32))
      .to.match(/MEDIUM.*EXERCISE Rehearsal of the alarm/s)
      .and.not.contain('HIGH')
    expect(renderLine(state)).to.contain('exercise: Rehearsal of the alarm')
  })

  it('gives one line for a log', () => {
    expectGolden('terminal-view-line.txt', renderLine(fullState()))
  })

  it('never draws outside the terminal', () => {
    const states = [fullState(), emptyView('http://127.0.0.1:8080/', NOW)]
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 220 }), fc.integer({ min: 1, max: 70 }), (columns, rows) =>
        states.every((state) => {
          const lines = renderView(state, columns, rows).split('\n')
          return lines.length <= rows && lines.every((line) => width(line) <= columns)
        }),
      ),
    )
  })

  it('draws a waveform in braille, highest at the top, gaps empty', () => {
    expect(strip([0, 0, 0, 0, 1, 1, 1, 1], 2, 1)).to.deep.equal(['⣀⡏'])
    expect(strip([1, 1, null, null, null, null, null, null, 0, 0], 5, 1)[0]?.slice(2, 4)).to.equal('⠀⠀')
    const noise = Array.from({ length: 40 }, (_, i) => (i % 2) * 0.02)
    expect(
      strip(noise, 2, 3, 1).filter((row) => row !== '⠀⠀'),
      'a standstill is a flat line',
    ).to.have.length(1)
    expect(strip([null, null], 3, 2)).to.deep.equal(['⠀⠀⠀', '⠀⠀⠀'])
  })

  it('takes control characters out of what it is told', async () => {
    const text = `: here\n\nretry: 2000\n\ndata: ${JSON.stringify({ type: 'value', value: { unit: 'a\x1b[2Jb' } })}\n\n`
    const bytes = new TextEncoder().encode(text)
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let i = 0; i < bytes.length; i += 7) controller.enqueue(bytes.slice(i, i + 7))
        controller.close()
      },
    })
    const events = []
    for await (const event of liveEvents(body)) events.push(event)
    expect(events).to.deep.equal([{ type: 'value', value: { unit: 'a [2Jb' } }])
  })

  describe('on a running console', () => {
    const clock = new TestClock(NOW)
    const feed = new FakeFeed(() => clock.now())
    const server = new ConsoleServer({ feed, host: '127.0.0.1', port: 0, logger: silentLogger, clock })
    const views: TerminalView[] = []

    before(async () => {
      feed.fill()
      await server.start()
    })
    afterEach(async () => {
      for (const view of views.splice(0)) await view.stop()
    })
    after(() => server.stop())

    function view(stream: FakeStream, env: Record<string, string> = {}): TerminalView {
      const made = new TerminalView({ url: server.address().url, stream: stream as never, clock, env })
      views.push(made)
      return made
    }

    it('redraws in place four times a second and gives the terminal back', async () => {
      const stream = new FakeStream()
      const shown = view(stream)
      await shown.start()
      await shown.start()
      expect(stream.written[0]).to.equal('\x1b[?1049h\x1b[?25l')
      await until(() => feed.listeners.size === 1)
      const isLive = async () => {
        await clock.advance(250)
        return stream.last.includes('134/81 mmHg')
      }
      while (!(await isLive()));
      expect(stream.last).to.contain('\x1b[H').and.contain('home-7f3a').and.contain(server.address().url)
      expect(stream.last).not.to.contain('\x1b[2J')
      const before = stream.written.length
      await clock.advance(1000)
      expect(stream.written.length - before).to.equal(4)
      await shown.stop()
      await shown.stop()
      expect(stream.last).to.equal('\x1b[?25h\x1b[?1049l')
      const ended = stream.written.length
      await clock.advance(2000)
      expect(stream.written.length).to.equal(ended)
    })

    it('writes a plain line every five seconds without a terminal, or with NO_COLOR', async () => {
      for (const [isTTY, env] of [
        [false, {}],
        [true, { NO_COLOR: '1' }],
      ] as const) {
        const stream = new FakeStream()
        stream.isTTY = isTTY
        const shown = view(stream, env)
        await shown.start()
        const isLive = async () => {
          await clock.advance(5000)
          return stream.last.includes('Pulse 74 /min')
        }
        while (!(await isLive()));
        expect(stream.written.join('')).not.to.contain('\x1b')
        expect(stream.last).to.match(/\n$/)
        await shown.stop()
      }
    })

    it('says that it is not live when the console goes, and comes back with it', async () => {
      const stream = new FakeStream()
      await view(stream).start()
      const shows = async (text: string) => {
        await clock.advance(250)
        return stream.last.includes(text)
      }
      while (!(await shows('home-7f3a')));
      const { port } = server.address()
      await server.stop()
      while (!(await shows('NOT LIVE')));
      const again = new ConsoleServer({ feed, host: '127.0.0.1', port, logger: silentLogger, clock })
      await again.start()
      try {
        while (await shows('NOT LIVE'));
        expect(stream.last).to.contain('live')
      } finally {
        await views.splice(0)[0]?.stop()
        await again.stop()
      }
    })
  })
})
