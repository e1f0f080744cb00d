/**
 * Five geth validators (Clique, 2 s blocks, London) on loopback: a permissioned network with real consensus, in which
 * blocks are replaced and validators die. Needs Go once, to build geth; each process is ended by its id.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import { type HDNodeWallet, Wallet } from 'ethers'
import { leaveNone } from '#simulators/faults/children.js'
import { buildGeth, missingForGeth } from './geth-build.js'

const VALIDATORS = 5
const CHAIN_ID = 424_242
const PERIOD_S = 2
const START_MS = 180_000
/** Validators agree within 15 s, within a minute on a busy machine, or never. */
const AGREE_MS = 120_000
const ATTEMPTS = 3

const run = promisify(execFile)

export interface GethNetwork {
  /** JSON-RPC URLs, one a validator. */
  readonly endpoints: readonly string[]
  readonly chainId: number
  /** Private key of an account with coin. */
  readonly fundedKey: string
  /** kill -9. */
  kill(index: number): Promise<void>
  /** Starts it again on its own data; resolves when it answers. */
  restart(index: number): Promise<void>
  /** Resolves when every running validator has the same block at the same height, `blocks` further than now. */
  agree(blocks?: number): Promise<void>
  stop(): Promise<void>
}

/** Call in a `before` hook: counts the tests as skipped, with the reason in the title, where geth cannot be had. */
export async function requireGeth(test: Mocha.Context): Promise<void> {
  const missing = await missingForGeth()
  if (missing === null) return
  const suite = test.runnable().parent
  if (suite) suite.title += ` (skipped: ${missing})`
  test.skip()
}

interface Validator {
  readonly home: string
  readonly signer: HDNodeWallet
  readonly nodeKey: HDNodeWallet
  readonly p2p: number
  readonly rpc: number
  readonly auth: number
  child: ChildProcess | null
}

/** Builds geth when needed, starts the network, resolves when all five agree on one chain (about 15 s). */
export async function startGethNetwork(): Promise<GethNetwork> {
  const geth = await buildGeth()
  return untilAgreed(
    () => startOnce(geth),
    (line) => console.log(line),
  )
}

/** The validators seal, and stay on several chains. */
export class NoAgreement extends Error {}

/** Validators that do not come to one chain never do later: then another network is started, and that is said. */
export async function untilAgreed<Network>(
  start: () => Promise<Network>,
  say: (line: string) => void,
): Promise<Network> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start()
    } catch (error) {
      if (!(error instanceof NoAgreement) || attempt === ATTEMPTS) throw error
      say(`geth: network ${attempt} of at most ${ATTEMPTS} is given up and started anew: ${error.message}`)
    }
  }
}

async function startOnce(geth: string): Promise<GethNetwork> {
  const folder = mkdtempSync(join(tmpdir(), 'homebeat-geth-'))
  const ports = await freePorts(3 * VALIDATORS)
  const validators = Array.from({ length: VALIDATORS }, (_, i): Validator => {
    const [p2p = 0, rpc = 0, auth = 0] = ports.slice(3 * i)
    const wallets = { signer: Wallet.createRandom(), nodeKey: Wallet.createRandom() }
    return { home: join(folder, `validator-${i}`), ...wallets, p2p, rpc, auth, child: null }
  })
  const funded = Wallet.createRandom()
  const at = (index: number) => validators[index] as Validator
  const network: GethNetwork = {
    endpoints: validators.map(url),
    chainId: CHAIN_ID,
    fundedKey: funded.privateKey,
    kill: (index) => end(at(index)),
    async restart(index) {
      launch(geth, at(index))
      await sealTogether([at(index)], validators.filter(({ child }) => child).length - 1)
    },
    agree: (blocks = 1) => agree(validators, blocks),
    async stop() {
      await Promise.all(validators.map(end))
      rmSync(folder, { recursive: true, force: true })
    },
  }
  try {
    const genesis = join(folder, 'genesis.json')
    writeFileSync(genesis, JSON.stringify(genesisOf(validators, funded.address)))
    await Promise.all(validators.map((validator) => prepare(geth, genesis, validator, validators)))
    for (const validator of validators) launch(geth, validator)
    await sealTogether(validators, VALIDATORS - 1)
    await network.agree(3)
    return network
  } catch (error) {
    const logs = validators.map(readLog).join('\n\n')
    await network.stop()
    if (error instanceof NoAgreement) throw error
    throw new Error(`the geth network did not start: ${(error as Error).message}\n${logs}`, { cause: error })
  }
}

/**
 * Sealing begins when each has all its peers. A validator that seals alone makes a block 1 of its own; five of those
 * have once left every validator waiting for the others ("signed recently"), each on a chain of its own.
 */
async function sealTogether(validators: readonly Validator[], peers: number): Promise<void> {
  for (const validator of validators)
    await until(
      async () => Number(await ask(validator, 'net_peerCount', [])) >= peers,
      () => new Error(`a validator has not found its ${peers} peers`),
    )
  await Promise.all(validators.map((validator) => ask(validator, 'miner_start', [])))
}

