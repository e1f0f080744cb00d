/** A pipeline that hears a kit: ECG, clip and whatever else, second by second. */

import { limitsInForce } from '#gateway/clinical/limits/limits.js'
import { Pipeline, type PipelineOptions } from '#gateway/engine/pipeline.js'
import type { AlertTransition } from '#gateway/model/alert.js'
import type { PipelineStep } from '#gateway/model/step.js'
import { pack, T0, TestKit } from '#test/gateway/engine/frames.js'

/** What the home hears in one second; counts, null: the line is lost. */
export interface Second {
  readonly ecg?: readonly number[] | null
  /** Body of the clip's line, e.g. `o,72,97`. */
  readonly clip?: string
  /** 25 counts. */
  readonly airflow?: readonly number[]
}

export class TestHome {
  readonly pipeline: Pipeline
  readonly steps: PipelineStep[] = []
  kit = new TestKit()
  /** Since the kit's boot. */
  second = 0
  #bootAt = T0

  constructor(options: Partial<PipelineOptions> = {}) {
    this.pipeline = new Pipeline({ patient: 'patient-1', limits: limitsInForce(), active: [], ...options })
  }

  get now(): number {
    return this.#bootAt + this.second * 1000
  }

  /** The kit starts anew: its clock and its lines' numbers begin at 0. */
  boot(): void {
    this.#bootAt = this.now
    this.second = 0
    this.kit = new TestKit(this.#bootAt)
    const banner = this.kit.boot()
    this.steps.push(this.pipeline.accept(banner, banner.receivedAt))
  }

  hear({ ecg, clip, airflow }: Second): void {
    const ms = this.second * 1000
    if (ecg === null) this.kit.skip(10)
    else if (ecg) {
      const rate = ecg.length
      for (let i = 0; i < 10; i++) {
        const part = ecg.slice((i * rate) / 10, ((i + 1) * rate) / 10)
        this.line('E', ms + i * 100, `o,${1_000_000 / rate},${pack(part)}`, 100)
      }
    }
    if (clip) this.line('O', ms, clip, 900)
    if (airflow) this.line('A', ms, `o,40000,${pack(airflow)}`, 1000)
    this.pass()
  }

  /** A second is over. */
  pass(): void {
    this.second += 1
    this.steps.push(this.pipeline.tick(this.now))
  }

  /** A trace cut into seconds, beside what else is heard. */
  play(trace: readonly number[], rateHz: number, beside: (second: number) => Second = () => ({})): this {
    for (let i = 0; i < trace.length / rateHz; i++) {
      this.hear({ ecg: trace.slice(i * rateHz, (i + 1) * rateHz), ...beside(i) })
    }
    return this
  }

  get transitions(): AlertTransition[] {
    return this.steps.flatMap(({ transitions }) => transitions)
  }

  /** Since the last call. */
  told(): string[] {
    const told = this.transitions.slice(this.#told).map(({ condition, state }) => `${condition} ${state}`)
    this.#told += told.length
    return told
  }
  #told = 0

  stored(observable: string) {
    return this.steps.flatMap(({ measurements }) => measurements.filter((one) => one.observable === observable))
  }

  /** @param ms on the kit's clock */
  line(type: string, ms: number, body: string, lateMs = 0): void {
    const frame = this.kit.frame(type, ms, body, lateMs)
    this.steps.push(this.pipeline.accept(frame, frame.receivedAt))
  }
}
