/** Run by `.ci/run` once the packages are there; its argument is how many seconds have gone. */
import { join } from 'node:path'
import { PROOFS } from './proofs.js'
import { runSteps } from './run-steps.js'
import { staleness } from './staleness.js'
import { STEPS } from './steps.js'

const root = join(import.meta.dirname, '..')
const begun = performance.now() - Number(process.argv[2] ?? 0) * 1000
const say = (line: string) => console.log(line)
const { passed, failed, skipped } = await runSteps(STEPS, { root, say, elapsed: () => performance.now() - begun })
for (const line of PROOFS.flatMap((proof) => staleness(proof, root) ?? [])) say(line)
say(`${passed} passed, ${failed} failed, ${skipped} skipped`)
process.exitCode = failed > 0 || passed === 0 ? 1 : 0
