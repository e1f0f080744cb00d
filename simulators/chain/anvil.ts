/**
 * A real EVM node (Foundry's anvil, from npm) for the demo and for tests: one node, no consensus, a block per
 * transaction, free gas, London rules. Its accounts are Foundry's public test accounts: never use them elsewhere.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import type { Lifecycle } from '#gateway/model/lifecycle.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { endProcess } from '../end-process.js'

/** Public knowledge: the first account of Foundry's test mnemonic. */
export const ANVIL_KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

export const DEFAULT_CHAIN_ID = 424_243

export interface AnvilOptions {
  /** 0 lets the system choose. */
  readonly port: number
  readonly chainId?: number
  /** Keeps the chain across starts; written when it stops. */
  readonly stateFile?: string
}

export class AnvilChain implements Lifecycle {
  readonly chainId: number
  readonly #options: AnvilOptions
  #child: ChildProcess | null = null
  #starting: Promise<string> | null = null
  #url: string | null = null

  constructor(options: AnvilOptions) {
    this.#options = options
    this.chainId = options.chainId ?? DEFAULT_CHAIN_ID
  }

  /** `http://127.0.0.1:<port>`, once started. */
  get url(): string {
    if (this.#url === null) throw new HomebeatError('chain.not-started', 'The chain is not running: start it first.')
    return this.#url
  }

  async start(): Promise<void> {
    this.#starting ??= this.#spawn()
    try {
      this.#url = await this.#starting
    } catch (error) {
      this.#starting = null
      throw error
    }
  }

  async stop(): Promise<void> {
    const child = this.#child
    this.#child = null
    this.#starting = null
    this.#url = null
    // The node writes its state before it ends; a node that hangs is not waited for.
    await endProcess(child, 'SIGTERM', 5000)
  }

  #spawn(): Promise<string> {
    const { port, stateFile } = this.#options
    const child = spawn(
      anvilBinary(),
      [
        ...['--host', '127.0.0.1', '--port', String(port), '--chain-id', String(this.chainId)],
        ...['--hardfork', 'london', '--gas-price', '0', '--block-base-fee-per-gas', '0'],
        ...['--accounts', '1', '--threads', '1', '--no-cors', '--color', 'never'],
        ...(stateFile ? ['--state', stateFile] : []),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    )
    this.#child = child
    // A process that ends without stopping its parts leaves no node behind.
    const kill = () => child.kill('SIGKILL')
    process.once('exit', kill)
    return new Promise((resolve, reject) => {
      let output = ''
      const read = (chunk: Buffer) => {
        // The node logs for as long as it runs. Reading keeps it from blocking; lines are kept no longer than needed.
        if (this.#url !== null || output.length > 100_000) return
        output += chunk.toString()
        const listening = /Listening on ([\d.]+:\d+)/.exec(output)?.[1]
        if (listening) resolve(`http://${listening}`)
      }
      child.stdout?.on('data', read)
      child.stderr?.on('data', read)
      child.once('error', (cause) => reject(notStarted(cause.message, cause)))
      child.once('exit', (code) => {
        process.off('exit', kill)
        const busy = /address (already )?in use/i.test(output)
        reject(
          busy
            ? new HomebeatError('chain.port', `Port ${port} is in use: end what listens there, or use --port 0.`)
            : notStarted(`it ended with ${code}: ${output.trim().split('\n').at(-1) ?? ''}`),
        )
      })
    })
  }
}

/** The platform's binary itself: its JavaScript wrapper would leave an orphan when it is killed. */
function anvilBinary(): string {
  const system = { linux: 'linux', darwin: 'darwin', win32: 'win32' }[process.platform as string]
  const cpu = { x64: 'amd64', arm64: 'arm64' }[process.arch as string]
  try {
    const manifest = createRequire(import.meta.url).resolve(`@foundry-rs/anvil-${system}-${cpu}/package.json`)
    const binary = join(dirname(manifest), 'bin', process.platform === 'win32' ? 'anvil.exe' : 'anvil')
    if (existsSync(binary)) return binary
  } catch {
    // Said below.
  }
  throw new HomebeatError(
    'chain.no-anvil',
    `There is no anvil for ${process.platform} ${process.arch}: run npm ci with its optional dependencies, or use an existing chain.`,
  )
}

function notStarted(why: string, cause?: unknown): HomebeatError {
  return new HomebeatError('chain.not-started', `The simulated chain did not start: ${why}`, { cause })
}
