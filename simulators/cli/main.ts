#!/usr/bin/env node
/** `homebeat simulate` as a program of its own: `node dist/simulators/cli/main.js <verb> …`. */
import { endInOneLine } from '#gateway/surfaces/cli/exit.js'
import { runProgram } from './program.js'

endInOneLine()
const code = await runProgram(process.argv.slice(2))
// A verb may have told of its failure by itself, and set the exit code. Then nothing is left to do, but standard input,
// once read, would keep the process.
process.exit(code || process.exitCode)
