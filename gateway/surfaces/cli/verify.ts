import { constants, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Command } from 'commander'
import { loadConfig } from '#gateway/config/load.js'
import { openJournalReader } from '#gateway/journal/sqlite/journal-reader.js'
import type { VerifiableRecord } from '#gateway/model/batch.js'
import { type VerifyReport, verifyRecord } from '#gateway/outbound/batches/verify.js'
import { EthersLedger, ledgerOf } from '#gateway/outbound/chain/ethers-ledger.js'
import { httpUrl } from '#gateway/platform/config-grammar.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { reachOf } from '#gateway/platform/net/reach.js'
import { isWithoutChain } from '#gateway/proofs/joining.js'
import { MAX_RECORD_BYTES, parseRecord, recordOf } from '#gateway/proofs/record.js'
import { EXIT, reportError, verb } from './exit.js'
import { CONFIG_OPTION } from './options.js'

interface VerifyOptions {
  readonly config: string
  readonly rpc?: string
  readonly contract?: string
  readonly chainId?: string
  readonly save?: string
  readonly json?: boolean
  readonly strict?: boolean
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'prove that an Observation is unaltered, signed and on the chain, and that no batch before it is missing (exit code 3: it is not so)',
    )
    .argument('<record>', "an Observation's identifier, looked up in this gateway's journal, or a record file")
    .addOption(CONFIG_OPTION())
    .option('--rpc <url>', 'ask this JSON-RPC endpoint instead of those of the configuration')
    .option(
      '--contract <address>',
      "with --rpc: the consortium's AnchorRegistry that you trust (no configuration needed)",
    )
    .option('--chain-id <number>', "with --contract: the consortium's chain id")
    .option('--save <file>', 'also write the record, for somebody who verifies it elsewhere')
    .option('--strict', 'also refuse a record that holds anything which the signature does not cover')
    .option('--json', 'print one JSON object')
    .action(verb(verify))
}

async function verify(what: string, options: VerifyOptions): Promise<void> {
  let record: VerifiableRecord
  try {
    record = existsSync(what) ? readRecord(what) : findRecord(what, options.config)
  } catch (error) {
    if (!(error instanceof HomebeatError && error.code.startsWith('record.'))) throw error
    reportError(error)
    process.exitCode = EXIT.notVerified
    return
  }
  if (options.save !== undefined) save(options.save, record)
  const ledger = trustedChain(options, record)
  let report: VerifyReport
  try {
    report = await verifyRecord(record, ledger, options)
  } finally {
    ledger?.close()
  }
  process.stdout.write(options.json ? `${JSON.stringify(report, null, 2)}\n` : describe(report))
  if (!report.ok) process.exitCode = EXIT.notVerified
}

function save(file: string, record: VerifiableRecord): void {
  try {
    // O_NONBLOCK: a pipe that nobody reads would hold the process for ever.
    const flag = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NONBLOCK
    writeFileSync(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600, flag: flag as never })
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException
    throw new HomebeatError('usage.save', `${file} cannot be written (${code}): name a file in a folder of yours.`, {
      cause,
    })
  }
}

/**
 * What the verifier trusts never comes from the record: it is the configuration's chain, or what the options name. Null
 * where none is named and none need be asked: the record was signed without one, and nothing joins it to one.
 */
function trustedChain(
  { config, rpc, contract, chainId }: VerifyOptions,
  record: VerifiableRecord,
): EthersLedger | null {
  if (rpc !== undefined && !httpUrl.safeParse(rpc).success)
    throw new HomebeatError('usage.verify-options', `--rpc is the http:// or https:// URL of a node, not "${rpc}".`)
  if (contract === undefined && chainId === undefined) {
    const {
      config: { chain, proxy },
      baseDir,
    } = loadConfig(config)
    if (!chain && rpc === undefined && isWithoutChain(record.domain) && !record.joined) return null
    if (!chain)
      throw new HomebeatError(
        'usage.verify-options',
        `${config} names no chain that could be asked: to name one, give --rpc URL, --contract ADDRESS and --chain-id NUMBER.`,
      )
    return ledgerOf({ ...chain, ...(rpc !== undefined && { endpoints: [rpc] }) }, reachOf({ proxy, baseDir }), baseDir)
  }
  if (rpc === undefined || !/^0x[0-9a-fA-F]{40}$/.test(contract ?? '') || !/^[1-9]\d{0,15}$/.test(chainId ?? '')) {
    throw new HomebeatError(
      'usage.verify-options',
      'To verify without a configuration give all three: --rpc URL, --contract ADDRESS and --chain-id NUMBER.',
    )
  }
  return new EthersLedger({ endpoints: [rpc], contract: contract as string, chainId: Number(chainId) })
}

function readRecord(file: string): VerifiableRecord {
  const found = statSync(file)
  if (!found.isFile() || found.size > MAX_RECORD_BYTES)
    throw new HomebeatError(
      found.isFile() ? 'record.too-large' : 'record.not-a-file',
      `${file} is not a record: give a file that \`homebeat verify --save\` wrote.`,
    )
  return parseRecord(readFileSync(file, 'utf8'))
}

function findRecord(identifier: string, configFile: string): VerifiableRecord {
  const journal = openJournalReader(join(loadConfig(configFile).dataDir, 'journal.db'))
  try {
    const number = journal.measurements.batchOf(identifier)
    const batch = number === null ? null : journal.batches.byNumber(number)
    if (batch?.leafHashes && !batch.leaves.some((leaf) => leaf.identifier === identifier))
      throw batch.purged
        ? new HomebeatError(
            'verify.purged',
            `${identifier} was kept long enough and has left this gateway (batch ${number}): verify the record that was given out, homebeat verify FILE.`,
          )
        : new HomebeatError(
            'journal.altered',
            `${identifier} does not open any more, its row in batch ${number} was altered: verify the record that was given out, homebeat verify FILE.`,
          )
    if (batch)
      return recordOf(
        batch,
        identifier,
        isWithoutChain(batch.domain) ? journal.batches.joining(batch.header.number) : null,
      )
    throw journal.measurements.has(identifier)
      ? new HomebeatError(
          'verify.not-batched',
          `${identifier} is stored, but its batch is not closed yet: try again after the next batch.`,
        )
      : new HomebeatError(
          'verify.not-found',
          `There is no file and no Observation called ${identifier}: give a record file, or an Observation's identifier as the FHIR server shows it (what was kept long enough has left this gateway).`,
        )
  } finally {
    journal.close()
  }
}

function describe(report: VerifyReport): string {
  const width = Math.max(...report.steps.map((step) => step.name.length))
  return `${[
    ...report.steps.map((step) => `${step.ok ? 'ok  ' : 'FAIL'} ${step.name.padEnd(width)}  ${step.detail}`),
    `${report.ok ? 'Proved' : 'Says'}: ${report.says}`,
    ...(report.unsigned.length > 0 ? [`Not covered by the signature: ${report.unsigned.join(', ')}`] : []),
    report.ok
      ? `Verified: what is signed is unaltered, signed by ${report.gateway}, ${wayOf(report)}.`
      : `Not verified: ${report.reason}`,
  ].join('\n')}\n`
}

function wayOf({ batch, anchoredBy, blockTime }: VerifyReport): string {
  return anchoredBy === batch
    ? `anchored as batch ${batch}`
    : `signed at home as batch ${batch}, and anchored by batch ${anchoredBy}, which joined the chain: proved to exist since ${new Date(blockTime ?? Number.NaN).toISOString()}, not since its own period`
}
