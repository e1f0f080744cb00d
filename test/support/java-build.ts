/** Builds the Java programs of `test/servers/java` once, into a cache folder outside the tree. */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { packageRoot } from '#gateway/platform/package-root.js'

const run = promisify(execFile)
const BUILD_MS = 15 * 60_000

export type JavaProgram = 'fhir-server' | 'fhir-validator'

/** What is missing to build and run them, as a sentence; null when nothing is. */
export async function missingForJava(): Promise<string | null> {
  for (const [command, flag] of [
    ['java', '-version'],
    ['mvn', '-version'],
  ] as const) {
    try {
      const { stdout, stderr } = await run(command, [flag], { timeout: 60_000 })
      const major = command === 'java' ? Number(/version "(\d+)/.exec(stdout + stderr)?.[1]) : 17
      if (major < 17) return `java ${major} is too old: install Java 17`
    } catch {
      return `${command} is not installed: apt install openjdk-17-jdk-headless maven`
    }
  }
  return null
}

/** @returns the program's `target` folder, built: its jar and, in `lib`, what it needs. */
export async function buildJava(program: JavaProgram): Promise<string> {
  const source = join(packageRoot, 'test', 'servers', 'java', program)
  const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'homebeat', 'java')
  const folder = join(cache, `${program}-${hashOf(source)}`)
  if (existsSync(folder)) return join(folder, 'target')
  mkdirSync(cache, { recursive: true })
  // Built beside its place and moved there when complete, so that an interrupted build is never used.
  const work = mkdtempSync(join(cache, `.${program}-`))
  try {
    cpSync(source, work, { recursive: true, filter: (path) => !path.endsWith('target') })
    await run('mvn', ['-B', '-ntp', '-q', 'package'], { cwd: work, timeout: BUILD_MS, maxBuffer: 16 * 1024 * 1024 })
    try {
      renameSync(work, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error // else another run was faster
    }
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return join(folder, 'target')
}

function hashOf(folder: string): string {
  const hash = createHash('sha256')
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !relative(folder, path).startsWith('target'))
    .sort()
  for (const file of files) hash.update(relative(folder, file)).update('\0').update(readFileSync(file)).update('\0')
  return hash.digest('hex').slice(0, 16)
}
