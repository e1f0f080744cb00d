/** CPU time of the analyser beside a bare loop that copies the same samples, in the same run. */
import type { BenchRecord } from './record.js'
import { analyserOf } from './run.js'

export interface Cost {
  /** CPU µs for one second of signal. */
  readonly usPerSecond: number
  /** The copy loop's. */
  readonly baselineUsPerSecond: number
  readonly ratio: number
  /** Share of one core of this machine for one home with one lead, per cent. */
  readonly corePercent: number
}

const BLOCKS_A_SECOND = 10
const LEAST_US = 200_000

export function measureCost(record: BenchRecord): Cost {
  const { samples, rateHz } = record
  const block = Math.max(1, Math.round(rateHz / BLOCKS_A_SECOND))
  const blocks: (number | null)[][] = []
  for (let first = 0; first < samples.length; first += block) blocks.push(samples.slice(first, first + block))
  const seconds = samples.length / rateHz
  const target = new Float64Array(samples.length)
  let events = 0
  const analyse = () => {
    const analyser = analyserOf(record)
    for (const part of blocks) events += analyser.push(part).length
  }
  const copy = () => {
    let at = 0
    for (const part of blocks) for (const sample of part) target[at++] = sample ?? 0
  }
  const usPerSecond = cpuOf(analyse) / seconds
  const baselineUsPerSecond = cpuOf(copy) / seconds
  if (events < 0 || Number.isNaN(target[0])) throw new Error('nothing was measured')
  return costOf(usPerSecond, baselineUsPerSecond)
}

/** CPU µs for one second of signal. */
export function costOf(usPerSecond: number, baselineUsPerSecond: number): Cost {
  return {
    usPerSecond: round(usPerSecond),
    baselineUsPerSecond: round(baselineUsPerSecond),
    ratio: round(usPerSecond / baselineUsPerSecond),
    corePercent: round(usPerSecond / 10_000),
  }
}

/** CPU µs of one call, warmed up, over as many as make it measurable. */
export function cpuOf(work: () => void): number {
  work()
  const before = process.cpuUsage()
  for (let calls = 1; ; calls++) {
    work()
    const { user, system } = process.cpuUsage(before)
    if (user + system >= LEAST_US) return (user + system) / calls
  }
}

const round = (value: number) => Number(value.toPrecision(4))
