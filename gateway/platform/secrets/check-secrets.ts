/** Looks at every secret file that a configuration names, before anything starts. */
import { resolve } from 'node:path'
import { type ConfigProblem, refusalOf } from '#gateway/platform/config-grammar.js'
import { HomebeatError } from '#gateway/platform/errors.js'
import { parseWebhookSecret } from '#gateway/platform/net/webhook-signature.js'
import { readSecret } from './secret-file.js'

export interface SecretUse {
  readonly path: readonly PropertyKey[]
  /** As the configuration names it. */
  readonly file: string
  /** What belongs there and who issues it, e.g. `the bearer token of the FHIR target care, one line, issued by …`. */
  readonly holds: string
  /** `line` where left out. `webhook`: `whsec_` and base64. */
  readonly form?: 'line' | 'webhook'
}

/** @returns a problem for each file that is missing, empty, open to other users, or holds what cannot be the secret */
export function secretProblems(baseDir: string, uses: readonly SecretUse[]): ConfigProblem[] {
  return uses.flatMap(({ path, file, holds, form }) => {
    const message = refusalOf(() => checkSecret(resolve(baseDir, file), form))
    return message === null ? [] : [{ path, message: `${message.replace(/[.]$/, '')}. It holds ${holds}.` }]
  })
}

/** @throws HomebeatError `config.secrets`, a line for each problem */
export function refuseSecrets(problems: readonly ConfigProblem[]): void {
  if (problems.length > 0) throw new HomebeatError('config.secrets', problems.map(({ message }) => message).join('\n'))
}

function checkSecret(path: string, form: SecretUse['form'] = 'line'): void {
  const text = readSecret(path)
  const wrong = (what: string) => new HomebeatError('secret.content', `The secret file ${path} holds ${what}`)
  if (/[\0\uFFFD]/.test(text)) throw wrong('bytes that are no text')
  if (text.includes('-----BEGIN')) throw wrong('a key or certificate in PEM, which belongs elsewhere')
  if (isPlaceholder(text)) throw wrong('a placeholder: write the real secret into it')
  if (/[\r\n]/.test(text)) throw wrong('more than one line')
  if (form === 'webhook') parseWebhookSecret(text, path)
}

const WORDS = 'token|password|passwd|passwort|passphrase|secret|key|api-?key|bearer|credential'
const PLACEHOLDERS = [
  /^(change|replace|fill|insert|paste|put|enter|set|edit|add|write)[-_ ]?(me|it|this|here|your.*)[-_ !.]*$/,
  new RegExp(`^(your|my|the|an?|some|example|sample|dummy|test)([-_ ]\\w+){0,2}[-_ ](${WORDS})([-_ ]?here)?$`),
  new RegExp(`^(${WORDS})([-_ ]?(here|goes[-_ ]here|1|12|123|1234))?$`),
  /^(whsec_|bearer )?(\$?[<[{(%].*[>\]})%]|x{3,}|\*{3,}|\.{3,}|…|_{3,}|-{3,}|your.*|change.*)$/,
  /^(to-?do|tbd|fixme|placeholder|example|sample|dummy|default|none|null|undefined|n\/a|foo|bar|foobar)$/,
  /^(admin|root|letmein|qwerty|passw0rd|p@ssw0rd|12345678?9?0?)$/,
  // The examples of Standard Webhooks and RFC 6750.
  /^(whsec_mfkq9r8gkyqrtwjupd8ilpzio2lalasw|mf_9\.b5f-4\.1jqm)$/,
]

/** Whether a text stands where a secret shall be written, or is one that everybody knows. */
export function isPlaceholder(text: string): boolean {
  const low = text.trim().toLowerCase()
  return PLACEHOLDERS.some((pattern) => pattern.test(low))
}
