/**
 * Beats found in WFDB records against their reference annotations, by the rules of ANSI/AAMI EC57: sensitivity and
 * positive predictivity within 150 ms, the first five minutes and ventricular flutter not scored.
 *
 * npm run bench:ecg -- <record or folder>… [--signal 0] [--json] [--variants] [--noise <record>]
 */
import { parseArgs } from 'node:util'
import { HomebeatError } from '#gateway/platform/errors.js'
import { measureCost } from './ecg/cost.js'
import { addMotion, type MotionScore, scoreMotion, withMotion } from './ecg/motion.js'
import { type BenchRecord, readRecord, recordPaths } from './ecg/record.js'
import { qualityAt, type Run, run } from './ecg/run.js'
import { LEARNING_S, overlap, share } from './ecg/score.js'
import { VARIANTS } from './ecg/variants.js'

const AIM = 99.5
/** Mistakes nearer to each other than this are one cluster. */
const CLUSTER_S = 10
const CLUSTERS_SHOWN = 12
/** Signal over noise, as in the noise stress test's own records; the first is the record as it is. */
const MOTION_DB = [Number.POSITIVE_INFINITY, 24, 18, 12, 6, 0]
/** Annotated rhythms that the irregular rhythm is meant to find. */
const IRREGULAR = ['AFIB']

const USAGE = 'Use: npm run bench:ecg -- <record or folder>… [--signal 0] [--json] [--variants] [--noise <record>]'

async function main(): Promise<void> {
  const { records, json, variants, noise } = await options()
  if (variants) return showVariants(records)
  if (noise) return showMotion(records, noise)
  const runs = records.map((record) => run(record))
  const rows = runs.map(({ record, score }) => {
    const { tp, missed, extra } = score
    const [fp, fn] = [extra.length, missed.length]
    return { record: record.name, beats: tp + fn, tp, fp, fn, se: share(tp, tp + fn), ppv: share(tp, tp + fp) }
  })
  const gross = grossOf(runs)
  if (json) {
    console.log(JSON.stringify({ records: rows, gross }))
    return
  }
  console.log('record      beats      tp     fp     fn      Se %      +P %   latency ms')
  for (const [i, row] of rows.entries()) {
    const numbers = [row.beats, row.tp, row.fp, row.fn].map((n, k) => String(n).padStart(k < 2 ? 8 : 7)).join('')
    const latency = (runs[i] as Run).latencyMs.toFixed(0).padStart(13)
    console.log(`${row.record.padEnd(9)}${numbers}${percent(row.se)}${percent(row.ppv)}${latency}`)
  }
  console.log(`${'gross'.padEnd(39)}${percent(gross.se)}${percent(gross.ppv)}`)
  for (const [i, { record, se, ppv }] of rows.entries()) {
    if ((se ?? 100) < AIM || (ppv ?? 100) < AIM) showClusters(record, runs[i] as Run)
  }
  for (const one of runs) showRhythms(one)
  showFibrillation(runs)
  const cost = measureCost((runs[0] as Run).record)
  console.log(
    `cost: ${cost.usPerSecond} µs CPU per second of ECG, ${cost.ratio} times a bare copy (${cost.baselineUsPerSecond} µs), ${cost.corePercent} % of one core for one home`,
  )
}

async function options() {
  const { values, positionals } = (() => {
    try {
      return parseArgs({
        allowPositionals: true,
        options: {
          json: { type: 'boolean', default: false },
          variants: { type: 'boolean', default: false },
          signal: { type: 'string', default: '0' },
          noise: { type: 'string' },
        },
      })
    } catch {
      throw new HomebeatError('usage.bench', USAGE)
    }
  })()
  if (positionals.length === 0 || !/^\d{1,3}$/.test(values.signal)) throw new HomebeatError('usage.bench', USAGE)
  const records: BenchRecord[] = []
  for (const path of recordPaths(positionals)) {
    const record = await readRecord(path, Number(values.signal))
    if (record.samples.length <= LEARNING_S * record.rateHz) {
      throw new HomebeatError(
        'bench.record',
        `Record ${record.name} is not longer than the ${LEARNING_S} s of learning.`,
      )
    }
    records.push(record)
  }
  const noise = values.noise === undefined ? null : await readRecord(values.noise.replace(/\.hea$/, ''), 0, false)
  for (const { name, rateHz } of noise ? records : [])
    if (rateHz !== noise?.rateHz)
      throw new HomebeatError(
        'bench.record',
        `${name} has ${rateHz} Hz and the noise ${noise?.rateHz}: they must be the same.`,
      )
  return { ...values, records, noise }
}

function grossOf(runs: readonly Run[]): { se: number | null; ppv: number | null } {
  const sum = (of: (run: Run) => number) => runs.reduce((total, one) => total + of(one), 0)
  const tp = sum(({ score }) => score.tp)
  return {
    se: share(tp, tp + sum(({ score }) => score.missed.length)),
    ppv: share(tp, tp + sum(({ score }) => score.extra.length)),
  }
}

function showVariants(records: readonly BenchRecord[]): void {
  console.log(`${'variant'.padEnd(38)}     Se %      +P %`)
  for (const { name, of } of VARIANTS) {
    const gross = grossOf(records.map((record) => run(of(record))))
    console.log(`${name.padEnd(38)}${percent(gross.se)}${percent(gross.ppv)}`)
  }
}

