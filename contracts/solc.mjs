#!/usr/bin/env node
/** solc-js with the command line that forge expects of a native solc: `--version` and `--standard-json`. */
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const solc = createRequire(import.meta.url)('solc')
if (process.argv.includes('--standard-json')) process.stdout.write(solc.compile(readFileSync(0, 'utf8')))
else process.stdout.write(`solc, the solidity compiler commandline interface\nVersion: ${solc.version()}\n`)