function genesisOf(validators: readonly Validator[], funded: string) {
  const forks = ['homestead', 'eip150', 'eip155', 'eip158', 'byzantium', 'constantinople', 'petersburg', 'istanbul']
  const signers = validators.map((validator) => hex(validator.signer.address)).sort()
  return {
    config: {
      chainId: CHAIN_ID,
      // London and nothing later: Clique with Shanghai halts.
      ...Object.fromEntries([...forks, 'berlin', 'london'].map((fork) => [`${fork}Block`, 0])),
      clique: { period: PERIOD_S, epoch: 30_000 },
    },
    difficulty: '1',
    gasLimit: '30000000',
    baseFeePerGas: '0x0',
    // Clique: 32 bytes of vanity, the signers in ascending order, 65 bytes for the seal.
    extradata: `0x${'00'.repeat(32)}${signers.join('')}${'00'.repeat(65)}`,
    alloc: { [hex(funded)]: { balance: `0x${(10n ** 30n).toString(16)}` } },
  }
}

async function prepare(geth: string, genesis: string, own: Validator, all: readonly Validator[]): Promise<void> {
  const file = (name: string) => join(own.home, name)
  const others = all.filter((validator) => validator !== own)
  mkdirSync(file('geth'), { recursive: true })
  writeFileSync(file('geth/nodekey'), hex(own.nodeKey.privateKey), { mode: 0o600 })
  writeFileSync(file('signer.key'), hex(own.signer.privateKey), { mode: 0o600 })
  writeFileSync(file('password'), 'for tests only', { mode: 0o600 })
  writeFileSync(file('config.toml'), `[Node.P2P]\nStaticNodes = ${JSON.stringify(others.map(enode))}\n`)
  const account = ['account', 'import', '--lightkdf', '--password', file('password'), file('signer.key')]
  await run(geth, ['--datadir', own.home, ...account], { timeout: START_MS })
  await run(geth, ['--datadir', own.home, 'init', genesis], { timeout: START_MS })
}

function launch(geth: string, validator: Validator): void {
  const { home, signer, p2p, rpc, auth } = validator
  const file = (name: string) => join(home, name)
  const log = openSync(file('log'), 'a')
  const child = leaveNone(
    spawn(
      geth,
      [
        ...['--datadir', home, '--config', file('config.toml'), '--networkid', String(CHAIN_ID)],
        ...['--port', String(p2p), '--nodiscover', '--nat', 'none', '--netrestrict', '127.0.0.0/8'],
        // `miner` starts the sealing: for tests alone, on loopback alone.
        ...[
          '--http',
          '--http.addr',
          '127.0.0.1',
          '--http.port',
          String(rpc),
          '--http.api',
          'eth,net,web3,clique,miner',
        ],
        ...['--authrpc.addr', '127.0.0.1', '--authrpc.port', String(auth), '--ipcdisable'],
        ...['--unlock', signer.address, '--password', file('password'), '--allow-insecure-unlock'],
        // 0 would silently be replaced by 1 gwei.
        ...['--miner.etherbase', signer.address, '--miner.gasprice', '1', '--txpool.pricelimit', '1'],
        ...['--syncmode', 'full', '--gcmode', 'archive', '--cache', '64'],
      ],
      { stdio: ['ignore', log, log] },
    ),
  )
  closeSync(log)
  validator.child = child
}

async function end(validator: Validator): Promise<void> {
  const { child } = validator
  validator.child = null
  if (!child || child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await ended
}

async function agree(validators: readonly Validator[], blocks: number): Promise<void> {
  const alive = validators.filter((validator) => validator.child)
  const heights = async () => Promise.all(alive.map(async (validator) => (await blockNumber(validator)) ?? -1))
  const target = Math.max(0, ...(await heights())) + blocks
  let hashes: (string | null)[] = []
  await until(
    async () => {
      const lowest = Math.min(...(await heights()))
      if (lowest < target) return false
      hashes = await Promise.all(alive.map((validator) => blockHash(validator, lowest)))
      return hashes[0] !== null && new Set(hashes).size === 1
    },
    () => new NoAgreement(`the validators have ${new Set(hashes).size} chains and do not reach block ${target} on one`),
    AGREE_MS,
  )
}

async function until(condition: () => Promise<boolean>, otherwise: () => Error, patienceMs = START_MS): Promise<void> {
  const deadline = performance.now() + patienceMs
  while (!(await condition())) {
    if (performance.now() > deadline) throw otherwise()
    await pause(250)
  }
}

async function ask(validator: Validator, method: string, params: unknown[]): Promise<unknown> {
  try {
    const response = await fetch(url(validator), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }),
      signal: AbortSignal.timeout(5000),
    })
    return ((await response.json()) as { result?: unknown }).result ?? null
  } catch {
    return null // The validator does not listen yet, or not any more.
  }
}

async function blockNumber(validator: Validator): Promise<number | null> {
  const answer = await ask(validator, 'eth_blockNumber', [])
  return answer === null ? null : Number(answer)
}

async function blockHash(validator: Validator, number: number): Promise<string | null> {
  const block = await ask(validator, 'eth_getBlockByNumber', [`0x${number.toString(16)}`, false])
  return (block as { hash: string } | null)?.hash ?? null
}

/** All ports are held at once, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, () => {
      return new Promise<Server>((resolve, reject) => {
        const server = createServer()
        server.once('error', reject)
        server.listen(0, '127.0.0.1', () => resolve(server))
      })
    }),
  )
  const ports = servers.map((server) => (server.address() as { port: number }).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

function readLog(validator: Validator): string {
  try {
    return readFileSync(join(validator.home, 'log'), 'utf8').split('\n').slice(-20).join('\n')
  } catch {
    return ''
  }
}

const url = (validator: Validator) => `http://127.0.0.1:${validator.rpc}`
const hex = (text: string) => text.slice(2).toLowerCase()
const enode = ({ nodeKey, p2p }: Validator) => `enode://${nodeKey.signingKey.publicKey.slice(4)}@127.0.0.1:${p2p}`
