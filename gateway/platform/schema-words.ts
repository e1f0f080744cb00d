/** What zod says of a value that does not fit, in words for people. A schema's own message goes before. */
import { z } from 'zod'

/** What a value of a type is called; also by the name that `typeof` has for it. */
export const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a group of keys',
  record: 'a group of keys',
  null: 'nothing',
}
const UNITS: Readonly<Record<string, string>> = { string: ' characters', array: ' entries', set: ' entries' }

/** What a schema complains of, with what was given. */
type Complaint = Parameters<NonNullable<Parameters<typeof z.config>[0]>['localeError'] & {}>[0]

/** @returns a phrase that follows the value's place, e.g. `must be a number` */
export function schemaWords(issue: Complaint): string {
  switch (issue.code) {
    case 'invalid_type': {
      const expected = TYPES[issue.expected] ?? 'of another kind'
      return issue.input === undefined ? `is missing: give ${expected}` : `must be ${expected}`
    }
    case 'invalid_value':
      return `must be ${issue.values.length > 1 ? 'one of ' : ''}${issue.values.map(String).join(', ')}`
    case 'too_small':
      if (issue.origin === 'string' && issue.minimum === 1) return 'must not be empty'
      return `must ${bound(issue.origin, issue.inclusive ? 'at least' : 'more than', issue.minimum)}`
    case 'too_big':
      return `must ${bound(issue.origin, issue.inclusive ? 'at most' : 'less than', issue.maximum)}`
    case 'not_multiple_of':
      return `must be a multiple of ${issue.divisor}`
    case 'unrecognized_keys':
      return `has keys that are not known: ${issue.keys.join(', ')}; check their spelling`
    case 'invalid_format':
      return issue.pattern ? `must be written as ${issue.pattern}` : `must be written as a ${issue.format}`
    case 'invalid_union':
      return 'has none of the forms that it may have'
    default:
      return 'is not right'
  }
}

const bound = (origin: string, word: string, count: number | bigint): string =>
  origin in UNITS ? `have ${word} ${count}${UNITS[origin]}` : `be ${word} ${count}`

z.config({ localeError: schemaWords })
