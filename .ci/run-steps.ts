import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { LAST_START_MINUTES, type Step } from './steps.js'

export interface Totals {
  passed: number
  failed: number
  skipped: number
}

export interface RunOptions {
  /** The folder in which the commands run. */
  readonly root: string
  readonly say: (line: string) => void
  /** Milliseconds since the run began. */
  readonly elapsed: () => number
}

/**
 * Runs the steps one after the other, each under timeout(1). Counts what mocha's reports say; beside them only what
 * no report counts: 1 failed for a step that failed otherwise or tested nothing, 1 skipped for a step that began too late.
 */
export async function runSteps(steps: readonly Step[], { root, say, elapsed }: RunOptions): Promise<Totals> {
  const sum: Totals = { passed: 0, failed: 0, skipped: 0 }
  const ends: string[] = []
  for (const step of steps) {
    const { name, command, minutes, covers } = step
    if (elapsed() > LAST_START_MINUTES * 60_000) {
      sum.skipped++
      ends.push(`skipped  ${name} (${covers}): ${Math.floor(elapsed() / 60_000)} minutes have gone`)
      continue
    }
    say(`\n== ${name}: ${covers}\n$ ${command}`)
    const begun = elapsed()
    const { code, report } = await runStep(step, root)
    if (report) for (const key of ['passed', 'failed', 'skipped'] as const) sum[key] += report[key]
    const wrong = shortcoming(step, code, report)
    if (wrong && !report?.failed) sum.failed++
    const end = `${wrong ? 'FAILED ' : 'done   '}  ${name}, ${Math.round((elapsed() - begun) / 1000)} s of at most ${minutes * 60}`
    ends.push(wrong ? `${end}: ${wrong}` : end)
    say(`== ${ends.at(-1)}`)
  }
  say(`\n${ends.join('\n')}`)
  return sum
}

/** @returns why the step is no success; null when it is one. */
function shortcoming({ mocha, minutes }: Step, code: number, report: Totals | null): string | null {
  if (code === 124 || code === 137) return `ended after ${minutes} minutes`
  if (mocha && !report) return `exit code ${code}, and no report of mocha`
  if (report?.failed) return `${report.failed} tests failed`
  if (code !== 0) return `exit code ${code}`
  return report?.passed === 0 ? 'it tested nothing' : null
}

/** Runs one command under its timeout; its output is passed on. */
export async function runStep(
  { command, minutes, mocha }: Pick<Step, 'command' | 'minutes' | 'mocha'>,
  root: string,
  output: 'inherit' | 'pipe' = 'inherit',
): Promise<{ code: number; report: Totals | null; stdout: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-ci-'))
  const file = join(folder, 'totals.json')
  const child = spawn('timeout', ['--kill-after=30', String(minutes * 60), 'bash', '-c', command], {
    cwd: root,
    stdio: ['ignore', output, 'inherit'],
    env: { ...process.env, ...(mocha ? { HOMEBEAT_TOTALS: file } : {}) },
  })
  const release = endWithUs(child)
  let stdout = ''
  child.stdout?.setEncoding('utf8').on('data', (text) => {
    stdout += text
  })
  try {
    const code = await new Promise<number>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', (code) => resolve(code ?? 1))
    })
    return { code, report: mocha && existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : null, stdout }
  } finally {
    release()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** timeout(1) has a process group of its own, so that it can end all of a step: Ctrl-C does not reach it by itself. */
function endWithUs(child: ChildProcess): () => void {
  const end = (signal: NodeJS.Signals) => {
    child.kill('SIGTERM')
    child.once('close', () => process.exit(signal === 'SIGINT' ? 130 : 143))
  }
  process.on('SIGINT', end).on('SIGTERM', end)
  return () => void process.off('SIGINT', end).off('SIGTERM', end)
}
