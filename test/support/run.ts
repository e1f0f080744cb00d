import { spawn } from 'node:child_process'
import { packageRoot } from '#gateway/platform/package-root.js'

export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a built program of this package to its end, as a person would, and gives back what it printed. */
export function runNode(
  args: readonly string[],
  options: { env?: NodeJS.ProcessEnv; patienceMs?: number; uid?: number } = {},
): Promise<Finished> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...args], {
      cwd: packageRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, NODE_OPTIONS: '', ...options.env },
      ...(options.uid === undefined ? {} : { uid: options.uid, gid: options.uid }),
    })
    // Ended by force rather than left behind when it does not end by itself; its exit code is then not 0.
    const timer = setTimeout(() => child.kill('SIGKILL'), options.patienceMs ?? 45_000)
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text) => {
      stdout += text
    })
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    child.once('error', reject)
    child.once('close', (code) => {
      clearTimeout(timer)
      resolve({ code: code ?? 1, stdout, stderr })
    })
  })
}

export const homebeat = (...args: string[]) => runNode(['dist/gateway/main.js', ...args])
