/**
 * Compiles the contracts with solc-js: `npm run contracts:build` writes `artifacts/`, which is committed, so that
 * nothing but this command needs a compiler. The same sources give the same bytes on any machine.
 */
import { mkdirSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** What is deployed; the other sources are parts and interfaces of these. */
export const CONTRACTS = ['AnchorRegistry', 'ConsentRegistry', 'Consortium', 'RecordRegistry'] as const
export type ContractName = (typeof CONTRACTS)[number]

export interface Artifact {
  readonly contractName: ContractName
  readonly compiler: string
  readonly abi: readonly object[]
  /** Creation bytecode, 0x hex. */
  readonly bytecode: string
}

interface SolcOutput {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: Record<string, Record<string, { abi: object[]; evm: { bytecode: { object: string } } }>>
}

/** solc-js ships no types. */
interface Solc {
  version(): string
  compile(input: string, callbacks: { import: (path: string) => { contents: string } | { error: string } }): string
}

const here = dirname(fileURLToPath(import.meta.url))
const require = createRequire(import.meta.url)

/** Any error or warning of the compiler is an error here. @returns in the order of CONTRACTS */
export function compileContracts(sourceFolder = join(here, 'src')): Artifact[] {
  const solc = require('solc') as Solc
  const sources = readdirSync(sourceFolder).filter((name) => name.endsWith('.sol'))
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(
      sources.map((name) => [`src/${name}`, { content: readFileSync(join(sourceFolder, name), 'utf8') }]),
    ),
    settings: {
      evmVersion: 'london',
      optimizer: { enabled: true, runs: 200 },
      // Without the metadata's hash a changed comment does not change the bytecode.
      metadata: { bytecodeHash: 'none' },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const library = (path: string) => ({ contents: readFileSync(require.resolve(path), 'utf8') })
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: library })) as SolcOutput
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'))
  return CONTRACTS.map((name) => {
    const contract = output.contracts?.[`src/${name}.sol`]?.[name]
    if (!contract) throw new Error(`The compiler gave no ${name}: check contracts/src.`)
    const bytecode = `0x${contract.evm.bytecode.object}`
    return { contractName: name, compiler: solc.version(), abi: contract.abi, bytecode }
  })
}

export const artifactText = (artifact: Artifact): string => `${JSON.stringify(artifact, null, 2)}\n`

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  mkdirSync(join(here, 'artifacts'), { recursive: true })
  for (const artifact of compileContracts()) {
    const file = join(here, 'artifacts', `${artifact.contractName}.json`)
    writeFileSync(file, artifactText(artifact))
    process.stdout.write(`${file}\n`)
  }
}
