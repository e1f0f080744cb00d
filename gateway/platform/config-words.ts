/** What is wrong with one value of a configuration, in plain words instead of the schema library's. */
import type { z } from 'zod'
import type { ConfigProblem } from './config-grammar.js'
import { didYouMean, orList } from './did-you-mean.js'
import { schemaWords, TYPES } from './schema-words.js'

const nounOf = (value: unknown): string => {
  if (value === null || value === undefined) return 'empty'
  return (Array.isArray(value) ? TYPES['array'] : TYPES[typeof value]) ?? 'something else'
}

/** The message of one issue while it is parsed, where its schema has none of its own: as `schemaWords`, and what was meant. */
export function wordsOf(issue: z.core.$ZodRawIssue): string {
  const { code, input } = issue
  switch (code) {
    case 'invalid_type': {
      if (input === undefined) return schemaWords(issue)
      const isFraction = typeof input === 'number' && (issue.expected as string) === 'int'
      return `${schemaWords(issue)}, not ${isFraction ? input : nounOf(input)}`
    }
    case 'invalid_value':
      if (typeof input !== 'string') return schemaWords(issue)
      return `is none of what may stand here${didYouMean(input, issue.values.map(String))}`
    // The known keys: `problemsOf` makes a line of each key that is not one of them.
    case 'unrecognized_keys':
      return Object.keys((issue.inst as z.ZodObject | undefined)?.shape ?? {}).join(' ')
    case 'invalid_union': {
      const { options = [], discriminator = '' } = (issue.inst as z.ZodDiscriminatedUnion | undefined)?.def ?? {}
      const values = options.flatMap((option) => (option as z.ZodObject).shape?.[discriminator]?.def?.values ?? [])
      const given = (input as Record<string, unknown> | undefined)?.[discriminator]
      if (typeof given === 'string') return `is none of what may stand here${didYouMean(given, values)}`
      return `${given === undefined ? 'is missing: give' : 'must be'} ${orList(values)}`
    }
    default:
      return schemaWords(issue)
  }
}

/** @returns a problem for each issue, and for each key that is not known */
export function problemsOf(issues: readonly z.core.$ZodIssue[], above: readonly PropertyKey[] = []): ConfigProblem[] {
  return issues.flatMap((issue): ConfigProblem | ConfigProblem[] => {
    const path = [...above, ...issue.path]
    const { message } = issue
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => ({
        path: [...path, key],
        message: `no such key${didYouMean(key, message.split(' ').filter(Boolean))}`,
      }))
    if (issue.code === 'invalid_union' && issue.errors.length > 0) {
      // The form that was meant: the one that is wrong only further in.
      const meant = issue.errors.find((form) => form.every((one) => one.path.length > 0))
      if (meant) return problemsOf(meant, path)
      const forms = [...new Set(issue.errors.flatMap((form) => form.slice(0, 1).map((one) => one.message)))]
      return { path, message: forms.join(', or ') }
    }
    const missing = issue.code === 'custom' && (issue.params?.['missing'] as ConfigProblem['missing'])
    return { path, message, ...(missing && { missing }) }
  })
}
