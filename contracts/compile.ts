/**
 * Compiles the contracts with solc-js: `npm run contracts:build` writes `artifacts/`, which is committed, so that
 * nothing but this command needs a compiler. The same sources give the same bytes on any machine.
 */
import { mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface Artifact {
  readonly contractName: string
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
  compile(input: string): string
}

const here = dirname(fileURLToPath(import.meta.url))
const SOURCES = ['IAnchorRegistry.sol', 'AnchorRegistry.sol']

/** Compiles `AnchorRegistry`. Any error or warning of the compiler is an error here. */
export function compileAnchorRegistry(sourceFolder = join(here, 'src')): Artifact {
  const solc = createRequire(import.meta.url)('solc') as Solc
  const input = {
    language: 'Solidity',
    sources: Object.fromEntries(
      SOURCES.map((name) => [`src/${name}`, { content: readFileSync(join(sourceFolder, name), 'utf8') }]),
    ),
    settings: {
      evmVersion: 'london',
      optimizer: { enabled: true, runs: 200 },
      // Without the metadata's hash a changed comment does not change the bytecode.
      metadata: { bytecodeHash: 'none' },
      outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
    },
  }
  const output = JSON.parse(solc.compile(JSON.stringify(input))) as SolcOutput
  if (output.errors?.length) throw new Error(output.errors.map((error) => error.formattedMessage).join('\n'))
  const contract = output.contracts?.['src/AnchorRegistry.sol']?.['AnchorRegistry']
  if (!contract) throw new Error('The compiler gave no AnchorRegistry: check contracts/src.')
  return {
    contractName: 'AnchorRegistry',
    compiler: solc.version(),
    abi: contract.abi,
    bytecode: `0x${contract.evm.bytecode.object}`,
  }
}

export const artifactText = (artifact: Artifact): string => `${JSON.stringify(artifact, null, 2)}\n`

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const file = join(here, 'artifacts', 'AnchorRegistry.json')
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, artifactText(compileAnchorRegistry()))
  process.stdout.write(`${file}\n`)
}
