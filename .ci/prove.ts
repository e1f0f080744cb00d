/** `npm run proof -- NAME…`: runs proofs of `.ci/proofs.ts` and writes their pages. */
import { join } from 'node:path'
import { PROOFS } from './proofs.js'
import { writeProof } from './write-proof.js'

const names = process.argv.slice(2)
const wrong = names.filter((name) => !PROOFS.some((proof) => proof.name === name))
if (names.length === 0 || wrong.length > 0) {
  const known = PROOFS.map(({ name, shows }) => `  ${name}  ${shows}`).join('\n')
  console.error(`${wrong.length > 0 ? `No proof ${wrong.join(', ')}. ` : ''}Name one or more of:\n${known}`)
  process.exit(2)
}
for (const proof of PROOFS.filter(({ name }) => names.includes(name))) {
  const failure = await writeProof(proof, join(import.meta.dirname, '..'), (line) => console.log(line))
  if (failure) {
    console.error(failure)
    process.exitCode = 1
  }
}
