/** Builds geth 1.13.15 (the last that seals Clique) once, into a cache folder outside the tree. */
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const VERSION = '1.13.15'
const BUILD_MS = 20 * 60_000
const run = promisify(execFile)
const cache = join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'homebeat', `geth-${VERSION}`)
const binary = join(cache, 'geth')

/** What is missing to have it, as a sentence; null when nothing is. */
export async function missingForGeth(): Promise<string | null> {
  if (existsSync(binary)) return null
  try {
    const { stdout } = await run('go', ['env', 'GOVERSION'], { timeout: 60_000 })
    const [, major, minor] = /^go(\d+)\.(\d+)/.exec(stdout) ?? []
    return Number(major) > 1 || Number(minor) >= 21 ? null : `${stdout.trim()} is too old: install Go 1.21 or newer`
  } catch {
    return 'go is not installed: install Go 1.21 or newer (https://go.dev/dl), it builds geth'
  }
}

/** The path of the binary; about two minutes the first time. */
export async function buildGeth(): Promise<string> {
  if (existsSync(binary)) return binary
  mkdirSync(cache, { recursive: true })
  // Built beside its place and moved there when complete, so that an interrupted build is never used.
  const work = mkdtempSync(join(cache, 'build-'))
  try {
    // Go 1.23 and newer refuse to link a dependency of this version without the flag.
    const module = `github.com/ethereum/go-ethereum/cmd/geth@v${VERSION}`
    await run('go', ['install', '-ldflags=-checklinkname=0', module], {
      env: { ...process.env, GOBIN: work, GOFLAGS: '' },
      timeout: BUILD_MS,
      maxBuffer: 16 * 1024 * 1024,
    })
    renameSync(join(work, 'geth'), binary)
  } finally {
    rmSync(work, { recursive: true, force: true })
  }
  return binary
}
