import { expect } from 'chai'
import fc from 'fast-check'
import type { Measurement } from '#fhir/measurement.js'
import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline } from '#gateway/engine/pipeline.js'
import type { Journal } from '#gateway/journal/api/journal.js'
import type { PipelineStep } from '#gateway/model/step.js'
import type { Frame } from '#gateway/model/transport.js'
import type { Clock } from '#gateway/platform/clock.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { SteadyClock } from '#gateway/time/steady-clock.js'
import { Timekeeper, type TimekeeperOptions } from '#gateway/time/timekeeper.js'
import { journalAt, nextBatch, TemporaryFolder, transition } from '#test/gateway/journal/journal-fixture.js'
import { told } from '#test/support/told.js'

const HOUR = 3_600_000
const START = Date.UTC(2026, 5, 1, 12)
/** Of one block: a whole chunk of the ECG, so that it is stored at once. */
const BLOCK = { periodMs: 100, samples: 100 } as const
const BLOCK_MS = BLOCK.periodMs * BLOCK.samples

/** A machine without a clock of its own: wall time is the truth plus an error, monotonic time begins at each boot. */
class Machine implements Clock {
  truth = START
  error = 0
  synchronised: boolean | null = true
  #bootedAt = START
  now = () => this.truth + this.error
  monotonic = () => this.truth - this.#bootedAt
  after = () => () => {}
  boot(): void {
    this.#bootedAt = this.truth
  }
}

/** A gateway's line from frame to journal, without sockets and timers. */
class Line {
  readonly clock: SteadyClock
  readonly journal: Journal
  readonly keeper: Timekeeper
  readonly pipeline: Pipeline
  readonly steps: PipelineStep[] = []

  static async start(machine: Machine, path: string, over: Partial<TimekeeperOptions> = {}): Promise<Line> {
    const clock = new SteadyClock(machine)
    const journal = journalAt(path, { clock, commit: { maxDelayMs: 0, maxCount: 1 } })
    await journal.start()
    return new Line(machine, clock, journal, over)
  }

  private constructor(machine: Machine, clock: SteadyClock, journal: Journal, over: Partial<TimekeeperOptions>) {
    this.clock = clock
    this.journal = journal
    this.keeper = new Timekeeper({
      clock,
      journal,
      zone: 0,
      service: { synchronised: () => machine.synchronised },
      trust: 'auto',
      holdMs: 24 * HOUR,
      builtAt: START - 1000 * HOUR,
      logger: silentLogger,
      ...over,
    })
    this.pipeline = new Pipeline({
      patient: 'p',
      limits: limitsInForce(),
      active: this.keeper.activeAlerts(),
      stored: (identifier) =>
        journal.values.of(identifier)?.content ?? (journal.measurements.has(identifier) ? 'gone' : null),
      shiftMs: () => clock.shiftMs,
    })
  }

  async take(frame: Frame): Promise<void> {
    this.keeper.attend()
    await this.#keep(this.pipeline.accept(frame, this.clock.run.now()))
  }

  async tick(): Promise<void> {
    const conditions = this.keeper.check()
    await this.#keep(this.pipeline.tick(this.clock.run.now(), conditions))
  }

  async #keep(step: PipelineStep): Promise<void> {
    const stamped = this.keeper.stamp(step)
    this.steps.push(stamped)
    await this.journal.commit(stamped)
  }

  /** Ten seconds of ECG that end now; its samples say which block it is. */
  ecg(block: number): Frame {
    const now = this.clock.run.now()
    return {
      format: 'waveform-block',
      transport: 'ecg',
      receivedAt: now,
      settle: () => {},
      deviceId: 'ecg',
      sensor: 'ecg',
      at: now - BLOCK_MS,
      periodMs: BLOCK.periodMs,
      origin: 0,
      factor: 1,
      lowerLimit: 0,
      upperLimit: 10_000,
      samples: Array(BLOCK.samples).fill(block),
    }
  }

  mqtt(sensor: string, payload: object): Frame {
    return {
      format: 'mqtt-publish',
      transport: 'mqtt',
      receivedAt: this.clock.run.now(),
      settle: () => {},
      topic: `homebeat/v1/dev/${sensor}`,
      payload: Buffer.from(JSON.stringify(payload)),
      deviceId: 'dev',
    }
  }
}

