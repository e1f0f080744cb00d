import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Proof } from './proofs.js'
import { runStep } from './run-steps.js'
import { hashOf, pageOf } from './staleness.js'

/** Runs a proof and writes its page. @returns why there is no page, and none is changed then; null when it is written. */
export async function writeProof(proof: Proof, root: string, say: (line: string) => void): Promise<string | null> {
  // Before it runs: what is changed meanwhile was not proven.
  const hash = hashOf(proof.covers, root)
  const begun = performance.now()
  const { code, report, stdout } = await runStep(proof, root, proof.mocha ? 'inherit' : 'pipe')
  if (code !== 0)
    return `The proof ${proof.name} failed (exit code ${code}); ${pageOf(proof)} stays as it is. ${stdout}`
  const totals = report ?? totalsOf(stdout)
  if (!totals) return `The proof ${proof.name} gave no totals; ${pageOf(proof)} stays as it is. ${stdout}`
  const page = join(root, pageOf(proof))
  mkdirSync(dirname(page), { recursive: true })
  writeFileSync(page, pageText(proof, { totals, hash, seconds: (performance.now() - begun) / 1000, root }))
  say(`${pageOf(proof)} is written.`)
  return null
}

function totalsOf(stdout: string): object | null {
  try {
    const totals: unknown = JSON.parse(stdout)
    return typeof totals === 'object' && totals !== null && Object.keys(totals).length > 0 ? totals : null
  } catch {
    return null
  }
}

interface Run {
  readonly totals: object
  readonly hash: string
  readonly seconds: number
  readonly root: string
}

function pageText({ name, shows, command, covers, tools }: Proof, { totals, hash, seconds, root }: Run): string {
  const words = (key: string) => key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`)
  const versions = Object.entries(tools).map(([tool, line]) => `${tool} ${version(line, root)}`)
  return [
    `# Proof: ${name}`,
    shows,
    [
      `- Totals: ${Object.entries(totals)
        .map(([key, value]) => `${words(key)} ${JSON.stringify(value)}`)
        .join(', ')}`,
      `- Run: \`${command}\`, ${new Date().toISOString().slice(0, 10)}, ${Math.round(seconds)} s`,
      `- Tools: ${[`Node ${process.versions.node}`, `${system()} ${process.arch}`, ...versions].join(', ')}`,
      `- Covers: ${covers.map((path) => `\`${path}\``).join(', ')}`,
      `- SHA-256 of these: \`${hash}\``,
    ].join('\n'),
    `\`npm run proof -- ${name}\` makes this page anew; \`.ci/run\` says when it must.\n`,
  ].join('\n\n')
}

/** The first thing that looks like a version. */
function version(line: string, root: string): string {
  try {
    const said = execFileSync('bash', ['-c', `${line} 2>&1 || true`], { cwd: root, encoding: 'utf8' })
    return /\d+(\.\d+)+/.exec(said)?.[0] ?? 'of unknown version'
  } catch {
    return 'of unknown version'
  }
}

function system(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]+)/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? process.platform
  } catch {
    return process.platform
  }
}
