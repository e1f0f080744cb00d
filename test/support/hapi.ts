/** HAPI FHIR for tests: a server with request validation, and the validator as a command. Loopback, ended by its pid. */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { leaveNone } from '#simulators/faults/children.js'
import { buildJava, missingForJava } from './java-build.js'

const START_MS = 180_000

export interface Hapi {
  /** Base URL. */
  readonly url: string
  stop(): Promise<void>
}

/** Call in a `before` hook: counts the tests as skipped, with the reason in the title, where Java or Maven is missing. */
export async function requireJava(test: Mocha.Context): Promise<void> {
  const missing = await missingForJava()
  if (missing === null) return
  const suite = test.runnable().parent
  if (suite) suite.title += ` (skipped: ${missing})`
  test.skip()
}

/** Builds it when needed (a minute or two the first time), starts it on a free port, resolves when it is ready. */
export async function startHapi(options: { readonly token?: string } = {}): Promise<Hapi> {
  const target = await buildJava('fhir-server')
  const arguments_ = [
    '-Xmx1g',
    '-XX:+UseSerialGC',
    '-XX:TieredStopAtLevel=1',
    '-cp',
    classPath(target, 'fhir-server-1.jar'),
  ]
  const child = leaveNone(
    spawn('java', [...arguments_, 'FhirServer', '0', 'mem', ...(options.token ? [options.token] : [])], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  const stop = () => end(child)
  try {
    return { url: await ready(child), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Every resource through the HAPI validator (R4 base and the profiles named): how many are invalid, and its words. */
export async function validateWithHapi(resources: readonly unknown[]): Promise<{ invalid: number; output: string }> {
  const target = await buildJava('fhir-validator')
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-hapi-'))
  try {
    const file = join(folder, 'resources.ndjson')
    writeFileSync(file, resources.map((resource) => `${JSON.stringify(resource)}\n`).join(''))
    const { stdout } = await promisify(execFile)(
      'java',
      ['-Xmx1g', '-XX:+UseSerialGC', '-cp', classPath(target, 'fhir-validate-1.jar'), 'Validate', file],
      { timeout: 10 * 60_000, maxBuffer: 64 * 1024 * 1024 },
    )
    const [, count, invalid] = /^(\d+) resources, (\d+) invalid/m.exec(stdout) ?? []
    if (Number(count) !== resources.length) throw new Error(`the HAPI validator did not see every resource: ${stdout}`)
    return { invalid: Number(invalid), output: stdout }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

function classPath(target: string, jar: string): string {
  return `${join(target, jar)}:${join(target, 'lib', '*')}`
}

function ready(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let errors = ''
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-4000)
    })
    const timer = setTimeout(() => reject(new Error(`HAPI was not ready in ${START_MS / 1000} s: ${errors}`)), START_MS)
    const fail = (why: string) => {
      clearTimeout(timer)
      reject(new Error(`HAPI did not start (${why}): ${errors}`))
    }
    child.once('error', (error) => fail(error.message))
    child.once('exit', (code) => fail(`exit ${code}`))
    if (!child.stdout) return fail('no output')
    // Goes on reading afterwards: a full pipe would stop the server.
    createInterface(child.stdout).on('line', (line) => {
      const url = /^FHIR (http:\S+)$/.exec(line)?.[1]
      if (!url) return
      clearTimeout(timer)
      resolve(url)
    })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), 15_000)
  await gone
  clearTimeout(timer)
}