const numberOf = ({ value }: Measurement): number =>
  value.type === 'waveform' ? (value.samples[0] ?? -1) : value.type === 'quantity' ? value.value : -1
const saturation = (value: number, more: object) => ({ value, unit: '%', ...more })

describe('Timekeeper', () => {
  let folder: TemporaryFolder
  let machine: Machine
  let line: Line

  beforeEach(() => {
    folder = new TemporaryFolder()
    machine = new Machine()
  })
  afterEach(async () => {
    await line?.journal.stop()
    folder.remove()
  })

  async function unset(error = -5 * HOUR, over: Partial<TimekeeperOptions> = {}): Promise<void> {
    machine.error = error
    machine.synchronised = false
    line = await Line.start(machine, folder.journal, over)
  }

  function setClock(): void {
    machine.error = 0
    machine.synchronised = true
  }

  it('keeps readings of an unset clock with a remark, and no batch gets them', async () => {
    await unset()
    await line.take(line.ecg(1))
    expect(line.journal.measurements.unbatchedCount()).to.equal(0)
    expect(line.journal.measurements.unbatched(10)).to.deep.equal([])
    expect(line.keeper.status()).to.include({ trusted: false, grounds: 'not-synchronised', held: 1 })
    expect(line.steps[0]?.measurements[0]).to.deep.include({ remarks: ['clock-unset'], quality: 'questionable' })
  })

  it('re-stamps them when the clock is set, identifier included, and says what it had said before', async () => {
    await unset()
    const taken = machine.truth
    await line.take(line.ecg(1))
    machine.truth += 60_000
    setClock()
    await line.tick()
    const [one] = line.journal.measurements.unbatched(10)
    expect(one).to.deep.include({
      identifier: 'ecg-p-ecgWaveform-20260601T115950000Z',
      at: taken - BLOCK_MS,
      until: taken,
      quality: 'questionable',
      remarks: ['re-stamped', 'gateway-time-2026-06-01T06:59:50.000Z'],
    })
    expect(line.keeper.status()).to.deep.include({ trusted: true, held: 0 })
    expect(line.keeper.status().lastStep?.byMs).to.equal(5 * HOUR)
  })

  it('takes the remark away again where the clock turns out to have been right', async () => {
    await unset(0)
    await line.take(line.ecg(1))
    setClock()
    await line.tick()
    expect(line.journal.measurements.unbatched(10)[0]).to.deep.include({ remarks: [], quality: 'good' })
  })

  it('leaves a time alone that the device itself gave', async () => {
    await unset()
    const at = machine.truth - 6 * HOUR
    await line.take(line.mqtt('spo2', saturation(97, { at: new Date(at).toISOString() })))
    setClock()
    await line.tick()
    expect(line.journal.measurements.unbatched(10)[0]).to.deep.include({ at, remarks: [], quality: 'good' })
  })

  it('believes devices after all whose time was right, and not the gateway’s', async () => {
    await unset()
    const at = machine.truth - 60_000
    await line.take(line.mqtt('spo2', saturation(97, { id: 'x', at: new Date(at).toISOString() })))
    await line.take(line.mqtt('pulse', { at: new Date(at).toISOString(), value: 70, unit: '/min' }))
    expect(line.steps[0]?.measurements[0]?.remarks).to.deep.equal([
      'device-clock-implausible',
      `device-time-${new Date(at).toISOString()}`,
      'clock-unset',
    ])
    setClock()
    await line.tick()
    const stored = line.journal.measurements.unbatched(10)
    for (const one of stored) expect(one).to.deep.include({ at, remarks: [], quality: 'good', timedByDevice: true })
    expect(stored.map(({ identifier }) => identifier)).to.deep.equal([
      'dev-p-oxygenSaturation-id.x',
      `dev-p-pulseRate-id.at.${at}`,
    ])
  })

  it('raises an alert of an unset clock at once, moves it with the rest, and keeps its name', async () => {
    await unset()
    await line.take(line.mqtt('glucose', { id: 'a', value: 40, unit: 'mg/dL' }))
    const raised = line.journal.alerts.latest(1)[0]
    expect(raised).to.deep.include({ state: 'active', raisedAt: machine.now() })
    machine.truth += 90_000
    setClock()
    await line.take(line.mqtt('glucose', { id: 'b', value: 100, unit: 'mg/dL' }))
    const [cleared, moved] = line.journal.alerts.latest(2)
    expect(moved).to.deep.equal({ ...raised, at: machine.truth - 90_000, raisedAt: machine.truth - 90_000 })
    expect(cleared).to.deep.include({
      alertId: raised?.alertId,
      state: 'cleared',
      raisedAt: machine.truth - 90_000,
      at: machine.truth,
    })
    expect(line.journal.alerts.active()).to.deep.equal([])
  })

  it('never lets an alert of an earlier run end before it began', async () => {
    line = await Line.start(machine, folder.journal)
    await line.take(line.mqtt('glucose', { id: 'a', value: 40, unit: 'mg/dL' }))
    await line.journal.stop()
    machine.truth += HOUR
    machine.boot()
    await unset()
    machine.truth += 1000
    await line.take(line.mqtt('glucose', { id: 'b', value: 100, unit: 'mg/dL' }))
    const early = line.journal.alerts.latest(1)[0]
    expect(early).to.deep.include({ state: 'cleared', raisedAt: START, at: START })
    machine.truth += 1000
    setClock()
    await line.tick()
    expect(line.journal.alerts.latest(1)[0]).to.deep.include({ raisedAt: START, at: START + HOUR })
  })

  it('gives readings to the batches as they are when the clock is not set in time', async () => {
    await unset(-5 * HOUR, { holdMs: HOUR })
    await line.take(line.ecg(1))
    machine.truth += HOUR
    await line.tick()
    expect(line.journal.measurements.unbatched(10)).to.have.length(1)
    expect(line.journal.measurements.unbatched(10)[0]?.remarks).to.deep.equal(['clock-unset'])
  })

  it('keeps what an earlier run could not time, marked, and releases it once the clock is believed', async () => {
    await unset()
    await line.take(line.ecg(1))
    await line.journal.stop()
    machine.boot()
    await unset()
    expect(line.journal.measurements.unbatchedCount()).to.equal(0)
    setClock()
    await line.tick()
    expect(line.journal.measurements.unbatched(10).map(({ remarks }) => remarks)).to.deep.equal([['clock-unset']])
  })

  it('moves what the disk refused until the clock was set', async () => {
    await unset()
    const frame = line.ecg(1)
    const step = line.keeper.stamp(line.pipeline.accept(frame, line.clock.run.now()))
    const taken = machine.truth
    setClock()
    await line.tick()
    await line.journal.commit(step)
    expect(line.journal.measurements.unbatched(10)[0]).to.deep.include({ at: taken - BLOCK_MS })
  })

  it('still tells who is to be told, and keeps who acted, where the disk refused it until the clock was set', async () => {
    await unset()
    const action = {
      action: 'acknowledge',
      at: machine.now(),
      subjects: [],
      actor: { by: 'n-1', via: 'console' },
    } as const
    const unmapped = { deviceId: 'd', topic: 't', payload: new Uint8Array(1), receivedAt: 1, code: 'c', reason: 'r' }
    const raised = transition({ raisedAt: machine.now(), at: machine.now() })
    const commit = { provisional: true, measurements: [], ...told([raised], ['doctor']), unmapped: [unmapped] }
    setClock()
    await line.tick()
    await line.journal.commit({ ...commit, actions: [action] })
    expect(line.journal.notifications.ofAlert(raised.alertId)).to.have.length(1)
    expect(line.journal.alarmActions.latest(1)[0]).to.deep.include({ action: 'acknowledge' })
    expect(line.journal.unmapped.latest(1)).to.have.length(1)
  })

  for (const [direction, byMs] of [
    ['forward', 3 * HOUR],
    ['back', -3 * HOUR],
  ] as const) {
    it(`survives a believed clock set ${direction}: no alarm of silence, no delay missed, nothing lost`, async () => {
      line = await Line.start(machine, folder.journal)
      await line.take(line.mqtt('pulse', { id: 'p', value: 70, unit: '/min' }))
      await line.take(line.ecg(1))
      // An alert with a delay of 15 s: the clock is set after the first five of them.
      await line.take(line.mqtt('spo2', { id: 's', value: 87, unit: '%' }))
      machine.truth += 5000
      machine.error = byMs
      const raisedAfter: number[] = []
      for (let i = 2; i < 6; i++) {
        machine.truth += BLOCK_MS
        await line.take(line.ecg(i))
        await line.tick()
        for (const { condition } of line.steps.at(-1)?.transitions ?? []) {
          expect(condition).to.equal('low-oxygen-saturation')
          raisedAfter.push(i)
        }
      }
      expect(raisedAfter).to.deep.equal([2])
      expect(line.journal.alerts.latest(1)[0]).to.deep.include({ raisedAt: machine.now() - 3 * BLOCK_MS })
      expect(line.journal.alerts.latest(10)).to.have.length(1)
      const ecg = line.journal.measurements.unbatched(100).filter(({ sensor }) => sensor === 'ecg')
      expect(ecg.map(numberOf)).to.deep.equal([1, 2, 3, 4, 5])
      for (const { at, until } of ecg) expect((until ?? 0) - at).to.equal(BLOCK_MS)
      expect(ecg.at(-1)?.until).to.equal(machine.now())
      expect(line.keeper.status().lastStep?.byMs).to.equal(byMs)
      expect(line.journal.clock.last()).to.include({ trusted: true, run: 1, id: 2, movedMs: null })
    })
  }

  it('gives each reading a name of its own when a time comes a second time', async () => {
    line = await Line.start(machine, folder.journal)
    await line.take(line.ecg(1))
    machine.truth += BLOCK_MS
    machine.error = -BLOCK_MS
    await line.take(line.ecg(2))
    const [one, two] = line.journal.measurements.unbatched(10)
    expect(two?.at).to.equal(one?.at)
    expect(two?.identifier).to.equal(`${one?.identifier}.2`)
  })

  it('remarks on a waveform during which the clock was set', async () => {
    line = await Line.start(machine, folder.journal)
    const half = (at: number) => ({ ...line.ecg(1), at, samples: Array(50).fill(1) }) as Frame
    await line.take(half(line.clock.run.now() - 5000))
    machine.truth += 2500
    machine.error = HOUR
    await line.tick()
    machine.truth += 2500
    await line.take(half(line.clock.run.now() - 5000))
    expect(line.journal.measurements.unbatched(10)[0]).to.deep.include({
      remarks: ['clock-step'],
      until: machine.now(),
    })
  })

  it('lets a leap second that is repeated disturb neither order nor durations', async () => {
    line = await Line.start(machine, folder.journal)
    for (let i = 1; i < 400; i++) {
      machine.truth += BLOCK_MS
      if (i === 20) machine.error = -1000
      await line.take(line.ecg(i))
    }
    const stored = line.journal.measurements.unbatched(1000)
    expect(stored.map(numberOf)).to.deep.equal(stored.map((_, i) => i + 1))
    for (const [i, { at, until = 0 }] of stored.entries()) {
      expect(until - at).to.equal(BLOCK_MS)
      // At most 500 ppm at a time.
      if (i > 0) expect(at - (stored[i - 1]?.at ?? 0)).to.be.within(BLOCK_MS - 6, BLOCK_MS)
    }
    expect(machine.now() - (stored.at(-1)?.until ?? 0)).to.be.within(-2, 2)
    expect(line.keeper.status().lastStep).to.equal(null)
  })

  it('tells people when the clock is not set for minutes, and louder after a day', async () => {
    await unset()
    const conditions = () => line.keeper.check().filter(({ present }) => present)
    expect(conditions()).to.deep.equal([
      { condition: 'clock-unsynchronised', priority: 'low', delayMs: 120_000, present: true },
    ])
    machine.truth += 24 * HOUR
    expect(conditions().map(({ priority }) => priority)).to.deep.equal(['medium'])
    setClock()
    expect(conditions()).to.deep.equal([])
  })

  it('tells where the clock stands by the newest believed reading', async () => {
    line = await Line.start(machine, folder.journal)
    machine.truth += HOUR
    await line.take(line.ecg(1))
    await line.journal.stop()
    machine.synchronised = null
    machine.error = -HOUR / 2
    machine.boot()
    line = await Line.start(machine, folder.journal)
    expect(line.keeper.status()).to.include({ trusted: false, grounds: 'before-journal' })
    machine.truth += HOUR
    await line.tick()
    expect(line.keeper.status()).to.include({ trusted: true, grounds: 'no-time-service' })
  })

  it('loses nothing, doubles nothing and tells the true time, whatever the clock and the power do', async function () {
    this.timeout(60_000)
    // Whole seconds, so that a time that comes a second time comes exactly.
    const seconds = (min: number, max: number) => fc.integer({ min, max }).map((count) => count * 1000)
    const row = <What extends string>(what: What, ms: fc.Arbitrary<number>) => fc.record({ do: fc.constant(what), ms })
    const action = fc.oneof(
      { weight: 6, arbitrary: row('read', seconds(0, 50)) },
      { weight: 1, arbitrary: row('sync', fc.constant(0)) },
      { weight: 2, arbitrary: row('step', seconds(-6, 6)) },
      { weight: 1, arbitrary: row('kill', seconds(0, 9 * 3600)) },
      { weight: 1, arbitrary: row('batch', fc.constant(0)) },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 40 }), async (actions) => {
        const own = new TemporaryFolder()
        const home = new Machine()
        const batched: Measurement[] = []
        /** What each reading's time must be in the end; null: nobody can know. */
        const expected: (number | null)[] = []
        let waiting: { block: number; truth: number }[] = []
        let now = await Line.start(home, own.journal)
        const close = () => {
          for (
            let some = now.journal.measurements.unbatched(1000);
            some.length > 0;
            some = now.journal.measurements.unbatched(1000)
          ) {
            batched.push(...some)
            now.journal.batches.close(nextBatch(now.journal, 1000))
          }
        }
        const believe = () => {
          for (const { block, truth } of waiting) expected[block] = truth
          waiting = []
        }
        try {
          for (const { do: what, ms } of actions) {
            if (what === 'read') {
              home.truth += BLOCK_MS + ms
              const block = expected.length
              await now.take(now.ecg(block))
              expected.push(now.keeper.status().trusted ? home.now() - BLOCK_MS : null)
              if (!now.keeper.status().trusted) waiting.push({ block, truth: home.truth - BLOCK_MS })
            } else if (what === 'sync') {
              home.error = 0
              home.synchronised = true
              await now.tick()
              believe()
            } else if (what === 'step') {
              // Somebody sets the clock by hand; never by so little that it is followed slowly, which has a test of its own.
              home.error += 10 * ms
            } else if (what === 'kill') {
              await now.journal.stop()
              // The clock goes on from where it was, as if no time had passed.
              home.truth += ms
              home.error -= ms
              home.synchronised = false
              waiting = []
              home.boot()
              now = await Line.start(home, own.journal)
            } else close()
          }
          home.error = 0
          home.synchronised = true
          await now.tick()
          believe()
          close()
          expect(batched.map(numberOf)).to.deep.equal(expected.map((_, block) => block))
          expect(new Set(batched.map(({ identifier }) => identifier)).size).to.equal(batched.length)
          for (const [block, { at, remarks }] of batched.entries()) {
            const should = expected[block]
            if (should === null) expect(remarks).to.include('clock-unset')
            else expect(at, `block ${block}`).to.be.within((should ?? 0) - 2, (should ?? 0) + 2)
          }
        } finally {
          await now.journal.stop()
          own.remove()
        }
      }),
      { numRuns: 100 },
    )
  })
})
