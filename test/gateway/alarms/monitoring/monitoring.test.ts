import { expect } from 'chai'
import { MAX_PAUSE_MS, Monitoring } from '#gateway/alarms/monitoring/monitoring.js'
import { Recorder } from '#gateway/engine/recorder.js'
import type { Actor } from '#gateway/model/alert.js'
import { PAUSE_REASONS, type PauseReason } from '#gateway/model/not-monitored.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { silentLogger } from '#gateway/platform/logger.js'
import { AlarmHome, MINUTE } from '#test/gateway/alarms/alarm-home.js'
import { TestKit } from '#test/gateway/engine/frames.js'
import { codeOf } from '#test/gateway/journal/journal-fixture.js'

const NURSE: Actor = { by: 'nurse-1', via: 'console', note: 'she takes a bath' }
const NOTHING: readonly never[] = []

/** A home with a kit whose clip can be worn, and that can be switched off. */
class MonitoredHome extends AlarmHome {
  monitoring!: Monitoring
  kit = new TestKit(this.clock.now())
  readonly #began = this.clock.now()

  override async start(): Promise<this> {
    await super.start()
    const { journal, clock, pipeline } = this
    const onStep = (step: PipelineStep) => this.monitoring?.see(step)
    const recorder = new Recorder({ journal, onStep, clock, logger: silentLogger })
    const own = { setMonitored: (monitored: boolean) => pipeline.setMonitored(monitored, clock.now()) }
    this.monitoring = new Monitoring({ pipeline: own, journal, recorder, clock, logger: silentLogger })
    return this
  }

  /** Seconds with a clip that says this; null: the kit says nothing. */
  async wears(seconds: number, clip: string | null): Promise<void> {
    for (let i = 0; i < seconds; i++) {
      await this.clock.advance(1000)
      const now = this.clock.now()
      const step = clip === null ? null : this.pipeline.accept(this.kit.frame('O', now - this.#began, clip), now)
      if (step) this.monitoring.see(step)
      if (step) await this.take(step)
      await this.take(this.pipeline.tick(now, this.monitoring.check(now)))
    }
    await this.clock.advance(0)
  }

  open(): string[] {
    return this.journal.alerts.active().map(({ condition }) => condition)
  }

  last() {
    return this.journal.alarmActions.latest(1)[0]
  }
}

const ON = 'o,72,97'
const OFF = 'n,,'

describe('"Not monitored"', function () {
  this.timeout(30_000)
  let home: MonitoredHome
  beforeEach(async () => {
    home = await new MonitoredHome().start()
  })
  afterEach(() => home.stop())

  it('has a person, a reason and an end, or it is refused', async () => {
    const { note: _, ...silent } = NURSE
    expect(await codeOf(() => home.monitoring.pause('bath', MINUTE, silent))).to.equal('alarm.why')
    for (const reason of PAUSE_REASONS)
      for (const ms of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, MAX_PAUSE_MS[reason] + 1])
        expect(await codeOf(() => home.monitoring.pause(reason, ms, NURSE)), `${reason} ${ms}`).to.equal(
          'alarm.too-long',
        )
    expect(home.monitoring.paused).to.equal(null)
    const since = home.clock.now()
    const until = since + 30 * MINUTE
    expect(await home.monitoring.pause('bath', 30 * MINUTE, NURSE)).to.deep.equal({
      reason: 'bath',
      actor: NURSE,
      since,
      until,
    })
    expect(home.last()).to.deep.equal({ action: 'pause', at: since, subjects: ['bath'], actor: NURSE, until })
  })

  it('raises no alarm of a kit that nobody wears, ends what is open of it, and stands among the alarms itself', async () => {
    await home.wears(20, ON)
    await home.wears(20, OFF)
    expect(home.open()).to.have.members(['probe-off-pulse', 'probe-off-spo2'])
    await home.monitoring.pause('bath', 60 * MINUTE, NURSE)
    await home.wears(5, OFF)
    expect(home.open()).to.deep.equal(['not-monitored'])
    await home.wears(120, null)
    expect(home.open()).to.deep.equal(['not-monitored'])
  })

  it('ends by itself when its time is over, and then silence is an alarm at once', async () => {
    await home.wears(20, ON)
    await home.monitoring.pause('bath', 5 * MINUTE, NURSE)
    await home.wears(299, null)
    expect(home.open()).to.deep.equal(['not-monitored'])
    await home.wears(2, null)
    expect(home.monitoring.paused).to.equal(null)
    expect(home.open()).to.deep.equal(['silent-device-kit-1'])
    expect(home.last()).to.deep.include({
      action: 'resume',
      actor: { by: 'gateway', via: 'gateway', note: 'its time is over' },
    })
  })

  it('ends by itself when signals return, not by one value of a clip that is moved', async () => {
    await home.wears(20, ON)
    await home.monitoring.pause('hospital', 7 * 24 * 60 * MINUTE, NURSE)
    await home.wears(30, ON)
    expect(home.monitoring.paused, 'it is still being taken off').not.to.equal(null)
    await home.wears(90, OFF)
    await home.wears(4, ON)
    await home.wears(60, OFF)
    expect(home.monitoring.paused).not.to.equal(null)
    await home.wears(20, ON)
    expect(home.monitoring.paused).to.equal(null)
    expect(home.open()).to.deep.equal(NOTHING)
    expect(home.last()?.actor.note).to.equal('signals have returned')
  })

  it('ends when somebody is measured, and when signals never stop', async () => {
    await home.monitoring.pause('away', 60 * MINUTE, NURSE)
    const at = home.clock.now()
    const live = { sensor: 'glucose', at, value: 100, unit: 'mg/dL', quality: 'good', remarks: [] } as const
    home.monitoring.see({ live: [{ type: 'value', value: { ...live, at: at - 60 * MINUTE } }] } as never)
    expect(home.monitoring.paused, 'a value of a memory').not.to.equal(null)
    home.monitoring.see({ live: [{ type: 'value', value: live }] } as never)
    expect(home.monitoring.paused).to.equal(null)
    await home.monitoring.pause('away', 60 * MINUTE, NURSE)
    await home.wears(599, ON)
    expect(home.monitoring.paused).not.to.equal(null)
    await home.wears(3, ON)
    expect(home.monitoring.paused).to.equal(null)
  })

  it('hides no value: who is still connected is watched as always', async () => {
    await home.wears(20, ON)
    await home.monitoring.pause('bath', 60 * MINUTE, NURSE)
    await home.wears(30, 'o,72,80')
    expect(home.open()).to.include('critically-low-oxygen-saturation')
    await home.glucose(40)
    expect(home.open()).to.include('low-glucose')
  })

  it('is kept over a restart, ends after it, and is ended by a person', async () => {
    await home.monitoring.pause('hospital', 60 * MINUTE, NURSE)
    await home.restart()
    expect(home.monitoring.paused).to.deep.include({ reason: 'hospital', actor: NURSE })
    await home.wears(60, null)
    expect(home.open()).to.deep.equal(['not-monitored'])
    expect(await home.monitoring.resume({ by: 'anna', via: 'command-line' })).to.equal(true)
    expect(await home.monitoring.resume({ by: 'anna', via: 'command-line' })).to.equal(false)
    await home.restart()
    expect(home.monitoring.paused).to.equal(null)
    await home.monitoring.pause('deceased' satisfies PauseReason, MINUTE, NURSE)
    await home.clock.advance(MINUTE)
    await home.restart()
    expect(home.monitoring.paused).to.equal(null)
  })
})