/** A row a record and step: decibels, shares of the noisy seconds with a rate and with a wrong one, what was told. */
function showMotion(records: readonly BenchRecord[], noise: BenchRecord): void {
  console.log(`record      dB${' '.repeat(6)}known %${' '.repeat(3)}wrong %   told of the heart in the noisy minutes`)
  for (const decibels of MOTION_DB) {
    const scores = records.map((record) => scoreMotion(run(withMotion(record, noise, decibels))))
    const show = (name: string, { seconds, known, wrong, told }: MotionScore) => {
      const words = Object.entries(told).map(([type, count]) => `${count} ${type}`)
      console.log(
        `${name.padEnd(9)}${(decibels === Number.POSITIVE_INFINITY ? '–' : String(decibels)).padStart(5)}${percent(share(known, seconds))}${percent(share(wrong, seconds))}   ${words.join(', ') || '–'}`,
      )
    }
    for (const [i, score] of scores.entries()) show((records[i] as BenchRecord).name, score)
    show('all', scores.reduce(addMotion))
  }
}

function showClusters(name: string, { record, score, events }: Run): void {
  const mistakes = [
    ...score.missed.map((index) => ({ index, missed: true })),
    ...score.extra.map((index) => ({ index, missed: false })),
  ].sort((a, b) => a.index - b.index)
  const clusters: { from: number; to: number; fn: number; fp: number }[] = []
  for (const { index, missed } of mistakes) {
    let last = clusters.at(-1)
    if (!last || index - last.to > CLUSTER_S * record.rateHz) {
      last = { from: index, to: index, fn: 0, fp: 0 }
      clusters.push(last)
    }
    last.to = index
    if (missed) last.fn++
    else last.fp++
  }
  const worst = clusters.sort((a, b) => b.fn + b.fp - a.fn - a.fp).slice(0, CLUSTERS_SHOWN)
  console.log(`${name} is below ${AIM} %: ${clusters.length} places, the worst are`)
  for (const { from, to, fn, fp } of worst.sort((a, b) => a.from - b.from)) {
    const quality = qualityAt(events, (from * 1000) / record.rateHz)
    console.log(
      `  ${time(from / record.rateHz)} to ${time(to / record.rateHz)}: ${fn} missed, ${fp} extra; quality ${quality}`,
    )
  }
}

function showRhythms({ record, irregular }: Run): void {
  const { rateHz, samples, reference } = record
  const clip = <T extends { from: number; to: number }>(span: T) => ({ ...span, to: Math.min(span.to, samples.length) })
  const annotated = reference.rhythms.filter(({ name }) => IRREGULAR.includes(name)).map(clip)
  const found = irregular.map(clip)
  if (annotated.length === 0 && found.length === 0) return
  const seconds = (spans: readonly { from: number; to: number }[]) =>
    (spans.reduce((sum, { from, to }) => sum + to - from, 0) / rateHz).toFixed(0)
  const hit = annotated.filter((span) => overlap(span, found) > 0).length
  const covered = annotated.reduce((sum, span) => sum + overlap(span, found), 0) / rateHz
  const right = found.filter((span) => overlap(span, annotated) > 0).length
  console.log(
    `${record.name} irregular rhythm: ${hit} of ${annotated.length} annotated ${IRREGULAR.join('/')} episodes found (${covered.toFixed(0)} of ${seconds(annotated)} s); ${found.length} episodes raised (${seconds(found)} s), ${right} of them in annotated ones`,
  )
}

function showFibrillation(runs: readonly Run[]): void {
  console.log('fibrillation and flutter, s; named of ventricular tachycardia and of all else')
  console.log('record      there   found  rate shown      VT   named    else   false   alarms after s')
  const sum = { seconds: 0, found: 0, others: 0, false: 0 }
  for (const { record, fibrillation: score } of runs) {
    const { seconds, found, rateKnown, tachycardia, tachycardiaNamed, others, delays, falseAlarms } = score
    for (const key of ['seconds', 'found', 'others', 'false'] as const) sum[key] += score[key]
    const row = [seconds, found, rateKnown, tachycardia, tachycardiaNamed, others, score.false]
    const numbers = row.map((n, i) => n.toFixed(n > 0 && n < 10 ? 1 : 0).padStart(i === 2 ? 12 : 8)).join('')
    const after = delays.map((s) => (s === null ? 'never' : s.toFixed(1))).join(' ')
    const wrong = falseAlarms > 0 ? `${falseAlarms} false` : ''
    console.log(`${record.name.padEnd(9)}${numbers}   ${[after, wrong].filter(Boolean).join(', ')}`)
  }
  const quiet = share(sum.others - sum.false, sum.others)
  console.log(`found ${percent(share(sum.found, sum.seconds)).trim()} %, all else quiet ${percent(quiet).trim()} %`)
}

const percent = (value: number | null) => (value === null ? '–' : value.toFixed(2)).padStart(10)
const time = (seconds: number) => `${Math.floor(seconds / 60)}:${(seconds % 60).toFixed(1).padStart(4, '0')}`

main().catch((error: unknown) => {
  if (!(error instanceof HomebeatError)) throw error
  console.error(error.message)
  process.exitCode = error.code.startsWith('usage.') ? 2 : 1
})
